"""The features of a dataset: what a head learns from, is validated with and tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.data.splits import Split
from cluster_core.evaluation.cross_validation import PictureSample
from cluster_core.evaluation.model_evaluation import SideFeatures, average_sample
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

    def reduce(self, n_views: int) -> ReducedExamples:
        """Return what is needed once the head is fitted and tested.

        All views of a large dataset would be most of the memory that a training takes.

        Parameters
        ----------
        n_views : int
            The first views, which are not distorted.
        """
        learned = [(self.split.training, self.training)]
        if self.validation is not None:
            learned.append((self.split.validation, self.validation))
        sides = [SideFeatures(its, one.features[:, :n_views]) for its, one in learned]
        testing = None
        if self.testing is not None:
            testing = SideFeatures(self.split.testing, self.testing.features)
            sides.append(testing)
        known, sample = gather_known(n_views, learned), average_sample(sides)
        return ReducedExamples(known, sample, testing, self.counter)


@dataclass(frozen=True)
class ReducedExamples:
    """What is left of `TrainingExamples`.

    Attributes
    ----------
    known : KnownPictures
        Pictures for training and validation, to recognise others by.
    sample : PictureSample
        Pictures of all sides, for a cross-validation.
    testing : SideFeatures or None
    counter : CounterExamples
    """

    known: KnownPictures
    sample: PictureSample
    testing: SideFeatures | None
    counter: CounterExamples


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
