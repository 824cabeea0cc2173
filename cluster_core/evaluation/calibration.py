"""Make scores mean what they say: fit the temperature on validation pictures."""

from __future__ import annotations

import numpy as np

from cluster_core.model.head.head import softmax

# As sure of a temperature near 1 as some ten pictures would make it: a handful of
# validation pictures, all right, must not turn every score into a certainty.
PRIOR_SPREAD = 0.5
TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(10), 400))


def fit_temperature(logits: np.ndarray, classes: np.ndarray) -> float:
    """Return the temperature under which the true classes are likeliest.

    Parameters
    ----------
    logits : ndarray of float, (n_pictures, n_views, n_labels)
        Of pictures that were not trained on.
    classes : ndarray of int, (n_pictures,)
        What they show.

    Returns
    -------
    float
        0.2 to 10. The logarithm of the temperature has a normal prior around 0,
        so that without pictures it is 1.

    References
    ----------
    .. [1] C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    losses = [
        np.log(temperature) ** 2 / (2 * PRIOR_SPREAD**2)
        - np.log(_score_of_truth(logits, classes, temperature)).sum()
        for temperature in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def _score_of_truth(logits: np.ndarray, classes: np.ndarray, temperature: float) -> np.ndarray:
    scores = softmax(logits.astype(np.float64) / temperature).mean(axis=1)
    return np.maximum(scores[np.arange(len(classes)), classes], 1e-12)
