"""Calibrate scores by fitting the temperature on validation pictures."""

from __future__ import annotations

import numpy as np

from cluster_core.model.head.head import softmax

# Standard deviation of the prior of log(temperature). It counts as much as about ten pictures:
# a handful of correct validation pictures must not turn every score into a certainty.
PRIOR_SPREAD = 0.5
TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(10), 400))


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
    losses = [
        np.log(temperature) ** 2 / (2 * PRIOR_SPREAD**2)
        - np.log(_compute_true_scores(logits, classes, temperature)).sum()
        for temperature in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def _compute_true_scores(logits: np.ndarray, classes: np.ndarray, temperature: float) -> np.ndarray:
    """Return the score of each picture's true class: float64, (n_pictures,)."""
    scores = softmax(logits.astype(np.float64) / temperature).mean(axis=1)
    return np.maximum(scores[np.arange(len(classes)), classes], 1e-12)
