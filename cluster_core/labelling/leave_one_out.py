"""A head that is fitted to a few labelled pictures in milliseconds, and judged without a test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.model.head.head import softmax
from cluster_core.model.head.ridge import fit_leaving_one_out

# Share of the mean squared length of the features; chosen by `python -m benchmarks.labelling`.
PENALTY = 1.0
# From outputs near -1 and 1 to logits. No temperature is fitted: a dozen labels cannot tell one.
SHARPNESS = 2.0
_SMALLEST_DEVIATION = 1e-6


def standardise(features: np.ndarray) -> np.ndarray:
    """Return features with mean 0 and deviation 1 over the pictures.

    Parameters
    ----------
    features : ndarray of float, (n_pictures, n_features)
        Finite features of all pictures, also of those without a label.

    Returns
    -------
    ndarray of float32, (n_pictures, n_features)
    """
    mean = features.mean(axis=0, dtype=np.float64)
    deviation = features.std(axis=0, dtype=np.float64)
    standardised = (features - mean) / np.maximum(deviation, _SMALLEST_DEVIATION)
    return standardised.astype(np.float32)


@dataclass(frozen=True)
class LeaveOneOutHead:
    """A ridge regression on standardised features, with the same weight for each class.

    Attributes
    ----------
    weights : ndarray of float, (n_features + 1, n_classes)
        The last row is the bias.
    left_out : ndarray of float, (n_labelled, n_classes)
        Outputs for the pictures it was fitted to, each by the head fitted to all others.
    """

    weights: np.ndarray
    left_out: np.ndarray

    def compute_scores(self, features: np.ndarray) -> np.ndarray:
        """Return the score of each class: float, (n_pictures, n_classes); rows add up to 1."""
        outputs = features @ self.weights[:-1] + self.weights[-1]
        scores: np.ndarray = softmax(SHARPNESS * outputs[:, np.newaxis])[:, 0]
        return scores


def fit_leave_one_out(features: np.ndarray, classes: np.ndarray, n_classes: int) -> LeaveOneOutHead:
    """Fit a head, and score each picture by the head that would result without it.

    Parameters
    ----------
    features : ndarray of float32, (n_labelled, n_features)
        From `standardise`.
    classes : ndarray of int, (n_labelled,)
        Index of each picture's class.
    n_classes : int
    """
    return LeaveOneOutHead(*fit_leaving_one_out(features, classes, n_classes, PENALTY))
