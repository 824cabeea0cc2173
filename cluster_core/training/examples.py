"""The features of a dataset: what a head learns from, is validated with and tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.data.splits import Split
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.model.features.views import View
from cluster_core.model.head.examples import Examples
from cluster_core.model.novelty import KnownPictures
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import EventHandler, Stage, StageProgress
from cluster_core.training.novelty import CounterExamples, gather_known


@dataclass(frozen=True)
class TrainingExamples:
    """Features of the pictures of each side of a split.

    Attributes
    ----------
    split : Split
        The pictures, in the order of the rows.
    training : Examples
        In the views to learn from, those without distortions first.
    validation, testing : Examples or None
        In the views of an answer; None for no pictures.
    counter : CounterExamples
        Pictures of none of the classes.
    """

    split: Split
    training: Examples
    validation: Examples | None
    testing: Examples | None
    counter: CounterExamples

    def gather_known(self, n_views: int) -> KnownPictures:
        """Return the pictures for training and validation in their first `n_views` views."""
        sides = [(self.split.training, self.training)]
        if self.validation is not None:
            sides.append((self.split.validation, self.validation))
        return gather_known(n_views, sides)

    def average_views(self, n_views: int) -> TrainingExamples:
        """Return the pictures for training and validation with the mean of their first views.

        Once the head is fitted and `gather_known` is done, nothing else of them is needed, and
        all views of a large dataset would be most of the memory that a training takes.
        """
        return replace(
            self,
            training=self.training.average_views(n_views),
            validation=self.validation and self.validation.average_views(n_views),
        )


def compute_examples(
    config: TrainConfig,
    labels: tuple[str, ...],
    split: Split,
    source: BottleneckSource,
    on_event: EventHandler,
) -> TrainingExamples:
    """Compute the features of all pictures of a split, or take them from the cache.

    Parameters
    ----------
    config : TrainConfig
    labels : tuple of str
        The classes, in the order of their numbers.
    split : Split
    source : BottleneckSource
    on_event : callable
        Gets a `StageProgress` for every picture.

    Returns
    -------
    TrainingExamples

    Raises
    ------
    ImageError
        A picture became unreadable.
    OSError
        The cache cannot be written.
    """
    sides = (split.training, split.validation, split.testing)
    n_total = sum(map(len, (*sides, split.counter_training, split.counter_testing)))
    n_before = 0

    def on_progress(done: int, _: int) -> None:
        on_event(StageProgress(Stage.BOTTLENECKS, n_before + done, n_total))

    def compute_features(pictures: Sequence[Picture], views: Sequence[View]) -> np.ndarray:
        nonlocal n_before
        features = source.compute(pictures, views, on_progress)
        n_before += len(pictures)
        return features

    def compute(pictures: Sequence[Picture], views: Sequence[View]) -> Examples:
        classes = np.array([labels.index(picture.label) for picture in pictures])
        return Examples(compute_features(pictures, views), classes, len(labels))

    training = compute(split.training, config.training_views)
    validation = compute(split.validation, config.views) if split.validation else None
    testing = compute(split.testing, config.views) if split.testing else None
    counter = CounterExamples(
        *(
            compute_features(pictures, config.views) if pictures else None
            for pictures in (split.counter_training, split.counter_testing)
        )
    )
    return TrainingExamples(split, training, validation, testing, counter)
