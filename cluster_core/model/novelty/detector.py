"""Measure how unlike the training pictures a picture is, from its features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.model.novelty.distance import ClassShapes
from cluster_core.model.novelty.evidence import compute_log_odds

_MIN_SQUARED_DISTANCE = 1e-12
_MAX_EXPONENT = 700.0  # of a float64


@dataclass(frozen=True)
class NoveltyDetector:
    """Measures novelty by the distance to the classes, and by what is known of other pictures.

    Attributes
    ----------
    shapes : ClassShapes
        Where the classes are among the features.
    log_odds : ndarray of float32, (n_features + 1,)
        Weights and bias of the logarithmic odds that a picture is none of the classes; zeros if
        no other pictures are known.
    distance_weight : float
        How much the logarithm of the squared distance counts beside these odds; 0 or more.
    offset : float
        The sum of both at which novelty is 0.5.
    threshold : float
        A picture of a higher novelty is none of the classes; 0 to 1.
    """

    shapes: ClassShapes
    log_odds: np.ndarray
    distance_weight: float
    offset: float
    threshold: float

    def measure(self, features: np.ndarray) -> np.ndarray:
        """Return the novelty of pictures.

        Parameters
        ----------
        features : ndarray of float32, (n_pictures, n_views, n_features)

        Returns
        -------
        ndarray of float64, (n_pictures,)
            From 0, like the training pictures, to 1, nothing like them.
        """
        excess = self.add_up(features) - self.offset
        # In float64 and within its range, because the numbers of a malicious model could overflow.
        novelty: np.ndarray = 1 / (1 + np.exp(-np.clip(excess, -_MAX_EXPONENT, _MAX_EXPONENT)))
        return novelty

    def add_up(self, features: np.ndarray) -> np.ndarray:
        """Return the sum of the weighted distance and the log odds: float64, (n_pictures,).

        Parameters
        ----------
        features : ndarray of float32, (n_pictures, n_views, n_features)
        """
        squared = self.shapes.measure_squared(features.mean(axis=1, dtype=float))
        distance = np.log(np.maximum(squared, _MIN_SQUARED_DISTANCE))
        total: np.ndarray = self.distance_weight * distance
        return total + compute_log_odds(features.astype(float), self.log_odds).mean(axis=1)
