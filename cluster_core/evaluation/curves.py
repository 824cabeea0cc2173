"""ROC and precision-recall curves of one class against all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.evaluation.scored_pictures import ScoredPictures


@dataclass(frozen=True)
class Curve:
    """A curve of one class against all others, as the threshold on its score falls.

    Attributes
    ----------
    label : str
        The class.
    x, y : ndarray of float, (n_points,)
        False and true positive rate, or recall and precision, 0 to 1.
    area : float
        The area below it, 0 to 1: for precision and recall, the average precision.
    """

    label: str
    x: np.ndarray
    y: np.ndarray
    area: float


def compute_roc(scored: ScoredPictures, number: int) -> Curve | None:
    """Return the receiver operating characteristic of a class [1]_.

    Its area is the probability that a picture of the class scores higher than another one; ties
    count half.

    Parameters
    ----------
    scored : ScoredPictures
    number : int
        Index of the class in `scored.labels`.

    Returns
    -------
    Curve or None
        None unless there are pictures of the class and of others.

    References
    ----------
    .. [1] Fawcett, T. 2006, "An introduction to ROC analysis", Pattern Recognit. Lett. 27, 861.
    """
    n_found, n_answered, n_shown = _count_above_thresholds(scored, number)
    n_others = len(scored) - n_shown
    if not n_shown or not n_others:
        return None
    x = np.r_[0, n_answered - n_found] / n_others
    y = np.r_[0, n_found] / n_shown
    return Curve(scored.labels[number], x, y, float(np.trapezoid(y, x)))


def compute_precision_recall(scored: ScoredPictures, number: int) -> Curve | None:
    """Return precision against recall of a class, with the average precision as its area.

    Parameters
    ----------
    scored : ScoredPictures
    number : int
        Index of the class in `scored.labels`.

    Returns
    -------
    Curve or None
        None without pictures of the class. The precision holds up to the next point, so the
        area is not that below straight lines, which would be too large [1]_.

    References
    ----------
    .. [1] Davis, J., Goadrich, M. 2006, "The relationship between precision-recall and ROC
       curves", ICML, 233.
    """
    n_found, n_answered, n_shown = _count_above_thresholds(scored, number)
    if not n_shown:
        return None
    recall, precision = n_found / n_shown, n_found / n_answered
    area = float((np.diff(recall, prepend=0) * precision).sum())
    return Curve(scored.labels[number], np.r_[0, recall], np.r_[precision[0], precision], area)


def _count_above_thresholds(
    scored: ScoredPictures, number: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Count pictures with at least each score that occurs, the highest first.

    Returns
    -------
    n_found, n_answered : ndarray of int, (n_thresholds,)
        Pictures of the class, and of any class.
    n_shown : int
        Pictures of the class in all.
    """
    scores = scored.scores[:, number]
    order = np.argsort(-scores, kind="stable")
    is_shown = (scored.classes == number)[order]
    is_last_of_ties = np.r_[np.diff(scores[order]) != 0, True][: len(order)]
    n_found = np.cumsum(is_shown)[is_last_of_ties]
    n_answered = np.flatnonzero(is_last_of_ties) + 1
    return n_found, n_answered, int(is_shown.sum())
