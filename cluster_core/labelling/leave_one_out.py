"""A head that is fitted to a few labelled pictures in milliseconds, and judged without a test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.model.head.head import softmax

# Share of the mean squared length of the features; chosen by `python -m benchmarks.labelling`.
RIDGE = 1.0
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

    Both are in closed form. Ridge regression is solved in its primal or in its dual form [1]_,
    whichever inverts the smaller matrix; both give the same head. The residual of a picture that
    is left out is its residual over one minus its leverage, which is its dual coefficient over
    the diagonal of the inverse [2]_.

    Parameters
    ----------
    features : ndarray of float32, (n_labelled, n_features)
        From `standardise`.
    classes : ndarray of int, (n_labelled,)
        Index of each picture's class.
    n_classes : int

    References
    ----------
    .. [1] Saunders, C., Gammerman, A., Vovk, V. 1998, "Ridge regression learning algorithm in dual
       variables", ICML, 515.
    .. [2] Rifkin, R., Lippert, R. A. 2007, "Notes on regularized least squares", MIT CSAIL
       Technical Report 2007-025.
    """
    counts = np.bincount(classes, minlength=n_classes)
    weight_of_class = len(classes) / np.maximum(1, counts * np.count_nonzero(counts))
    roots = np.sqrt(weight_of_class[classes])[:, np.newaxis]
    rows = np.hstack([features, np.ones((len(features), 1))]).astype(np.float64) * roots
    targets = np.where(classes[:, np.newaxis] == np.arange(n_classes), 1.0, -1.0)
    ridge = RIDGE * float(np.einsum("ij,ij->", rows, rows)) / len(rows)
    if len(rows) <= rows.shape[1]:
        inverse = _invert_with_ridge(rows @ rows.T, ridge)
        dual = inverse @ (roots * targets)
        weights = rows.T @ dual
        residuals = dual / np.diag(inverse)[:, np.newaxis]
    else:
        projected = rows @ _invert_with_ridge(rows.T @ rows, ridge)
        weights = projected.T @ (roots * targets)
        leverages = np.einsum("ij,ij->i", projected, rows)[:, np.newaxis]
        residuals = (roots * targets - rows @ weights) / (1 - leverages)
    return LeaveOneOutHead(weights, targets - residuals / roots)


def _invert_with_ridge(gram: np.ndarray, ridge: float) -> np.ndarray:
    gram[np.diag_indices_from(gram)] += ridge
    inverse: np.ndarray = np.linalg.inv(gram)
    return inverse
