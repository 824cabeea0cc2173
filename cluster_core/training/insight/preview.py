"""Short trial trainings on cached bottlenecks, for learning curves that follow a slider."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cluster_core.data.index import Picture, scan_dataset
from cluster_core.data.signature import compute_signature
from cluster_core.data.splits import split_dataset
from cluster_core.errors import ClusterError, RunError
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.bundle.starter import find_prior
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.views import View
from cluster_core.model.head.examples import Examples
from cluster_core.model.head.settings import Evaluation, FitCallbacks
from cluster_core.model.head.training import fit_head
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.config import TrainConfig
from cluster_core.training.insight.estimates import find_backbone
from cluster_core.training.runs.records import read_config
from cluster_core.workspace import Workspace

# Users move on to the next setting before a longer preview would finish.
MAX_PREVIEW_S = 1.5


@dataclass(frozen=True)
class _CachedExamples:
    labels: tuple[str, ...]
    sides: tuple[Examples, Examples | None]


class _Stopped(Exception):  # noqa: N818 (not an error: a training is waiting)
    """A preview was stopped before its first evaluation."""


class PreviewMaker:
    """Fits heads on cached bottlenecks, and keeps the features it used last in memory.

    Parameters
    ----------
    workspace : Workspace
        The workspace with the bottleneck cache.
    is_stopped : callable, optional
        Checked frequently; once it returns True, the curve so far is returned.
    """

    def __init__(
        self, workspace: Workspace, is_stopped: Callable[[], bool] = lambda: False
    ) -> None:
        self._workspace = workspace
        self._is_stopped = is_stopped
        self._deadline_s = 0.0
        self._key: tuple[Any, ...] = ()
        self._examples: _CachedExamples | None = None

    def make(self, record: dict[str, Any]) -> list[list[Any]] | None:
        """Return the learning curve of a preview of at most `MAX_PREVIEW_S` seconds.

        Parameters
        ----------
        record : dict
            A `TrainConfig` as `write_config` returns it.

        Returns
        -------
        list of list or None
            The field values of each `Evaluation`, in order; None if bottlenecks are missing, the
            dataset cannot be used, or the preview was stopped before its first evaluation.
        """
        self._deadline_s = time.monotonic() + MAX_PREVIEW_S
        try:
            config = read_config(record)
            examples = self._find_examples(config)
        except (ClusterError, OSError, _Stopped):  # the page reports problems of a dataset
            return None
        if examples is None:
            return None
        prior = find_prior(config.architecture, examples.labels) if config.from_starter else None
        evaluations: list[Evaluation] = []
        callbacks = FitCallbacks(evaluations.append, is_stopped=self._should_stop)
        with suppress(RunError):  # the curve ends at the step where the training would stop
            fit_head(*examples.sides, config.head_settings, prior, callbacks)
        return [list(asdict(evaluation).values()) for evaluation in evaluations] or None

    def _should_stop(self) -> bool:
        return time.monotonic() > self._deadline_s or self._is_stopped()

    def _check_time(self, *_: int) -> None:
        if self._should_stop():
            raise _Stopped

    def _find_examples(self, config: TrainConfig) -> _CachedExamples | None:
        key = (
            str(config.image_dir),
            compute_signature(config.image_dir),
            config.architecture,
            config.training_views,
            config.testing_percentage,
            config.validation_percentage,
            config.split_version,
        )
        if key != self._key:
            self._examples, self._key = self._load_examples(config), key
        if self._examples is None:
            self._key = ()  # bottlenecks may be cached before the next preview
        return self._examples

    def _load_examples(self, config: TrainConfig) -> _CachedExamples | None:
        with CacheFile(config.bottleneck_dir or self._workspace.bottlenecks) as file:
            index = scan_dataset(config.image_dir, file, self._check_time)
            split = split_dataset(
                index,
                testing_percentage=config.testing_percentage,
                validation_percentage=config.validation_percentage,
                version=config.split_version,
            )
            sides = ((split.training, config.training_views), (split.validation, config.views))
            found = self._load_sides(config, file, index.labels, sides)
        return found and _CachedExamples(index.labels, found)

    def _load_sides(
        self,
        config: TrainConfig,
        file: CacheFile,
        labels: tuple[str, ...],
        sides: Sequence[tuple[Sequence[Picture], Sequence[View]]],
    ) -> tuple[Examples, Examples | None] | None:
        backbone = find_backbone(config.backbone, self._workspace)
        if backbone is None:
            return None
        cache = BottleneckCache(file, backbone, Preprocessing(config.backbone.input_size_px))
        found: list[Examples | None] = []
        for pictures, views in sides:
            self._check_time()
            if not pictures:
                found.append(None)
                continue
            features = _load_features(cache, pictures, views)
            if features is None:
                return None
            classes = np.array([labels.index(picture.label) for picture in pictures])
            found.append(Examples(features, classes, len(labels)))
        training, validation = found
        return None if training is None else (training, validation)


def _load_features(
    cache: BottleneckCache, pictures: Sequence[Picture], views: Sequence[View]
) -> np.ndarray | None:
    """Return features, float32 (n_pictures, n_views, n_features), or None if any is missing."""
    hashes = [picture.sha256 for picture in pictures]
    columns = []
    for view in views:
        rows = cache.load(view.name, hashes)
        if any(sha256 not in rows for sha256 in hashes):
            return None
        columns.append([rows[sha256] for sha256 in hashes])
    return np.array(columns, np.float32).transpose(1, 0, 2)
