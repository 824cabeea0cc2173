"""What ships with the program: the backbone `sky` and the starter model, checked before use."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from cluster_core.errors import BackboneError
from cluster_core.model.bundle import load_bundle
from cluster_core.model.converted import ConvertedBackbone
from cluster_core.model.registry import SKY_BACKBONE

ASSETS = Path(__file__).parents[1] / "assets"
SKY_WEIGHTS = "sky_backbone.npz"
SKY_RECORD = "sky_backbone.json"
STARTER = "starter"
REHEARSAL = "sky_rehearsal.npz"


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
    _check(path, load_sky_record(assets).weights_file_sha256)
    return path


def load_rehearsal(assets: Path = ASSETS) -> tuple[np.ndarray, np.ndarray]:
    """Return what the starter model has learned from, as features of simulated clusters.

    Returns
    -------
    features : ndarray of float32, (n_pictures, n_features)
    classes : ndarray of int, (n_pictures,)
        Index of each picture's label among the starter's.

    Raises
    ------
    BackboneError, BundleError
        The file is missing or was altered.
    """
    path = assets / REHEARSAL
    _check(path, load_bundle(assets / STARTER).dataset["rehearsal_sha256"])
    with np.load(path, allow_pickle=False) as arrays:
        return arrays["features"].astype(np.float32), arrays["labels"].astype(int)


def _check(path: Path, sha256: str) -> None:
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _not_whole(path)


def _not_whole(path: Path) -> BackboneError:
    return BackboneError(
        f"The file {path}, which ships with the program, is missing or was altered: install the "
        "program again.",
        name=SKY_BACKBONE.name,
    )
