"""What it buys to answer "unsure" below some score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.evaluation.intervals import compute_wilson_interval


@dataclass(frozen=True)
class Coverage:
    """The answers that are given when those with lower scores are "unsure".

    Attributes
    ----------
    threshold : float
        The lowest score of an answer, 0 to 1.
    n, n_answered, n_right : int
        Number of pictures, of those answered, and of those answered correctly.
    """

    threshold: float
    n: int
    n_answered: int
    n_right: int

    @property
    def share(self) -> float:
        """Share of the pictures that are answered, 0 to 1; 0 without pictures."""
        return self.n_answered / self.n if self.n else 0.0

    @property
    def accuracy(self) -> float | None:
        """Share of the answers that are right, 0 to 1; None without answers."""
        return self.n_right / self.n_answered if self.n_answered else None

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy, 0 to 1."""
        return compute_wilson_interval(self.n_right, self.n_answered)


def compute_coverage(best_scores: np.ndarray, is_right: np.ndarray, threshold: float) -> Coverage:
    """Count the answers whose score, rounded to two digits as in an answer, is high enough.

    Parameters
    ----------
    best_scores : ndarray of float, (n_pictures,)
        Score of each answer, 0 to 1.
    is_right : ndarray of bool, (n_pictures,)
        Whether it is right.
    threshold : float
        The lowest score of an answer that is given, 0 to 1.
    """
    is_answered = best_scores.round(2) >= threshold
    return Coverage(
        threshold,
        len(is_right),
        int(is_answered.sum()),
        int((is_right & is_answered).sum()),
    )
