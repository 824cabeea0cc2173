"""Measure the accuracy of a model on its test pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.data.groups import group_pictures, list_copies
from cluster_core.data.index import Picture
from cluster_core.evaluation.intervals import compute_score_interval, count_independent
from cluster_core.model.bundle.accuracy import Accuracy


@dataclass(frozen=True)
class TestedPicture:
    """A test picture and the model's answer.

    Attributes
    ----------
    path : Path
        Path of the file when it was tested.
    sha256 : str
        Hash of the file, hexadecimal.
    label : str
        Its true class.
    predicted : str
        The class that the model answered.
    score : float
        Score of `predicted`, 0 to 1.
    """

    __test__ = False  # keeps pytest from collecting this class as a test

    path: Path
    sha256: str
    label: str
    predicted: str
    score: float

    @property
    def is_right(self) -> bool:
        """Whether the answer is correct."""
        return self.label == self.predicted


@dataclass(frozen=True)
class ClassAccuracy:
    """Accuracy on the test pictures of one class.

    Attributes
    ----------
    label : str
        The class.
    n, n_right : int
        Number of test pictures of the class, and of those labelled correctly.
    n_independent : float
        Number of independent pictures that are as telling.
    """

    label: str
    n: int
    n_right: int
    n_independent: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy, 0 to 1."""
        return _compute_interval(self.n_right, self.n, self.n_independent)


@dataclass(frozen=True, repr=False)
class Metrics:
    """Accuracy on the test pictures.

    Attributes
    ----------
    labels : tuple of str
        The classes.
    pictures : tuple of TestedPicture
        The test pictures; true and answered classes are in `labels`.
    n_independent : float or None
        Number of independent pictures that are as telling, from `count_independent`; None, as in
        records of earlier versions, if each picture counts.
    """

    labels: tuple[str, ...]
    pictures: tuple[TestedPicture, ...]
    n_independent: float | None = None

    def __repr__(self) -> str:
        return f"Metrics({self.n_right} of {self.n} correct, labels={list(self.labels)})"

    @property
    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """Number of pictures by true class (row) and answer (column), in the order of `labels`."""
        counted = Counter((picture.label, picture.predicted) for picture in self.pictures)
        return tuple(
            tuple(counted[label, predicted] for predicted in self.labels) for label in self.labels
        )

    @property
    def classes(self) -> tuple[ClassAccuracy, ...]:
        """Accuracy of each class, in the order of `labels`."""
        share = self.n_independent / self.n if self.n and self.n_independent else 1.0
        return tuple(
            ClassAccuracy(label, sum(row), row[number], sum(row) * share)
            for number, (label, row) in enumerate(zip(self.labels, self.confusion, strict=True))
        )

    @property
    def misclassified(self) -> tuple[TestedPicture, ...]:
        """Pictures with a wrong answer, highest score first."""
        wrong = [picture for picture in self.pictures if not picture.is_right]
        return tuple(sorted(wrong, key=lambda picture: -picture.score))

    @property
    def n(self) -> int:
        """Number of test pictures."""
        return len(self.pictures)

    @property
    def n_right(self) -> int:
        """Number of test pictures labelled correctly."""
        return sum(picture.is_right for picture in self.pictures)

    @property
    def accuracy(self) -> float:
        """Share of correct answers, 0 to 1; NaN without pictures."""
        return self.n_right / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy, 0 to 1; copies count once."""
        return _compute_interval(self.n_right, self.n, self.n_independent or self.n)

    @property
    def summary(self) -> Accuracy | None:
        """The accuracy with its interval; None without pictures."""
        if not self.n:
            return None
        return Accuracy(self.accuracy, self.interval, self.n, is_cross_validated=False)

    def to_record(self) -> dict[str, Any]:
        """Return the record that is saved in a bundle, ready for JSON."""
        return {
            "n": self.n,
            "n_right": self.n_right,
            "interval_95": list(self.interval),
            "confusion": [list(row) for row in self.confusion],
        }


def compute_metrics(
    pictures: Sequence[Picture], scores: np.ndarray, labels: tuple[str, ...]
) -> Metrics:
    """Compare the model's answers with the labels of the pictures.

    Parameters
    ----------
    pictures : sequence of Picture
        The test pictures; their labels are in `labels`.
    scores : ndarray of float, (n_pictures, n_labels)
        The model's scores.
    labels : tuple of str
        The classes, in the order of the columns.

    Returns
    -------
    Metrics
    """
    answers = scores.argmax(axis=1) if len(pictures) else []
    return Metrics(
        labels,
        tuple(
            TestedPicture(
                picture.path, picture.sha256, picture.label, labels[answer], float(row[answer])
            )
            for picture, row, answer in zip(pictures, scores, answers, strict=True)
        ),
        count_independent_pictures(pictures),
    )


def count_independent_pictures(pictures: Sequence[Picture]) -> float:
    """Return how many pictures are as telling, if copies and pictures of one object count once."""
    return count_independent(group_pictures(pictures, list_copies(pictures)))


def _compute_interval(n_right: int, n: int, n_independent: float) -> tuple[float, float]:
    return compute_score_interval(n_right / n, n_independent) if n else (0.0, 1.0)
