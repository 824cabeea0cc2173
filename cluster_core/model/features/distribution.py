"""Fill the cache with features that are computed on a Dask cluster."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cluster_core.data.index import Picture, Progress
from cluster_core.images import read_bytes
from cluster_core.model.backbones.litert import FeatureExtractor
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.features.extraction import ROWS_PER_SAVE, BottleneckSource, extract_views
from cluster_core.model.features.views import View

if TYPE_CHECKING:
    from cluster_core.storage.dask_cluster import DaskCluster


@dataclass(frozen=True)
class _Task:
    """A picture, and the numbers of the views whose features are not known."""

    path: Path
    missing: tuple[int, ...]
    content: bytes | None = None

    def with_content(self) -> _Task:
        return replace(self, content=read_bytes(self.path))


@dataclass(frozen=True)
class _Extraction:
    """What each worker gets once."""

    extractor: FeatureExtractor
    preprocessing: Preprocessing
    views: tuple[View, ...]

    def __call__(self, task: _Task) -> np.ndarray | None:
        """Return features of the missing views of a picture: float32, (n_missing, n_features)."""
        content = read_bytes(task.path) if task.content is None else task.content
        views = [self.views[number] for number in task.missing]
        return extract_views(self.extractor, self.preprocessing, content, task.path.name, views)


def compute_on_cluster(
    source: BottleneckSource,
    pictures: Sequence[Picture],
    views: Sequence[View],
    cluster: DaskCluster,
    on_progress: Progress,
) -> list[Picture]:
    """Compute the features that are not in the cache on a cluster, and add them to it.

    Parameters
    ----------
    source : BottleneckSource
        The backbone, which is sent to each worker once, and the cache.
    pictures : sequence of Picture
    views : sequence of View
    cluster : DaskCluster
    on_progress : callable
        Called with the number of finished pictures and their total. An exception in it stops the
        computation; finished features stay in the cache.

    Returns
    -------
    list of Picture
        Those that the workers died of twice, which have no features.

    Raises
    ------
    ImageError
        A picture can no longer be read on this computer.
    RunError
        The same on a worker; the cluster is lost, the cache cannot be read or written, or the
        backbone computes numbers that are not finite.
    """
    unknown = _list_unknown(source, pictures, views)
    n_done = len(pictures) - len(unknown)
    on_progress(n_done, len(pictures))
    if not unknown:
        return []
    extraction = _Extraction(source.extractor, source.preprocessing, tuple(views))
    tasks = [_Task(picture.path, missing) for picture, missing in unknown]
    given_up: list[Picture] = []
    unsaved: list[tuple[str, str, np.ndarray]] = []
    try:
        with closing(cluster.map_images(extraction, tasks, lambda task: None)) as results:
            for (picture, missing), rows in zip(unknown, results, strict=True):
                if rows is None:
                    given_up.append(picture)
                else:
                    names = [views[number].name for number in missing]
                    unsaved += [(n, picture.sha256, r) for n, r in zip(names, rows, strict=True)]
                if len(unsaved) >= ROWS_PER_SAVE:
                    source.cache.save(unsaved)
                    unsaved.clear()
                n_done += 1
                on_progress(n_done, len(pictures))
    finally:
        source.cache.save(unsaved)
    return given_up


def _list_unknown(
    source: BottleneckSource, pictures: Sequence[Picture], views: Sequence[View]
) -> list[tuple[Picture, tuple[int, ...]]]:
    """Return the pictures without features in some view, and the numbers of these views."""
    hashes = [picture.sha256 for picture in pictures]
    known = [source.cache.find_known(view.name, hashes) for view in views]
    missing = [
        tuple(number for number, its in enumerate(known) if sha256 not in its) for sha256 in hashes
    ]
    return [(one, its) for one, its in zip(pictures, missing, strict=True) if its]
