"""The last layer, as arrays: features to a score for every class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Head:
    """A softmax on features.

    Attributes
    ----------
    weights : ndarray of float32, (n_features, n_labels)
    bias : ndarray of float32, (n_labels,)
    temperature : float
        Scores are softmax(logits / temperature); above 1 they are less sure.
    """

    weights: np.ndarray
    bias: np.ndarray
    temperature: float = 1.0

    def compute_logits(self, features: np.ndarray) -> np.ndarray:
        """Map features, (..., n_features), to logits, (..., n_labels), before the temperature."""
        logits: np.ndarray = features @ self.weights + self.bias
        return logits

    def compute_scores(self, features: np.ndarray) -> np.ndarray:
        """Map features in several views to scores.

        Parameters
        ----------
        features : ndarray of float32, (n_pictures, n_views, n_features)

        Returns
        -------
        ndarray of float32, (n_pictures, n_labels)
            Mean over the views of the softmax; each row adds up to 1.
        """
        return softmax(self.compute_logits(features) / self.temperature).mean(axis=1)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return exp(logits) over its sum along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    scores: np.ndarray = shifted / shifted.sum(axis=-1, keepdims=True)
    return scores
