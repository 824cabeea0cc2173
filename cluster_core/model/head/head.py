"""The head, as arrays: it maps features to one score per class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Head:
    """A linear softmax classifier on bottleneck features.

    Attributes
    ----------
    weights : ndarray of float32, (n_features, n_labels)
    bias : ndarray of float32, (n_labels,)
    temperature : float
        Divisor of the logits before the softmax, greater than 0; above 1 it makes
        scores less certain.
    """

    weights: np.ndarray
    bias: np.ndarray
    temperature: float = 1.0

    def compute_logits(self, features: np.ndarray) -> np.ndarray:
        """Map features to logits, without the temperature.

        Parameters
        ----------
        features : ndarray of float32, (..., n_features)

        Returns
        -------
        ndarray of float32, (..., n_labels)
        """
        logits: np.ndarray = features @ self.weights + self.bias
        return logits

    def compute_scores(self, features: np.ndarray) -> np.ndarray:
        """Map features of one or more views per picture to scores.

        Parameters
        ----------
        features : ndarray of float32, (n_pictures, n_views, n_features)

        Returns
        -------
        ndarray of float32, (n_pictures, n_labels)
            Mean of the softmax over the views; each row adds up to 1.
        """
        return softmax(self.compute_logits(features) / self.temperature).mean(axis=1)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the softmax along the last axis, safe from overflow.

    Parameters
    ----------
    logits : ndarray of float, (..., n_labels)

    Returns
    -------
    ndarray of float, (..., n_labels)
        exp(logits) divided by its sum; same dtype as `logits`.
    """
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    scores: np.ndarray = shifted / shifted.sum(axis=-1, keepdims=True)
    return scores
