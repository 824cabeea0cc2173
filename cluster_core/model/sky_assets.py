"""The files of the backbone `sky`, checked before they are used."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cluster_core.errors import BackboneError

ASSETS = Path(__file__).parent.parent / "assets"
CHECKSUMS = "sky_sha256.json"
WEIGHTS = "sky_backbone.npz"
LITERT = "sky_backbone.tflite"
STARTER_HEAD = "sky_starter_head.npz"


def locate_asset(name: str, folder: Path = ASSETS) -> Path:
    """Return the path of a file that ships with the app, after checking that it is whole.

    Parameters
    ----------
    name : str
        `WEIGHTS`, `LITERT` or `STARTER_HEAD`.
    folder : Path
        Where the files lie.

    Raises
    ------
    BackboneError
        If the file or the list of checksums is missing, or the file was altered.
    """
    path = folder / name
    for needed in (path, folder / CHECKSUMS):
        if not needed.is_file():
            raise BackboneError(
                f"The backbone sky is not whole: {needed} is missing. Get the app's files again.",
                name="sky",
            )
    expected = json.loads((folder / CHECKSUMS).read_text()).get(name)
    if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
        raise BackboneError(
            f"The backbone sky is not whole: {path} was altered. Get the app's files again.",
            name="sky",
        )
    return path
