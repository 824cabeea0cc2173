"""How accurate the labels of the rest of a queue would be, estimated from the labels so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.evaluation.intervals import compute_score_interval

N_STRATA = 5
# With fewer labels of each class the estimate says nothing.
MIN_PER_CLASS = 3
MIN_LABELS = 10


@dataclass(frozen=True)
class AccuracyEstimate:
    """What the labels so far say about a head that learned from them.

    Attributes
    ----------
    n_labels : int
        Number of pictures with a class.
    accuracy : float
        Estimated share of the other pictures that the head labels correctly, 0 to 1.
    low, high : float
        Bounds of its 95 % confidence interval.
    on_labelled : float
        Share of the labelled pictures that a head labels correctly which learned from all
        others. It is lower, because the hardest pictures are labelled first.
    """

    n_labels: int
    accuracy: float
    low: float
    high: float
    on_labelled: float


def estimate_accuracy(
    left_out: np.ndarray, classes: np.ndarray, outputs: np.ndarray
) -> AccuracyEstimate:
    """Estimate the accuracy on pictures without a label, by cross-validation.

    Pictures are labelled in the order of their uncertainty, so those with a label are harder than
    the others. Their leave-one-out accuracy is therefore taken in five strata, by the margin
    between the two highest outputs, and the strata are weighted by their shares of the others
    (post-stratification [1]_). The interval is Wilson's, for the number of labels that would have
    the same standard error if all pictures were alike.

    Parameters
    ----------
    left_out : ndarray of float, (n_labelled, n_classes)
        Outputs for the labelled pictures, by heads that did not learn from them.
    classes : ndarray of int, (n_labelled,)
        Index of each picture's class.
    outputs : ndarray of float, (n_others, n_classes)
        Outputs for the other pictures; at least one.

    References
    ----------
    .. [1] Holt, D., Smith, T. M. F. 1979, "Post stratification", J. R. Stat. Soc. A 142, 33.
    """
    is_right = left_out.argmax(axis=1) == classes
    bounds = np.quantile(measure_margins(outputs), np.arange(1, N_STRATA) / N_STRATA)
    strata = np.digitize(measure_margins(left_out), bounds)
    counts = np.bincount(strata, minlength=N_STRATA)
    n_right = np.bincount(strata, weights=is_right, minlength=N_STRATA)
    # Half a picture of each kind keeps an empty stratum from having no accuracy at all.
    shares = (n_right + 0.5) / (counts + 1)
    accuracy = float(shares.mean())
    variance = float((shares * (1 - shares) / (counts + 1)).sum()) / N_STRATA**2
    low, high = compute_score_interval(accuracy, accuracy * (1 - accuracy) / variance)
    return AccuracyEstimate(len(classes), accuracy, low, high, float(is_right.mean()))


def measure_margins(outputs: np.ndarray) -> np.ndarray:
    """Return the highest minus the second highest output of each picture: float, (n_pictures,)."""
    highest = np.sort(outputs, axis=1)[:, -2:]
    margins: np.ndarray = highest[:, 1] - highest[:, 0]
    return margins
