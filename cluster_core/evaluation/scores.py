"""What a model got right and wrong on pictures it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.data.dataset import Picture
from cluster_core.evaluation.intervals import compute_wilson_interval


@dataclass(frozen=True)
class Misclassified:
    """A picture whose label and answer differ.

    Attributes
    ----------
    path : Path
    label : str
        Its class folder.
    predicted : str
        The answer.
    score : float
        Score of the answer, 0 to 1.
    """

    path: Path
    label: str
    predicted: str
    score: float


@dataclass(frozen=True)
class Metrics:
    """Accuracy on the test pictures.

    Attributes
    ----------
    labels : tuple of str
        The classes.
    confusion : tuple of tuple of int
        Pictures by true class (row) and answer (column).
    misclassified : tuple of Misclassified
        The surest mistakes first.
    """

    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    misclassified: tuple[Misclassified, ...]

    @property
    def n(self) -> int:
        """How many pictures were tested."""
        return sum(map(sum, self.confusion))

    @property
    def n_right(self) -> int:
        """How many of them were answered right."""
        return sum(row[number] for number, row in enumerate(self.confusion))

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
    confusion = np.zeros((len(labels), len(labels)), int)
    misclassified = []
    for picture, row in zip(pictures, scores, strict=True):
        answer = int(np.argmax(row))
        confusion[labels.index(picture.label), answer] += 1
        if labels[answer] != picture.label:
            misclassified.append(
                Misclassified(picture.path, picture.label, labels[answer], float(row[answer]))
            )
    misclassified.sort(key=lambda mistake: -mistake.score)
    return Metrics(labels, tuple(tuple(map(int, row)) for row in confusion), tuple(misclassified))
