"""The distance of pictures to classes, which are normal distributions of one shape."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

# Share of the mean variance that is added to every direction: a few pictures do not tell it.
SHRINKAGE = 0.3
# As many are saved; others hardly matter.
MAX_AXES = 128
_TINY = 1e-9


@dataclass(frozen=True)
class ClassShapes:
    """The means of classes, and the directions in which pictures of one class differ.

    Attributes
    ----------
    means : ndarray of float32, (n_classes, n_features)
        Mean of each class, of features of length 1.
    axes : ndarray of float32, (n_axes, n_features)
        Orthogonal directions of lengths up to 1. A deviation along one of them counts less by
        the square of its length.
    unit : float
        The squared deviation that counts as 1 where the pictures of a class hardly differ; above 0.
    """

    means: np.ndarray
    axes: np.ndarray
    unit: float

    def measure_squared(self, features: np.ndarray) -> np.ndarray:
        """Return the squared Mahalanobis distance to the nearest class.

        Parameters
        ----------
        features : ndarray of float64, (n_pictures, n_features)

        Returns
        -------
        ndarray of float64, (n_pictures,)

        References
        ----------
        .. [1] Lee, K. et al. 2018, "A simple unified framework for detecting out-of-distribution
           samples and adversarial attacks", NeurIPS.
        """
        points = scale_to_length_1(features)
        nearest = np.full(len(points), np.inf)
        for mean in self.means.astype(float):
            deviation = points - mean
            squared = (deviation**2).sum(axis=1) - ((deviation @ self.axes.T) ** 2).sum(axis=1)
            nearest = np.minimum(nearest, squared)
        return np.maximum(nearest, 0.0) / self.unit

    def truncate(self) -> ClassShapes:
        """Return the shapes with only the `MAX_AXES` most important axes."""
        return replace(self, axes=self.axes[:MAX_AXES])

    def whiten(self, points: np.ndarray) -> np.ndarray:
        """Map points so that their squared distances are `unit` times those of Mahalanobis.

        Parameters
        ----------
        points : ndarray of float64, (n_points, n_features)
            Of length 1, or means of such points.

        Returns
        -------
        ndarray of float64, (n_points, n_features)
        """
        axes = self.axes.astype(float)
        # An axis shrinks to sqrt(1 - length ** 2).
        left = np.sqrt(np.maximum(1 - (axes**2).sum(axis=1), 0.0))
        whitened: np.ndarray = points - (points @ axes.T / (1 + left)) @ axes
        return whitened


def fit_shapes(
    features: np.ndarray, classes: np.ndarray, weights: np.ndarray | None = None
) -> ClassShapes:
    """Fit the means of classes and their common covariance, which is shrunk to a sphere.

    Parameters
    ----------
    features : ndarray of float, (n_pictures, n_features)
        At least one picture.
    classes : ndarray of int, (n_pictures,)
        The class of each picture.
    weights : ndarray of float, (n_pictures,), optional
        Weight of each picture; 1 by default.

    Returns
    -------
    ClassShapes
    """
    points = scale_to_length_1(features.astype(float))
    weights = np.ones(len(points)) if weights is None else weights / weights.mean()
    deviations = np.empty_like(points)
    means = []
    for label in np.unique(classes):
        members = classes == label
        means.append(np.average(points[members], axis=0, weights=weights[members]))
        deviations[members] = points[members] - means[-1]
    deviations *= np.sqrt(weights)[:, np.newaxis]
    variances, directions = _find_axes(deviations)
    unit = max(SHRINKAGE * (deviations**2).sum() / deviations.size, _TINY)
    lengths = np.sqrt(variances / (variances + unit))
    axes = (directions * lengths[:, np.newaxis]).astype(np.float32)
    return ClassShapes(np.array(means, np.float32), axes, float(unit))


def _find_axes(deviations: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the variances, descending, and their directions (n_axes, n_features)."""
    n_pictures, n_features = deviations.shape
    is_wide = n_pictures < n_features
    products = deviations @ deviations.T if is_wide else deviations.T @ deviations
    variances, columns = np.linalg.eigh(products / n_pictures)
    order = np.argsort(-variances)[: np.count_nonzero(variances > _TINY * variances.max())]
    variances, columns = variances[order], columns[:, order]
    if is_wide:  # from the pictures to the features
        columns = deviations.T @ columns / np.sqrt(n_pictures * variances)
    return variances, columns.T


def scale_to_length_1(features: np.ndarray) -> np.ndarray:
    """Return features of length 1, or 0 without any: float64, of the same shape."""
    scaled: np.ndarray = features / (np.linalg.norm(features, axis=-1, keepdims=True) + _TINY)
    return scaled
