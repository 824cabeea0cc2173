"""Figures of how good answers are, overall and for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from cluster_core.evaluation.scored_pictures import ScoredPictures


@dataclass(frozen=True)
class ClassFigures:
    """Figures of one class. One that cannot be computed is None.

    Attributes
    ----------
    label : str
        The class.
    support : int
        Number of pictures of the class.
    precision : float or None
        Share of the answers "this class" that are right, 0 to 1; None if there are none, or no
        pictures of this class, without which no such answer could be right.
    recall : float or None
        Share of the pictures of this class that are found, 0 to 1; None if there are none.
    f1 : float or None
        Harmonic mean of both, 0 to 1; None if there are no pictures of it.
    """

    label: str
    support: int
    precision: float | None
    recall: float | None
    f1: float | None


def compute_confusion(scored: ScoredPictures) -> np.ndarray:
    """Return the number of pictures by true class (row) and answer (column)."""
    counts = np.zeros((len(scored.labels),) * 2, int)
    np.add.at(counts, (scored.classes, scored.answers), 1)
    return counts


def compute_class_figures(
    confusion: Sequence[Sequence[int]] | np.ndarray, labels: tuple[str, ...]
) -> tuple[ClassFigures, ...]:
    """Return the figures of each class, in the order of `labels`.

    Parameters
    ----------
    confusion : (n_labels, n_labels) int
        Number of pictures by true class (row) and answer (column).
    labels : tuple of str
        The classes.
    """
    counts = np.asarray(confusion)
    found, shown, answered = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    return tuple(
        ClassFigures(
            label,
            int(shown[number]),
            _divide(found[number], answered[number]) if shown[number] else None,
            _divide(found[number], shown[number]),
            _divide(2 * found[number], shown[number] + answered[number]) if shown[number] else None,
        )
        for number, label in enumerate(labels)
    )


def compute_balanced_accuracy(confusion: Sequence[Sequence[int]] | np.ndarray) -> float | None:
    """Return the mean recall of the classes that have pictures, 0 to 1; None without pictures."""
    counts = np.asarray(confusion)
    shown = counts.sum(axis=1)
    if not shown.any():
        return None
    return float((counts.diagonal()[shown > 0] / shown[shown > 0]).mean())


def compute_matthews(confusion: Sequence[Sequence[int]] | np.ndarray) -> float | None:
    """Return Matthews' correlation of answers and classes [1]_, -1 to 1.

    It is 0 for guesses and 1 without a mistake, also when one class is much larger than others.
    None if all pictures are of one class, or all answers are the same.

    References
    ----------
    .. [1] Gorodkin, J. 2004, "Comparing two K-category assignments by a K-category correlation
       coefficient", Comput. Biol. Chem. 28, 367.
    """
    counts = np.asarray(confusion, float)
    n, n_right = counts.sum(), np.trace(counts)
    shown, answered = counts.sum(axis=1), counts.sum(axis=0)
    spread = (n**2 - shown @ shown) * (n**2 - answered @ answered)
    return float((n_right * n - shown @ answered) / sqrt(spread)) if spread > 0 else None


def _divide(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
