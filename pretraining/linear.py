"""A linear head on fixed features: logistic regression between two classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.integer]
NEWTON_STEPS = 12


@dataclass(frozen=True)
class LinearHead:
    """A fitted logistic regression.

    Attributes
    ----------
    centre, spread : ndarray of shape (n_features,)
        Mean and standard deviation by which features are standardised.
    weights : ndarray of shape (n_features + 1,)
        Weights of the standardised features, then the bias.
    """

    centre: Floats
    spread: Floats
    weights: Floats

    def logit(self, features: Floats) -> Floats:
        """Return the log odds of class 1.

        Parameters
        ----------
        features : ndarray of shape (..., n_features)

        Returns
        -------
        ndarray of shape (...)
        """
        standard = (features - self.centre) / self.spread
        return standard @ self.weights[:-1] + self.weights[-1]


def fit_linear(
    features: Floats, labels: Integers, penalty: float = 30.0, weights: Floats | None = None
) -> LinearHead:
    """Fit a logistic regression by Newton's method, with both classes weighted equally.

    Parameters
    ----------
    features : ndarray of shape (n, n_features)
        One row per view.
    labels : ndarray of shape (n,)
        0 or 1; both must occur.
    penalty : float
        Weight of the L2 penalty, relative to a loss that is summed over the rows.
    weights : ndarray of shape (n,), optional
        Weight of each row, 1 by default.

    Returns
    -------
    LinearHead
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
        score = sigmoid(x @ slopes)
        gradient = x.T @ (balance * (score - labels)) + ridge * slopes
        hessian = (x * (balance * score * (1 - score) + 1e-6)[:, None]).T @ x + np.diag(ridge)
        slopes = slopes - np.linalg.solve(hessian, gradient)
    return LinearHead(centre, spread, slopes)


def sigmoid(logit: Floats) -> Floats:
    """Return probabilities, 0 to 1, from log odds of any shape."""
    return 1.0 / (1.0 + np.exp(-np.clip(logit, -40.0, 40.0)))


def score_balanced(labels: Integers, scores: Floats) -> float:
    """Return the balanced accuracy: the mean accuracy of the two classes.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        0 or 1; both must occur.
    scores : ndarray of shape (n,)
        Scores of class 1, 0 to 1; above 0.5 is an answer of 1.

    Returns
    -------
    float
        0 to 1.
    """
    answers = scores > 0.5
    return float(np.mean([np.mean(answers[labels == label] == label) for label in (0, 1)]))
