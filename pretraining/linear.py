"""A linear head on fixed features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
NEWTON_STEPS = 12


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
    features: Floats, labels: Floats, penalty: float = 30.0, weights: Floats | None = None
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
    weights : ndarray of shape (n,), optional
        How much each row counts; 1 if not given.
    """
    counts = np.ones(len(labels)) if weights is None else weights
    centre = np.average(features, axis=0, weights=counts)
    spread = np.sqrt(np.average((features - centre) ** 2, axis=0, weights=counts)) + 1e-3
    x = np.concatenate([(features - centre) / spread, np.ones((len(features), 1))], axis=1)
    share = np.average(labels, weights=counts)
    balance = counts * np.where(labels == 1, 0.5 / share, 0.5 / (1.0 - share))
    ridge = np.full(x.shape[1], penalty)
    ridge[-1] = 1e-3
    slopes = np.zeros(x.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = sigmoid(x @ slopes)
        gradient = x.T @ (balance * (chance - labels)) + ridge * slopes
        curve = (x * (balance * chance * (1 - chance) + 1e-6)[:, None]).T @ x + np.diag(ridge)
        slopes = slopes - np.linalg.solve(curve, gradient)
    return LinearHead(centre, spread, slopes)


def sigmoid(logit: Floats) -> Floats:
    """Return probabilities from log odds."""
    return 1.0 / (1.0 + np.exp(-np.clip(logit, -40.0, 40.0)))


def score_balanced(labels: Floats, chance: Floats) -> float:
    """Return the mean over the two classes of the share that is right."""
    said = chance > 0.5
    return float(np.mean([np.mean(said[labels == label] == label) for label in (0, 1)]))
