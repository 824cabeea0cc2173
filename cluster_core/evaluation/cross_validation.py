"""Estimate the accuracy on new pictures by a repeated cross-validation on cached features."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.blas import on_one_thread
from cluster_core.data.groups import group_pictures, list_copies
from cluster_core.data.index import Picture
from cluster_core.errors import DatasetError, RunError
from cluster_core.evaluation.calibration import fit_fold_temperatures
from cluster_core.evaluation.intervals import compute_resampled_interval, count_independent
from cluster_core.evaluation.learning_curve import LearningCurve, measure_learning_curve
from cluster_core.evaluation.out_of_fold import N_FOLDS, break_up_lone, draw_folds
from cluster_core.evaluation.scored_pictures import ScoredPictures, name_pictures
from cluster_core.model.bundle.accuracy import Accuracy
from cluster_core.model.head.head import softmax
from cluster_core.model.head.ridge import RidgeHead
from cluster_core.storage.saved_values import check_count, check_number

N_REPEATS = 10
# With more pictures, fewer repeats are as exact and bound the time.
MAX_ANSWERS = 20_000
MIN_REPEATS = 2
# More are sampled, which bounds time and memory.
MAX_PICTURES = 10_000
MIN_PICTURES = 4
MIN_PER_CLASS = 2


@dataclass(frozen=True, repr=False)
class CrossValidation:
    """The result of a repeated, grouped and stratified cross-validation.

    Attributes
    ----------
    pictures : ScoredPictures
        Every picture, with the mean of its scores over the repeats, each by a head that did not
        learn from it or from a picture of its group.
    fold_accuracies : ndarray of float, (n_repeats, n_folds)
        Accuracy on the pictures of each fold, 0 to 1.
    n_groups : int
        Number of independent groups: copies, and pictures of one object, count once.
    n_in_dataset : int
        Number of pictures that could have taken part; more than that of `pictures` if these are
        a sample.
    curve : LearningCurve
        Accuracy against the number of pictures.
    """

    pictures: ScoredPictures
    fold_accuracies: np.ndarray
    n_groups: int
    n_in_dataset: int
    curve: LearningCurve

    @property
    def accuracy(self) -> float:
        """Mean accuracy of the folds, 0 to 1."""
        return float(self.fold_accuracies.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the accuracy; see `compute_resampled_interval`."""
        return compute_resampled_interval(self.fold_accuracies, self.n_groups)

    @property
    def summary(self) -> Accuracy:
        """The accuracy with its interval."""
        return Accuracy(self.accuracy, self.interval, len(self.pictures), is_cross_validated=True)

    def to_record(self) -> dict[str, Any]:
        """Return a record for JSON."""
        return {
            "pictures": self.pictures.to_record(),
            "fold_accuracies": self.fold_accuracies.tolist(),
            "n_groups": self.n_groups,
            "n_in_dataset": self.n_in_dataset,
            "curve": self.curve.to_record(),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> CrossValidation:
        """Return the cross-validation of a record, which may be damaged.

        Raises
        ------
        One of MALFORMED_ERRORS
            It is.
        """
        rows = [[check_number(value) for value in row] for row in record["fold_accuracies"]]
        accuracies = np.array(rows, float)
        if accuracies.ndim != 2 or accuracies.shape[1] < 2:  # noqa: PLR2004
            raise ValueError("a table of at least two folds was expected")
        if accuracies.min() < 0 or accuracies.max() > 1:
            raise ValueError("an accuracy is not from 0 to 1")
        pictures = ScoredPictures.from_record(record["pictures"])
        if not len(pictures):
            raise ValueError("at least one picture was expected")
        return cls(
            pictures,
            accuracies,
            check_count(record["n_groups"]),
            check_count(record["n_in_dataset"]),
            LearningCurve.from_record(record["curve"]),
        )


@dataclass(frozen=True)
class PictureSample:
    """The pictures that take part in a cross-validation.

    Attributes
    ----------
    pictures : sequence of Picture
        In the order of `draw_sample`.
    features : ndarray of float32, (n_pictures, n_features)
        Their features, averaged over the views.
    n_in_dataset : int
        Number of pictures that they were drawn from.
    """

    pictures: Sequence[Picture]
    features: np.ndarray
    n_in_dataset: int


def cross_validate_pictures(
    pictures: Sequence[Picture], features: np.ndarray, labels: tuple[str, ...]
) -> CrossValidation:
    """Cross-validate the pictures of a dataset, or a sample of them.

    Parameters
    ----------
    pictures : sequence of Picture
        The n pictures of a dataset.
    features : ndarray of float32, (n, n_features)
        Their features, averaged over the views.
    labels : tuple of str
        The classes.

    Returns
    -------
    CrossValidation
        The same for the same pictures, whatever their order.

    Raises
    ------
    DatasetError, RunError
        As `cross_validate_sample`.
    """
    order = draw_sample(pictures)
    chosen = [pictures[number] for number in order]
    return cross_validate_sample(PictureSample(chosen, features[order], len(pictures)), labels)


def cross_validate_sample(sample: PictureSample, labels: tuple[str, ...]) -> CrossValidation:
    """Cross-validate a quick head: ten repeats of five folds, groups of pictures kept together.

    The figure is the expected accuracy on new pictures of a `RidgeHead` that learned from four
    fifths of the pictures; the head of a model learns from more, and by gradient descent.

    Parameters
    ----------
    sample : PictureSample
    labels : tuple of str
        The classes.

    Raises
    ------
    DatasetError
        There are too few pictures, fewer than two classes, or nothing that tells the pictures
        apart.
    RunError
        A feature is not a finite number.
    """
    chosen = sample.pictures
    _check(chosen, sample.features)
    present = tuple(label for label in labels if any(one.label == label for one in chosen))
    classes = np.array([present.index(picture.label) for picture in chosen])
    groups = np.array(group_pictures(chosen, list_copies(chosen)))
    head = RidgeHead(sample.features, classes, len(present))
    folds = draw_repeated_folds(classes, groups)
    with on_one_thread(len(chosen)):
        outputs = np.stack([head.predict_left_out(row) for row in folds])
        curve = measure_learning_curve(head, classes, break_up_lone(groups, classes), folds)
    temperatures = fit_fold_temperatures(outputs[0], classes, folds[0])
    paths, sha256s = name_pictures(chosen)
    scores = softmax(outputs / temperatures[:, np.newaxis]).mean(axis=0)
    return CrossValidation(
        ScoredPictures(
            present, paths, sha256s, classes, scores, n_independent=count_independent(groups)
        ),
        compute_fold_accuracies(outputs.argmax(axis=2) == classes, folds),
        len(np.unique(groups)),
        sample.n_in_dataset,
        curve,
    )


def draw_sample(pictures: Sequence[Picture]) -> list[int]:
    """Return the numbers of the pictures that take part, in the order of their hashes.

    Of more than `MAX_PICTURES`, each class keeps the same share, but at least `MIN_PER_CLASS`
    pictures, so that none is lost.
    """
    order = sorted(range(len(pictures)), key=lambda number: pictures[number].sha256)
    if len(order) <= MAX_PICTURES:
        return order
    by_label = defaultdict(list)  # hashes are in random order
    for number in order:
        by_label[pictures[number].label].append(number)
    share = MAX_PICTURES / len(order)
    kept = {
        number
        for numbers in by_label.values()
        for number in numbers[: max(MIN_PER_CLASS, round(share * len(numbers)))]
    }
    return [number for number in order if number in kept]


def draw_repeated_folds(classes: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Distribute the pictures over folds, anew for each repeat.

    Parameters
    ----------
    classes, groups : ndarray of int, (n_pictures,)
        Class and group of each picture. A class with a single group is divided all the same.

    Returns
    -------
    ndarray of int, (n_repeats, n_pictures)
        The fold of each picture, from 0 on.
    """
    divisible = break_up_lone(groups, classes)
    n_folds = min(N_FOLDS, len(np.unique(divisible)))
    n_repeats = min(N_REPEATS, max(MIN_REPEATS, MAX_ANSWERS // len(classes)))
    return np.stack(
        [
            draw_folds(classes, divisible, np.random.default_rng(repeat), n_folds)
            for repeat in range(n_repeats)
        ]
    )


def compute_fold_accuracies(is_right: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the accuracy of each fold: float, (n_repeats, n_folds), from (n_repeats, n)."""
    n_folds = int(folds.max()) + 1
    return np.array(
        [
            np.bincount(row, right, n_folds) / np.bincount(row, minlength=n_folds)
            for row, right in zip(folds, is_right, strict=True)
        ]
    )


def _check(pictures: Sequence[Picture], features: np.ndarray) -> None:
    n_labels = len({picture.label for picture in pictures})
    image_dir = pictures[0].path.parent.parent if pictures else Path()
    if len(pictures) < MIN_PICTURES or n_labels < 2:  # noqa: PLR2004
        raise DatasetError(
            f"A cross-validation needs two classes and {MIN_PICTURES} pictures; there are "
            f"{len(pictures)} of {n_labels}: add pictures.",
            path=image_dir,
            found=len(pictures),
            needed=MIN_PICTURES,
        )
    if not np.isfinite(features).all():
        raise RunError(
            "The network computes numbers that are not finite for these pictures, so they cannot "
            "be cross-validated: choose another network."
        )
    if np.ptp(features, axis=0).max() < np.finfo(np.float32).eps:
        raise DatasetError(
            "All pictures look the same to the network, so there is nothing to cross-validate: "
            "add other pictures.",
            path=image_dir,
        )
