"""Access the files that ship with the program, and verify them before use."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.registry import SKY_BACKBONE

ASSETS = Path(__file__).parents[2] / "assets"
SKY_WEIGHTS = "sky_backbone.npz"
SKY_RECORD = "sky_backbone.json"
STARTER = "starter"


def load_sky_record(assets: Path = ASSETS) -> ConvertedBackbone:
    """Return the shipped conversion of `sky`, which has no frozen graph.

    Parameters
    ----------
    assets : Path
        Folder of the shipped files.

    Raises
    ------
    BackboneError
        If its record is missing or malformed.
    """
    path = assets / SKY_RECORD
    try:
        return ConvertedBackbone(**json.loads(path.read_text()), folder=assets)
    except (OSError, ValueError, TypeError) as error:
        raise _make_error(path) from error


def check_sky_weights(assets: Path = ASSETS) -> Path:
    """Return the path of the weights of `sky`, after verifying their hash.

    Parameters
    ----------
    assets : Path
        Folder of the shipped files.

    Raises
    ------
    BackboneError
        If the file or its record is missing or was altered.
    """
    path = assets / SKY_WEIGHTS
    check_shipped_file(path, load_sky_record(assets).weights_file_sha256)
    return path


def check_shipped_file(path: Path, sha256: str) -> None:
    """Verify the SHA-256 of a shipped file.

    Raises
    ------
    BackboneError
        If the file is missing or was altered.
    """
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _make_error(path)


def _make_error(path: Path) -> BackboneError:
    return BackboneError(
        f"The file {path}, which ships with the program, is missing or was altered: install the "
        "program again.",
        name=SKY_BACKBONE.name,
    )
