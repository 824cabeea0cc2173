"""What ships with the program: the backbone `sky` and the starter model, checked before use."""

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


def load_sky_record(assets: Path = ASSETS) -> ConvertedBackbone:
    """Return the shipped backbone as it was converted; it has no frozen graph.

    Raises
    ------
    BackboneError
        Its record is missing or was altered.
    """
    path = assets / SKY_RECORD
    try:
        return ConvertedBackbone(**json.loads(path.read_text()), folder=assets)
    except (OSError, ValueError, TypeError) as error:
        raise _not_whole(path) from error


def check_sky_weights(assets: Path = ASSETS) -> Path:
    """Return the file of the backbone's weights, if it is as it was shipped.

    Raises
    ------
    BackboneError
        The file is missing or was altered.
    """
    path = assets / SKY_WEIGHTS
    check_shipped_file(path, load_sky_record(assets).weights_file_sha256)
    return path


def check_shipped_file(path: Path, sha256: str) -> None:
    """Raise BackboneError unless a shipped file has the SHA-256 that is expected of it."""
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _not_whole(path)


def _not_whole(path: Path) -> BackboneError:
    return BackboneError(
        f"The file {path}, which ships with the program, is missing or was altered: install the "
        "program again.",
        name=SKY_BACKBONE.name,
    )
