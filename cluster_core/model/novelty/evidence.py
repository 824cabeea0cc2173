"""The odds that a picture is none of the classes, learned from pictures that are none of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEWTON_STEPS = 8
# Change of the log odds of a picture at which the steps end.
CLOSE_ENOUGH = 1e-5
# Share of the mean squared length of the features.
PLAIN_PRECISION = 1e-3
# So many new pictures count as much as all that was known before; no number of them counts more.
PRIOR_PICTURES = 100


@dataclass(frozen=True)
class EvidencePrior:
    """What is known of the odds before there are pictures: a normal distribution of their weights.

    It is the Laplace approximation of a logistic regression on earlier pictures, and stands in
    for these when new ones are learned.

    Attributes
    ----------
    log_odds : ndarray of float64, (n_features + 1,)
        The likeliest weights, and the bias.
    precision : ndarray of float64, (n_features + 1, n_features + 1)
        Second derivatives of the mean loss of the earlier pictures.

    References
    ----------
    .. [1] MacKay, D. J. C. 1992, "The evidence framework applied to classification networks",
       Neural Comput. 4, 720.
    """

    log_odds: np.ndarray
    precision: np.ndarray


@dataclass(frozen=True)
class EvidenceFit:
    """Odds that were learned, and what each picture of the classes had to do with them.

    Attributes
    ----------
    log_odds : ndarray of float64, (n_features + 1,)
        The weights, and the bias.
    rows : ndarray of float64, (n_rows, n_features + 1)
        The views of the pictures of the classes, with a last column for the bias.
    slopes, curvatures : ndarray of float64, (n_rows,)
        First and second derivatives of each row's loss by its log odds.
    curvature : ndarray of float64, (n_features + 1, n_features + 1)
        Second derivatives of the whole loss by `log_odds`.
    """

    log_odds: np.ndarray
    rows: np.ndarray
    slopes: np.ndarray
    curvatures: np.ndarray
    curvature: np.ndarray


def make_plain_prior(features: np.ndarray) -> EvidencePrior:
    """Return the prior where no other pictures are known: weights near 0.

    Parameters
    ----------
    features : ndarray of float, (n_pictures, n_features)
        Pictures of the classes, for the scale of their features.
    """
    scale = max(float((features**2).sum(axis=1).mean()), 1e-6)
    n_weights = features.shape[1] + 1
    return EvidencePrior(np.zeros(n_weights), PLAIN_PRECISION * scale * np.eye(n_weights))


def compute_log_odds(features: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """Return the log odds that pictures are none of the classes.

    Parameters
    ----------
    features : ndarray of float64, (..., n_features)
    log_odds : ndarray of float, (n_features + 1,)
        The weights, and the bias.

    Returns
    -------
    ndarray of float64, (...)
    """
    odds: np.ndarray = features @ log_odds[:-1] + log_odds[-1]
    return odds


def fit_log_odds(
    prior: EvidencePrior, known: np.ndarray, counter_examples: np.ndarray | None
) -> EvidenceFit:
    """Learn the odds from pictures, starting from a prior, by Newton's method.

    Parameters
    ----------
    prior : EvidencePrior
    known : ndarray of float32, (n_pictures, n_views, n_features)
        Pictures of the classes.
    counter_examples : ndarray of float32, (n_counter_examples, n_views, n_features), or None
        Pictures of none of the classes.
    """
    rows, weights = _weigh(known)
    n_known, targets = len(rows), np.zeros(len(rows))
    if counter_examples is not None and len(counter_examples):
        others, their_weights = _weigh(counter_examples)
        rows = np.concatenate([rows, others])
        weights = np.concatenate([weights, their_weights])
        targets = np.concatenate([targets, np.ones(len(others))])
    slopes = prior.log_odds.copy()
    for _ in range(NEWTON_STEPS):
        odds = 1 / (1 + np.exp(-np.clip(rows @ slopes, -50, 50)))
        gradient = prior.precision @ (slopes - prior.log_odds)
        gradient += rows.T @ (weights * (odds - targets))
        curvature = (rows * (weights * odds * (1 - odds))[:, np.newaxis]).T @ rows
        curvature += prior.precision
        step = np.linalg.solve(curvature, gradient)
        slopes = slopes - step
        if np.abs(rows @ step).max() < CLOSE_ENOUGH:
            break
    odds, weights = odds[:n_known], weights[:n_known]
    return EvidenceFit(
        slopes, rows[:n_known], weights * odds, weights * odds * (1 - odds), curvature
    )


def _weigh(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a row for each view, with a last column for the bias, and the rows' weights."""
    n_pictures, n_views, n_features = features.shape
    rows = features.reshape(-1, n_features).astype(float)
    total = min(n_pictures / PRIOR_PICTURES, 1.0)
    weights = np.full(len(rows), total / max(n_pictures * n_views, 1))
    return np.hstack([rows, np.ones((len(rows), 1))]), weights
