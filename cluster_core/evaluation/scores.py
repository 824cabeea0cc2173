"""What a model got right and wrong on pictures it was not trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.evaluation.intervals import compute_wilson_interval


@dataclass(frozen=True)
class TestedPicture:
    """A picture that a model was tested with, and what it answered.

    Attributes
    ----------
    path : Path
    sha256 : str
        Of the file's bytes, hexadecimal.
    label : str
        Its class folder.
    predicted : str
        The answer.
    score : float
        Score of the answer, 0 to 1.
    """

    __test__ = False  # the name is no test's, whatever pytest thinks

    path: Path
    sha256: str
    label: str
    predicted: str
    score: float

    @property
    def is_right(self) -> bool:
        """Whether label and answer agree."""
        return self.label == self.predicted


@dataclass(frozen=True)
class ClassAccuracy:
    """How often pictures of one class were answered right.

    Attributes
    ----------
    label : str
    n, n_right : int
        Pictures tested, and how many of them were answered right.
    """

    label: str
    n: int
    n_right: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the share that is right."""
        return compute_wilson_interval(self.n_right, self.n)


@dataclass(frozen=True)
class Metrics:
    """Accuracy on the test pictures.

    Attributes
    ----------
    labels : tuple of str
        The classes.
    pictures : tuple of TestedPicture
        Labelled and answered with names from `labels`.
    """

    labels: tuple[str, ...]
    pictures: tuple[TestedPicture, ...]

    @property
    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """Pictures by true class (row) and answer (column)."""
        counted = Counter((picture.label, picture.predicted) for picture in self.pictures)
        return tuple(
            tuple(counted[label, predicted] for predicted in self.labels) for label in self.labels
        )

    @property
    def classes(self) -> tuple[ClassAccuracy, ...]:
        """Accuracy of each class, in the order of the labels."""
        return tuple(
            ClassAccuracy(label, sum(row), row[number])
            for number, (label, row) in enumerate(zip(self.labels, self.confusion, strict=True))
        )

    @property
    def misclassified(self) -> tuple[TestedPicture, ...]:
        """Pictures whose label and answer differ, the surest mistakes first."""
        wrong = [picture for picture in self.pictures if not picture.is_right]
        return tuple(sorted(wrong, key=lambda picture: -picture.score))

    @property
    def n(self) -> int:
        """How many pictures were tested."""
        return len(self.pictures)

    @property
    def n_right(self) -> int:
        """How many of them were answered right."""
        return sum(picture.is_right for picture in self.pictures)

    @property
    def accuracy(self) -> float:
        """Share of right answers, 0 to 1; not a number without pictures."""
        return self.n_right / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy."""
        return compute_wilson_interval(self.n_right, self.n)

    def to_record(self) -> dict[str, Any]:
        """Return what a bundle keeps of it."""
        return {
            "n": self.n,
            "n_right": self.n_right,
            "interval_95": list(self.interval),
            "confusion": [list(row) for row in self.confusion],
        }


def compute_metrics(
    pictures: Sequence[Picture], scores: np.ndarray, labels: tuple[str, ...]
) -> Metrics:
    """Compare answers with what pictures are labelled.

    Parameters
    ----------
    pictures : sequence of Picture
        Labelled with names from `labels`.
    scores : ndarray of float, (n_pictures, n_labels)
        The model's scores.
    labels : tuple of str
        Order of the columns.
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
    )
