"""What is in a dataset and how it splits, read once a change and kept for this visitor."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from cluster_core.data.index import DatasetIndex, compute_signature, scan_dataset
from cluster_core.data.splits import Split, split_dataset
from cluster_core.errors import ClusterError
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.config import TrainConfig
from cluster_core.workspace import Workspace

_KEY = "dataset reading"


@dataclass(frozen=True)
class DatasetReading:
    """A dataset as it was when its files were last looked at.

    Attributes
    ----------
    image_dir : Path
    signature : str
        See `compute_signature`.
    index : DatasetIndex or ClusterError
        What was found, or why nothing could be.
    splits : dict
        Those asked for so far, or why there is none, by shares for testing and validation.
    """

    image_dir: Path
    signature: str
    index: DatasetIndex | ClusterError
    splits: dict[tuple[float, float], Split | ClusterError] = field(default_factory=dict)

    def split(self, config: TrainConfig) -> Split:
        """Return how a training would split it; ClusterError where it could not learn from it."""
        if isinstance(self.index, ClusterError):
            raise self.index.with_traceback(None)  # else it would grow with every rerun
        shares = (config.testing_percentage, config.validation_percentage)
        if shares not in self.splits:
            try:
                self.splits[shares] = split_dataset(
                    self.index, testing_percentage=shares[0], validation_percentage=shares[1]
                )
            except ClusterError as error:
                self.splits[shares] = error
        found = self.splits[shares]
        if isinstance(found, ClusterError):
            raise found.with_traceback(None)
        return found


def read_dataset(workspace: Workspace, image_dir: Path) -> DatasetReading:
    """Return what a dataset holds; its pictures are read only where a file has changed."""
    signature = compute_signature(image_dir)
    known = st.session_state.get(_KEY)
    if known is not None and (known.image_dir, known.signature) == (image_dir, signature):
        return known
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
