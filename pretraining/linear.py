"""A linear head on fixed features, alone or as a correction of the starter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class LinearHead:
    """Logistic regression between two classes.

    Attributes
    ----------
    centre, spread : ndarray of shape (n_features,)
        What makes features standard.
    weights : ndarray of shape (n_features + 1,)
        The last is the bias.
    """

    centre: Floats
    spread: Floats
    weights: Floats

    def logit(self, features: Floats) -> Floats:
        """Return log odds of class 1; shape (..., n_features) becomes (...)."""
        standard = (features - self.centre) / self.spread
        return standard @ self.weights[:-1] + self.weights[-1]


def fit_linear(
    features: Floats, labels: Floats, penalty: float = 30.0, offset: Floats | None = None
) -> LinearHead:
    """Fit by Newton's method; both classes weigh the same.

    Parameters
    ----------
    features : ndarray of shape (n, n_features)
        One row a view.
    labels : ndarray of shape (n,)
        0 or 1.
    penalty : float
        Of the squared weights, against a sum over the rows.
    offset : ndarray of shape (n,), optional
        Log odds to start from, as a prior: the head then learns only a correction.
    """
    centre, spread = features.mean(0), features.std(0) + 1e-3
    x = np.concatenate([(features - centre) / spread, np.ones((len(features), 1))], axis=1)
    start = np.zeros(len(features)) if offset is None else offset
    balance = np.where(labels == 1, 0.5 / np.mean(labels == 1), 0.5 / np.mean(labels == 0))
    ridge = np.full(x.shape[1], penalty)
    ridge[-1] = penalty if offset is not None else 1e-3
    weights = np.zeros(x.shape[1])
    for _ in range(12):
        chance = sigmoid(x @ weights + start)
        slope = x.T @ (balance * (chance - labels)) + ridge * weights
        curve = (x * (balance * chance * (1 - chance) + 1e-6)[:, None]).T @ x + np.diag(ridge)
        weights = weights - np.linalg.solve(curve, slope)
    return LinearHead(centre, spread, weights)


def sigmoid(logit: Floats) -> Floats:
    """Return probabilities from log odds."""
    return 1.0 / (1.0 + np.exp(-np.clip(logit, -40.0, 40.0)))


def score_balanced(labels: Floats, chance: Floats) -> float:
    """Return the mean over the two classes of the share that is right."""
    said = chance > 0.5
    return float(np.mean([np.mean(said[labels == label] == label) for label in (0, 1)]))
