"""Compute the features of many pictures in portions, so that memory holds one portion of views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cluster_core.data.index import Picture, Progress
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.model.prediction.predictor import obtain_backbone
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace

PORTION = 256


def iterate_features(
    pictures: Sequence[Picture], bundle: ModelBundle, workspace: Workspace, on_progress: Progress
) -> Iterator[tuple[Sequence[Picture], np.ndarray]]:
    """Yield pictures in portions, with their features by a model's network, on LiteRT.

    Parameters
    ----------
    pictures : sequence of Picture
    bundle : ModelBundle
        Its network, preprocessing and views are used; its head is not.
    workspace : Workspace
        Has the network, and the cache of its features.
    on_progress : callable
        Called with the numbers of pictures done and in all. An exception in it stops the work;
        features computed so far stay in the cache.

    Yields
    ------
    pictures : sequence of Picture
        At most `PORTION`.
    features : ndarray of float32, (n_pictures, n_views, n_features)

    Raises
    ------
    BackboneError
        The network is not available.
    ImageError
        A picture can no longer be read.
    RunError
        The cache cannot be used, or the network computes numbers that are not finite.
    """
    backbone = obtain_backbone(bundle, workspace)
    with CacheFile(workspace.bottlenecks) as file:
        cache = BottleneckCache(file, backbone, bundle.preprocessing)
        source = BottleneckSource(load_extractor(backbone), bundle.preprocessing, cache)
        for start in range(0, len(pictures), PORTION):
            portion = pictures[start : start + PORTION]

            def report(done: int, _: int, start: int = start) -> None:
                on_progress(start + done, len(pictures))

            yield portion, source.compute(portion, bundle.view_list, report)


def compute_mean_features(
    pictures: Sequence[Picture], bundle: ModelBundle, workspace: Workspace, on_progress: Progress
) -> np.ndarray:
    """Return the features of each picture, averaged over its views: float32, (n, n_features).

    Takes and raises what `iterate_features` does.
    """
    means = np.empty((len(pictures), get_backbone(bundle.backbone.name).n_features), np.float32)
    n_done = 0
    for portion, features in iterate_features(pictures, bundle, workspace, on_progress):
        means[n_done : n_done + len(portion)] = features.mean(axis=1)
        n_done += len(portion)
    return means
