"""Compute the features of a training on a Dask cluster, before it needs them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_core.data.index import DatasetIndex, Picture
from cluster_core.data.pictures import RejectedFile
from cluster_core.data.splits import Split
from cluster_core.model.features.distribution import compute_on_cluster
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import EventHandler, Stage, StageProgress

if TYPE_CHECKING:
    from cluster_core.storage.dask_cluster import DaskCluster


def compute_ahead(
    config: TrainConfig,
    split: Split,
    source: BottleneckSource,
    cluster: DaskCluster,
    on_event: EventHandler,
) -> list[Picture]:
    """Fill the cache with the features of all pictures of a split.

    Parameters
    ----------
    config : TrainConfig
    split : Split
    source : BottleneckSource
    cluster : DaskCluster
    on_event : callable
        Gets a `StageProgress` for every picture.

    Returns
    -------
    list of Picture
        Those that the workers died of twice.

    Raises
    ------
    ImageError, RunError
        As `compute_on_cluster`.
    """
    parts = (
        (split.training, config.training_views),
        (
            (*split.validation, *split.testing, *split.counter_training, *split.counter_testing),
            config.views,
        ),
    )
    n_total = sum(len(pictures) for pictures, _ in parts)
    n_before = 0
    given_up: list[Picture] = []

    def on_progress(done: int, _: int) -> None:
        on_event(StageProgress(Stage.BOTTLENECKS, n_before + done, n_total))

    for pictures, views in parts:
        given_up += compute_on_cluster(source, pictures, views, cluster, on_progress)
        n_before += len(pictures)
    return given_up


def leave_out(index: DatasetIndex, given_up: Collection[Picture]) -> DatasetIndex:
    """Return a dataset in which some pictures are files that cannot be used."""
    rejected = [
        RejectedFile(
            picture.path,
            picture.label,
            f"{picture.path.name} was given up, because the workers of the cluster died of it "
            "twice: check the file, and how much memory the workers have.",
        )
        for picture in given_up
    ]
    lost = {picture.path for picture in given_up}
    return replace(
        index,
        pictures=tuple(one for one in index.pictures if one.path not in lost),
        counter_pictures=tuple(one for one in index.counter_pictures if one.path not in lost),
        rejected=(*index.rejected, *rejected),
    )
