"""Export trained arrays as the shipped assets: weights, LiteRT model, starter model."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np

from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.backbones.registry import SKY_BACKBONE
from cluster_core.model.backbones.shipped import STARTER
from cluster_core.model.backbones.sky import build_sky_model
from cluster_core.model.bundle.bundle import BackboneReference, ModelBundle
from cluster_core.model.bundle.folder import save_bundle
from cluster_core.model.bundle.starter import REHEARSAL
from cluster_core.model.head.head import Head
from cluster_core.storage.hashing import hash_file
from pretraining.shipping import compare, run_keras, ship_network

TOLERANCE = 1e-4
STARTER_HEAD = "sky_starter_head.npz"


def export_assets(trained: Path, assets: Path) -> dict[str, float]:
    """Write all assets, after checking that Keras and LiteRT reproduce PyTorch's features.

    Parameters
    ----------
    trained : Path
        Folder with `backbone.npz`, `reference.npz`, `sky_starter_head.npz` and
        `sky_rehearsal.npz`.
    assets : Path
        Folder for the assets, which is created if it does not exist.

    Returns
    -------
    dict
        Largest differences of features between frameworks, relative to the largest feature.

    Raises
    ------
    SystemExit
        If one of these is too large.
    """
    assets.mkdir(parents=True, exist_ok=True)
    model = build_sky_model()
    with np.load(trained / "reference.npz") as reference:
        pictures, features = reference["pixels"], reference["features"]
    _load_folded_weights(model, trained / "backbone.npz")
    difference = compare(run_keras(model, pictures), features)
    if difference > TOLERANCE:
        raise SystemExit(f"Keras differs from PyTorch by more than {TOLERANCE}: {difference}")
    record, differences = ship_network(SKY_BACKBONE, model, pictures, assets)
    shutil.copy(trained / REHEARSAL, assets / REHEARSAL)
    _save_starter(trained / STARTER_HEAD, record, assets)
    return {"Keras from PyTorch": difference, **differences}


def _load_folded_weights(model: keras.Model, path: Path) -> None:
    """Load `<layer>/kernel` and `<layer>/bias` of every convolution into the network."""
    with np.load(path) as arrays:
        for layer in model.layers:
            if layer.weights:
                layer.set_weights([arrays[f"{layer.name}/{part}"] for part in ("kernel", "bias")])


def _save_starter(head: Path, backbone: ConvertedBackbone, assets: Path) -> None:
    with np.load(head) as arrays:
        bundle = ModelBundle(
            name=STARTER,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            labels=tuple(map(str, arrays["labels"])),
            backbone=BackboneReference(backbone.name, backbone.weights_sha256),
            preprocessing=Preprocessing(SKY_BACKBONE.input_size_px),
            views="sky",
            head=Head(arrays["weights"], arrays["bias"]),
            dataset={
                "image_dir": "a simulated sky, no photo",
                "rehearsal_sha256": hash_file(assets / REHEARSAL),
            },
        )
    save_bundle(bundle, assets)
