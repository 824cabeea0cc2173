"""Measure how accuracy grows with the number of pictures, and what twice as many would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cluster_core.model.head.ridge import RidgeHead
from cluster_core.storage.saved_values import check_number

# Shares of the pictures outside a fold that the heads learn from.
SHARES = (0.125, 0.25, 0.375, 0.5, 0.75, 1.0)
# Fits of more repeats would only smooth the curve further.
MAX_REPEATS = 3
MIN_POINTS = 4
# Typical exponents are 0.1 to 1: Hestness et al. 2017.
EXPONENTS = np.linspace(0.1, 1.5, 57)
# A gain below this many points of accuracy is within the noise of the curve.
SMALL_GAIN = 0.01
# A forecast is poor if the points scatter by more than this share of the curve's rise.
MAX_SCATTER = 0.25


@dataclass(frozen=True)
class LearningPoint:
    """The accuracy with some number of pictures.

    Attributes
    ----------
    n_pictures : float
        Mean number of pictures that were learned from.
    accuracy : float
        Mean accuracy on the pictures of the other folds, 0 to 1.
    """

    n_pictures: float
    accuracy: float


@dataclass(frozen=True)
class Forecast:
    """What more pictures would give, by a power law.

    Attributes
    ----------
    limit, scale, exponent : float
        The share of wrong answers after learning from n pictures is
        ``limit + scale * n ** -exponent``.
    is_poor : bool
        Whether the points do not follow the law well enough to go beyond them.
    """

    limit: float
    scale: float
    exponent: float
    is_poor: bool

    def predict(self, n_pictures: float) -> float:
        """Return the accuracy after learning from this many pictures, 0 to 1."""
        return min(1.0, max(0.0, 1 - self.limit - self.scale * n_pictures**-self.exponent))


@dataclass(frozen=True)
class LearningCurve:
    """Accuracy against the number of pictures.

    Attributes
    ----------
    points : tuple of LearningPoint
        With growing numbers of pictures; empty if there are too few pictures for a curve.
    """

    points: tuple[LearningPoint, ...]

    def forecast(self) -> Forecast | None:
        """Return the power law of the points; None if there are fewer than `MIN_POINTS`."""
        return fit_power_law(self.points) if len(self.points) >= MIN_POINTS else None

    def to_record(self) -> list[list[float]]:
        """Return a record for JSON."""
        return [[point.n_pictures, point.accuracy] for point in self.points]

    @classmethod
    def from_record(cls, record: Any) -> LearningCurve:
        """Return the curve of a record, which may be damaged.

        Raises
        ------
        One of MALFORMED_ERRORS
            It is.
        """
        points = tuple(LearningPoint(check_number(n), check_number(share)) for n, share in record)
        if any(one.n_pictures <= 0 or not 0 <= one.accuracy <= 1 for one in points):
            raise ValueError("a point of the learning curve is out of range")
        sizes = [one.n_pictures for one in points]
        if sorted(set(sizes)) != sizes:
            raise ValueError("the points of the learning curve are out of order")
        return cls(points)


def measure_learning_curve(
    head: RidgeHead, classes: np.ndarray, groups: np.ndarray, folds: np.ndarray
) -> LearningCurve:
    """Let heads learn from growing parts of the pictures, and answer the same folds.

    Parameters
    ----------
    head : RidgeHead
        Of the n pictures.
    classes, groups : ndarray of int, (n,)
        A part consists of whole groups, and has the same share of each class.
    folds : ndarray of int, (n_repeats, n)
        From `draw_repeated_folds`; at most `MAX_REPEATS` are used.

    Returns
    -------
    LearningCurve
    """
    random = np.random.default_rng(0)
    found: dict[float, list[tuple[int, int, int]]] = {share: [] for share in SHARES}
    for row in folds[:MAX_REPEATS]:
        for fold in range(row.max() + 1):
            asked, others = np.flatnonzero(row == fold), np.flatnonzero(row != fold)
            ranks = _rank_groups(classes[others], groups[others], random)
            for share in SHARES:
                learned = others[ranks < share]
                right = head.predict(learned, asked).argmax(axis=1) == classes[asked]
                found[share].append((len(learned), int(right.sum()), len(asked)))
    points: list[LearningPoint] = []
    for counts in found.values():
        n_learned, n_right, n_asked = np.sum(counts, axis=0)
        n_pictures = float(n_learned / len(counts))
        if not points or n_pictures > points[-1].n_pictures:
            points.append(LearningPoint(n_pictures, float(n_right / n_asked)))
    return LearningCurve(tuple(points))


def _rank_groups(
    classes: np.ndarray, groups: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Put the groups of each class in random order; return each picture's rank from 0 to 1."""
    numbers, first, group_of = np.unique(groups, return_index=True, return_inverse=True)
    ranks = np.empty(len(numbers))
    for label in np.unique(classes[first]):
        members = random.permutation(np.flatnonzero(classes[first] == label))
        ranks[members] = np.arange(len(members)) / len(members)
    return ranks[group_of]


def fit_power_law(points: tuple[LearningPoint, ...]) -> Forecast:
    """Fit a power law with a limit to the share of wrong answers, as in [1]_ and [2]_.

    Parameters
    ----------
    points : tuple of LearningPoint
        At least three.

    Returns
    -------
    Forecast
        That with the least squared deviations among limits and scales from 0 up.

    References
    ----------
    .. [1] Figueroa, R. L., Zeng-Treitler, Q., Kandula, S., Ngo, L. H. 2012, "Predicting sample
       size required for classification performance", BMC Med. Inform. Decis. Mak. 12, 8.
    .. [2] Hestness, J. et al. 2017, "Deep learning scaling is predictable, empirically",
       arXiv:1712.00409.
    """
    n_pictures = np.array([point.n_pictures for point in points])
    errors = 1 - np.array([point.accuracy for point in points])
    fits = [(*_fit_scale(n_pictures**-exponent, errors), exponent) for exponent in EXPONENTS]
    squares, limit, scale, exponent = min(fits, key=lambda fit: fit[0])
    rise = float(errors[0] - errors[-1])
    scatter = float(np.sqrt(squares / len(points)))
    return Forecast(limit, scale, float(exponent), rise <= 0 or scatter > MAX_SCATTER * rise)


def _fit_scale(falling: np.ndarray, errors: np.ndarray) -> tuple[float, float, float]:
    """Return the squared deviations, the limit and the scale of the best fit from 0 up."""
    centred = falling - falling.mean()
    scale = float(centred @ errors / (centred @ centred))
    limit = float(errors.mean() - scale * falling.mean())
    if limit < 0:
        limit, scale = 0.0, float(falling @ errors / (falling @ falling))
    if scale < 0:
        limit, scale = float(errors.mean()), 0.0
    return float(np.square(errors - limit - scale * falling).sum()), limit, scale
