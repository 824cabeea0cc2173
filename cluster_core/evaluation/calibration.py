"""Calibrate scores by fitting the temperature on validation pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.evaluation.intervals import compute_wilson_interval

# Standard deviation of the prior of log(temperature). It counts as much as about ten pictures:
# a handful of correct validation pictures must not turn every score into a certainty.
PRIOR_SPREAD = 0.5
TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(10), 400))

# Numbers in memory at a time.
_MAX_NUMBERS = 1_000_000

# Bins of a reliability diagram: at most ten, and with fewer pictures their accuracy is noise.
MAX_BINS, PICTURES_PER_BIN = 10, 10
MIN_PICTURES = 20


@dataclass(frozen=True)
class ReliabilityBin:
    """Pictures with similar scores.

    Attributes
    ----------
    n, n_right : int
        Number of pictures, and of those answered correctly.
    score : float
        Mean score of their answers, 0 to 1.
    """

    n: int
    n_right: int
    score: float

    @property
    def accuracy(self) -> float:
        """Share of correct answers, 0 to 1; equal to `score` if scores are calibrated."""
        return self.n_right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the accuracy, 0 to 1."""
        return compute_wilson_interval(self.n_right, self.n)


@dataclass(frozen=True)
class Calibration:
    """How far scores can be taken at their word.

    Attributes
    ----------
    bins : tuple of ReliabilityBin
        From the lowest scores to the highest.
    expected_error : float
        Expected calibration error: the mean difference between score and accuracy, 0 to 1.
    brier : float
        Brier score: half the mean squared distance of the scores from the truth, 0 (perfect) to 1.
    """

    bins: tuple[ReliabilityBin, ...]
    expected_error: float
    brier: float


def measure_calibration(scores: np.ndarray, classes: np.ndarray) -> Calibration | None:
    """Compare scores with how often the answers are right.

    Parameters
    ----------
    scores : ndarray of float, (n_pictures, n_labels)
    classes : ndarray of int, (n_pictures,)
        Index of each picture's true class.

    Returns
    -------
    Calibration or None
        With bins of equal numbers of pictures [1]_; None for fewer than `MIN_PICTURES`.

    References
    ----------
    .. [1] Nguyen, K., O'Connor, B. 2015, "Posterior calibration and exploratory analysis for
       natural language processing models", EMNLP, 1587.
    .. [2] Brier, G. W. 1950, "Verification of forecasts expressed in terms of probability",
       Mon. Weather Rev. 78, 1.
    """
    n = len(classes)
    if n < MIN_PICTURES:
        return None
    best, is_right = scores.max(axis=1), scores.argmax(axis=1) == classes
    order = np.argsort(best, kind="stable")
    bins = tuple(
        ReliabilityBin(len(rows), int(is_right[rows].sum()), float(best[rows].mean()))
        for rows in np.array_split(order, min(MAX_BINS, n // PICTURES_PER_BIN))
    )
    error = sum(one.n * abs(one.accuracy - one.score) for one in bins) / n
    truth = classes[:, np.newaxis] == np.arange(scores.shape[1])
    return Calibration(bins, error, float(np.square(scores - truth).sum(axis=1).mean() / 2))


def fit_temperature(logits: np.ndarray, classes: np.ndarray) -> float:
    """Return the most probable temperature, by temperature scaling [1]_ with a prior.

    Parameters
    ----------
    logits : ndarray of float, (n_pictures, n_views, n_labels)
        Logits of pictures that the head was not trained on.
    classes : ndarray of int, (n_pictures,)
        Index of each picture's label.

    Returns
    -------
    float
        0.2 to 10. The logarithm of the temperature has a normal prior around 0,
        so without pictures the temperature is 1.

    References
    ----------
    .. [1] Guo, C., Pleiss, G., Sun, Y., Weinberger, K. Q. 2017, "On calibration of modern
       neural networks", ICML.
    """
    return _choose_temperature(_compute_log_scores(logits, classes))


def fit_fold_temperatures(logits: np.ndarray, classes: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return for each picture the temperature that fits the pictures of the other folds.

    Parameters
    ----------
    logits : ndarray of float, (n_pictures, n_labels)
        Logits of each picture, by a head that was not trained on its fold.
    classes, folds : ndarray of int, (n_pictures,)
        Index of each picture's label, and of its fold.

    Returns
    -------
    ndarray of float, (n_pictures,)
        0.2 to 10. A picture's own label has no part in it.
    """
    log_scores = _compute_log_scores(logits[:, np.newaxis], classes)
    by_fold = [_choose_temperature(log_scores[:, folds != n]) for n in range(folds.max() + 1)]
    return np.array(by_fold)[folds]


def _compute_log_scores(logits: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the logarithm of the true class's score: float64, (n_temperatures, n_pictures)."""
    own = np.take_along_axis(logits, classes[:, np.newaxis, np.newaxis], axis=2)
    excess = logits.astype(np.float64) - own
    temperatures = TEMPERATURES[:, np.newaxis, np.newaxis, np.newaxis]
    found = [np.empty((len(TEMPERATURES), 0))]
    n_at_once = max(1, _MAX_NUMBERS // max(1, len(TEMPERATURES) * logits[:1].size))
    for start in range(0, len(logits), n_at_once):
        with np.errstate(over="ignore"):  # a score of 0
            odds = np.exp(excess[start : start + n_at_once] / temperatures).sum(axis=3)
        found.append((1 / odds).mean(axis=2))
    return np.log(np.maximum(np.concatenate(found, axis=1), 1e-12))


def _choose_temperature(log_scores: np.ndarray) -> float:
    prior = np.log(TEMPERATURES) ** 2 / (2 * PRIOR_SPREAD**2)
    return float(TEMPERATURES[np.argmin(prior - log_scores.sum(axis=1))])
