"""Cluster Lab as a contender: retraining, conversion, and a model for predictions."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from cluster_core.model.backbones.registry import get_backbone
from cluster_core.workspace import Workspace

ARCHITECTURE = "mobilenet_0.50_224"
# A fifth of the pictures, so that accuracies are compared on more than a handful.
TESTING_PERCENTAGE = 20


def measure(
    photos: str, model_dir: str, workspace: str, steps: int, n_before: int
) -> dict[str, Any]:
    """Time one training, without imports, after `n_before` trainings in the same process.

    Parameters
    ----------
    photos, model_dir, workspace : str
        Folders of the dataset, of the pretrained weights, and of results and caches.
    steps : int
        Training steps.
    n_before : int
        Trainings that warm up the process.

    Returns
    -------
    dict
        `seconds`; `right`, the number of correctly labelled test pictures; and `n`, the number
        of test pictures.
    """
    from cluster_core.training.config import TrainConfig
    from cluster_core.training.train import train

    config = TrainConfig(
        Path(photos),
        architecture=ARCHITECTURE,
        model_dir=Path(model_dir),
        how_many_training_steps=steps,
        testing_percentage=TESTING_PERCENTAGE,
        early_stopping=False,
    )
    for _ in range(n_before):
        train(config, Workspace(Path(workspace)), lambda event: None)
    start_s = time.perf_counter()
    result = train(config, Workspace(Path(workspace)), lambda event: None)
    seconds = time.perf_counter() - start_s
    return {"seconds": seconds, "right": result.metrics.n_right, "n": result.metrics.n}


def measure_conversion(model_dir: str, workspace: str) -> dict[str, Any]:
    """Time the conversion of the backbone, which happens once per machine."""
    from cluster_core.model.backbones.conversion import prepare_backbone

    start_s = time.perf_counter()
    prepare_backbone(
        get_backbone(ARCHITECTURE), Path(model_dir), Workspace(Path(workspace)).backbones
    )
    return {"seconds": time.perf_counter() - start_s}


def prepare_model(model_dir: str, workspace: str, alpha: float) -> dict[str, Any]:
    """Make a model to time predictions with.

    Its head is random, and so is its backbone if the pretrained weights are missing: speed
    does not depend on them.

    Parameters
    ----------
    model_dir, workspace : str
        Folders of the pretrained weights, and of the model.
    alpha : float
        Width multiplier of MobileNet.

    Returns
    -------
    dict
        Paths of the model (`bundle`), the converted backbone (`litert`) and its weights
        (`weights`).
    """
    import keras
    import numpy as np

    from cluster_core.model.backbones.conversion import prepare_backbone
    from cluster_core.model.backbones.preprocessing import Preprocessing
    from cluster_core.model.backbones.weights import find_weights
    from cluster_core.model.bundle.bundle import BackboneReference, ModelBundle
    from cluster_core.model.bundle.folder import save_bundle
    from cluster_core.model.head.head import Head

    spec, folders = get_backbone(ARCHITECTURE), Workspace(Path(workspace))
    weights = find_weights(spec, Path(model_dir))
    if weights is None:
        folders.models.mkdir(parents=True)
        weights = folders.models / f"{spec.name}_no_top.weights.h5"
        shape = (spec.input_size_px, spec.input_size_px, 3)
        random = keras.applications.MobileNet(
            input_shape=shape, alpha=alpha, include_top=False, weights=None
        )
        random.save_weights(weights)
    backbone = prepare_backbone(spec, weights.parent, folders.backbones)
    values = np.random.default_rng(0).normal(size=(spec.n_features, 2)).astype(np.float32)
    bundle = ModelBundle(
        name="benchmark",
        created="",
        labels=("one", "other"),
        backbone=BackboneReference(backbone.name, backbone.weights_sha256),
        preprocessing=Preprocessing(spec.input_size_px),
        views="plain",
        head=Head(values, np.zeros(2, np.float32)),
    )
    return {
        "bundle": str(save_bundle(bundle, folders.bundles)),
        "litert": str(backbone.litert_path),
        "weights": str(weights),
    }
