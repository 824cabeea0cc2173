"""A dataset's pictures and split, shared by all sessions until its files change."""

from __future__ import annotations

import gc
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import streamlit as st

from cluster_core.access.quota import MAX_PICTURES
from cluster_core.data.index import DatasetIndex
from cluster_core.data.picture_files import Progress
from cluster_core.data.saved_index import scan_unless_saved
from cluster_core.data.saved_split import split_unless_saved
from cluster_core.data.signature import compute_quick_signature, compute_signature
from cluster_core.data.splits import BY_OBJECT, Split, split_dataset
from cluster_core.errors import ClusterError
from cluster_core.health import hash_content
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.choice.star_fields import measure_star_fields
from cluster_core.training.config import TrainConfig
from cluster_core.workspace import Workspace

# A hundred thousand pictures take 200 MB.
MAX_READINGS = 2
# Of datasets as small as visitors may make, which must not displace the owner's large ones.
MAX_SMALL_READINGS = 10
# From this number on, the dates of all files are not looked up at each rerun.
MANY_PICTURES = 5_000
LOOK_AGAIN_S = 60.0


@dataclass(frozen=True)
class DatasetReading:
    """A dataset as of the last change of its files.

    Attributes
    ----------
    image_dir : Path
        The dataset's folder.
    signature : str
        See `compute_signature`.
    quick_signature : str
        See `compute_quick_signature`.
    index : DatasetIndex or ClusterError
        Its pictures, or why they cannot be read.
    splits : dict
        Cached splits, or why the dataset cannot be split; the keys are (testing, validation)
        percentages and the version of the rule.
    """

    image_dir: Path
    signature: str
    quick_signature: str
    index: DatasetIndex | ClusterError
    splits: dict[tuple[float, float, int], Split | ClusterError] = field(default_factory=dict)

    @property
    def is_small(self) -> bool:
        """Whether it has no more pictures than a visitor's workspace may hold."""
        return isinstance(self.index, ClusterError) or len(self.index.all_pictures) <= MAX_PICTURES

    @property
    def is_large(self) -> bool:
        """Whether it has so many pictures that the dates of all files take long to look up."""
        return (
            not isinstance(self.index, ClusterError)
            and len(self.index.all_pictures) > MANY_PICTURES
        )

    @cached_property
    def star_share(self) -> float:
        """The share of its pictures that look like star fields; see `measure_star_fields`."""
        return measure_star_fields(getattr(self.index, "pictures", ()))

    @cached_property
    def content(self) -> str | None:
        """See `hash_content`; None if its pictures cannot be read."""
        return None if isinstance(self.index, ClusterError) else hash_content(self.index)

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


class _Readings:
    """The latest readings, for all sessions."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._checked: OrderedDict[Path, tuple[DatasetReading, float]] = OrderedDict()

    def get(self, image_dir: Path) -> tuple[DatasetReading | None, float]:
        """Return the reading of a dataset, and when its files were last looked up."""
        with self._lock:
            return self._checked.get(image_dir, (None, 0.0))

    def keep(self, reading: DatasetReading) -> None:
        """Keep a reading whose files were just looked up."""
        with self._lock:
            self._checked[reading.image_dir] = reading, time.monotonic()
            self._checked.move_to_end(reading.image_dir)
            small = [path for path, (one, _) in self._checked.items() if one.is_small]
            large = [path for path in self._checked if path not in small]
            for image_dir in (*small[:-MAX_SMALL_READINGS], *large[:-MAX_READINGS]):
                del self._checked[image_dir]


_readings = _Readings()


def read_dataset(workspace: Workspace, image_dir: Path) -> DatasetReading:
    """Return a dataset's contents; read its pictures only if a file has changed.

    All sessions share what was read. Of a dataset with thousands of pictures, a file that is
    changed in place is noticed within a minute; any other change at once.

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
    reading, checked_s = _readings.get(image_dir)
    if (
        reading is not None
        and reading.is_large
        and time.monotonic() - checked_s < LOOK_AGAIN_S
        and compute_quick_signature(image_dir) == reading.quick_signature
    ):
        return reading
    signature = compute_signature(image_dir)
    if reading is None or reading.signature != signature:
        reading = _scan(workspace, image_dir, signature)
        if reading.is_large:
            _spare_garbage_collection()
    if not isinstance(reading.index, ClusterError):  # the reason may have gone
        _readings.keep(reading)
    return reading


def _spare_garbage_collection() -> None:
    """Keep what is in memory out of the collections after each run of a page of any visitor.

    Each would look through the million objects of a dataset of 100,000 pictures, for 0.1 s.
    """
    gc.unfreeze()  # else what is no longer used since the last time would stay
    gc.collect()
    gc.freeze()


def _scan(workspace: Workspace, image_dir: Path, signature: str) -> DatasetReading:
    quick_signature = compute_quick_signature(image_dir)
    bar = st.progress(0.0, "Reading pictures …")

    def show(what: str, every: int) -> Progress:
        def on_progress(done: int, total: int) -> None:
            if done % every == 0:
                bar.progress(done / total, f"{what} … {done:,} of {total:,}")

        return on_progress

    try:
        with CacheFile(workspace.bottlenecks) as cache:
            reports = show("Reading pictures", 20), show("Looking for copies: step", 1)
            index = scan_unless_saved(image_dir, signature, cache, *reports)
            reading = DatasetReading(image_dir, signature, quick_signature, index)
            if reading.is_large:
                bar.progress(1.0, "Dividing the pictures …")
                _divide(reading, index, cache)
    except ClusterError as error:
        reading = DatasetReading(image_dir, signature, quick_signature, error)
    bar.empty()
    return reading


def _divide(reading: DatasetReading, index: DatasetIndex, cache: CacheFile) -> None:
    """Split a dataset in the usual shares, or take the split of an earlier start of the server."""
    config = TrainConfig(reading.image_dir)
    shares = config.testing_percentage, config.validation_percentage
    with suppress(ClusterError):  # which the page shows
        split = split_unless_saved(index, reading.signature, cache, shares)
        reading.splits[*shares, BY_OBJECT] = split
