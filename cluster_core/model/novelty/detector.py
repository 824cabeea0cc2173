"""Measure how unlike the training pictures a picture is, from its features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NoveltyDetector:
    """Measures novelty by the distance to the nearest training pictures.

    Attributes
    ----------
    projection : ndarray of float32, (n_features + 1, n_dimensions)
        Maps features to the space in which distances are measured; the last row is added.
    references : ndarray of float32, (n_references, n_dimensions)
        Training pictures in that space.
    n_neighbours : int
        Number of nearest references whose mean distance counts.
    half_distance : float
        The distance at which novelty is 0.5; above 0.
    threshold : float
        A picture of a higher novelty is none of the classes; 0 to 1.

    References
    ----------
    .. [1] Sun, Y. et al. 2022, "Out-of-distribution detection with deep nearest neighbors",
       ICML.
    """

    projection: np.ndarray
    references: np.ndarray
    n_neighbours: int
    half_distance: float
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
        distance = measure_distance(
            project(features, self.projection), self.references, self.n_neighbours
        )
        return to_novelty(distance, self.half_distance)


def project(features: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """Return pictures as points: the mean over their views, float64 (n_pictures, n_dimensions)."""
    # In float64, because the numbers of a malicious model could overflow.
    points: np.ndarray = features.mean(axis=1, dtype=float) @ projection[:-1] + projection[-1]
    return points


def measure_distance(points: np.ndarray, references: np.ndarray, n_neighbours: int) -> np.ndarray:
    """Return the mean distance of points to their nearest references.

    Parameters
    ----------
    points : ndarray of float, (n_points, n_dimensions)
    references : ndarray of float, (n_references, n_dimensions)
    n_neighbours : int
        Number of references in the mean; all, if there are fewer.

    Returns
    -------
    ndarray of float64, (n_points,)
    """
    squared = (points**2).sum(1)[:, np.newaxis] - 2 * points @ references.T
    squared += (references.astype(float) ** 2).sum(1)
    n_nearest = max(1, min(n_neighbours, len(references)))
    nearest = np.partition(squared, n_nearest - 1, axis=1)[:, :n_nearest]
    distances: np.ndarray = np.sqrt(np.maximum(nearest, 0)).mean(axis=1)
    return distances


def to_novelty(distance: np.ndarray, half_distance: float) -> np.ndarray:
    """Map distances, 0 or more, to 0 to 1; `half_distance` becomes 0.5."""
    squared = distance**2
    novelty: np.ndarray = squared / (squared + half_distance**2)
    return novelty
