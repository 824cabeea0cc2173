"""Repeated cross-validation of one network with the settings of a default training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import cross_validation
from cluster_core.workspace import Workspace


def measure(
    *, photos: str, model_dir: str, workspace: str, architecture: str, repeats: int
) -> dict[str, list[float]]:
    """Cross-validate one network in this process, on pictures without copies; see `run_isolated`.

    Parameters
    ----------
    photos, model_dir, workspace : str
        Folders of the dataset, of the pretrained weights, and of the cached features.
    architecture : str
        Name of the network.
    repeats : int
        Repeats of the cross-validation.

    Returns
    -------
    dict
        `accuracies`: accuracy over all pictures, 0 to 1, for each repeat.
    """
    from cluster_core.training.config import TrainConfig
    from cluster_core.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow()
    config = TrainConfig(Path(photos), architecture=architecture)
    examples, labels = _look_at(config, Path(model_dir), Workspace(Path(workspace)))
    groups = np.arange(len(examples.classes))
    outcome = cross_validation.cross_validate(examples, groups, config, labels, repeats)
    return {"accuracies": outcome.accuracies}


def _look_at(config: Any, model_dir: Path, folders: Workspace) -> tuple[Any, tuple[str, ...]]:
    """Return the examples and the labels of a configuration's dataset."""
    from cluster_core.data.index import scan_dataset
    from cluster_core.model.backbones.conversion import prepare_backbone
    from cluster_core.model.backbones.litert import load_extractor
    from cluster_core.model.backbones.preprocessing import Preprocessing
    from cluster_core.model.features.cache import BottleneckCache
    from cluster_core.model.features.extraction import BottleneckSource
    from cluster_core.model.head.examples import Examples
    from cluster_core.storage.cache_file import CacheFile

    backbone = prepare_backbone(config.backbone, model_dir, folders.backbones)
    preprocessing = Preprocessing(config.backbone.input_size_px)
    with CacheFile(folders.bottlenecks) as cache:
        index = scan_dataset(config.image_dir, cache)
        source = BottleneckSource(
            load_extractor(backbone), preprocessing, BottleneckCache(cache, backbone, preprocessing)
        )
        features = source.compute(index.pictures, config.views)
    classes = np.array([index.labels.index(picture.label) for picture in index.pictures])
    return Examples(features, classes, len(index.labels)), index.labels
