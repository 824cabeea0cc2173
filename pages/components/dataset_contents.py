"""A dataset's pictures and split, kept in the session until its files change."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from cluster_core.data.index import DatasetIndex, scan_dataset
from cluster_core.data.signature import compute_signature
from cluster_core.data.splits import Split, split_dataset
from cluster_core.errors import ClusterError
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.config import TrainConfig
from cluster_core.workspace import Workspace

_KEY = "dataset reading"


@dataclass(frozen=True)
class DatasetReading:
    """A dataset as of the last change of its files.

    Attributes
    ----------
    image_dir : Path
        The dataset's folder.
    signature : str
        See `compute_signature`.
    index : DatasetIndex or ClusterError
        Its pictures, or why they cannot be read.
    splits : dict
        Cached splits, or why the dataset cannot be split; the keys are (testing, validation)
        percentages and the version of the rule.
    """

    image_dir: Path
    signature: str
    index: DatasetIndex | ClusterError
    splits: dict[tuple[float, float, int], Split | ClusterError] = field(default_factory=dict)

    def split(self, config: TrainConfig) -> Split:
        """Return how a training with these settings would split the dataset.

        Raises
        ------
        ClusterError
            The dataset cannot be read, or has too few pictures for a training.
        """
        if isinstance(self.index, ClusterError):
            raise self.index.with_traceback(None)  # otherwise it would grow with every rerun
        testing, validation = config.testing_percentage, config.validation_percentage
        key = (testing, validation, config.split_version)
        if key not in self.splits:
            try:
                self.splits[key] = split_dataset(
                    self.index,
                    testing_percentage=testing,
                    validation_percentage=validation,
                    version=config.split_version,
                )
            except ClusterError as error:
                self.splits[key] = error
        found = self.splits[key]
        if isinstance(found, ClusterError):
            raise found.with_traceback(None)
        return found


def read_dataset(workspace: Workspace, image_dir: Path) -> DatasetReading:
    """Return a dataset's contents; read its pictures only if a file has changed.

    Parameters
    ----------
    workspace : Workspace
    image_dir : Path
        The dataset's folder.

    Raises
    ------
    ClusterError
        The folder cannot be listed.
    """
    signature = compute_signature(image_dir)
    cached = st.session_state.get(_KEY)
    if cached is not None and (cached.image_dir, cached.signature) == (image_dir, signature):
        return cached
    bar = st.progress(0.0, "Reading pictures …")

    def on_progress(done: int, total: int) -> None:
        if done % 20 == 0:
            bar.progress(done / total, f"Reading pictures … {done} of {total}")

    index: DatasetIndex | ClusterError
    try:
        with CacheFile(workspace.bottlenecks) as cache:
            index = scan_dataset(image_dir, cache, on_progress)
    except ClusterError as error:
        index = error
    bar.empty()
    reading = DatasetReading(image_dir, signature, index)
    st.session_state[_KEY] = reading
    return reading
