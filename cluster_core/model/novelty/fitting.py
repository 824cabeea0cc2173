"""Fit a novelty detector to the features of training pictures."""

from __future__ import annotations

import numpy as np

from cluster_core.model.novelty.detector import NoveltyDetector, measure_distance, project

N_NEIGHBOURS = 5
MAX_DIMENSIONS = 64
MAX_REFERENCES = 2000
# Share of the training and validation pictures that may be taken for none of the classes.
LOST_SHARE = 0.05
THRESHOLD = 0.5
N_FOLDS = 5
MIN_PICTURES = 10


def fit_novelty(
    features: np.ndarray, counter_examples: np.ndarray | None = None
) -> NoveltyDetector | None:
    """Fit a detector of pictures that belong to none of the classes.

    Its threshold is found by cross-validation: each picture is measured by a detector that does
    not know it.

    Parameters
    ----------
    features : ndarray of float32, (n_pictures, n_views, n_features)
        Training and validation pictures of the classes.
    counter_examples : ndarray of float32, (n_pictures, n_views, n_features), optional
        Pictures that belong to none of the classes.

    Returns
    -------
    NoveltyDetector or None
        None for fewer than `MIN_PICTURES` pictures, from which nothing can be learned.
    """
    if len(features) < MIN_PICTURES:
        return None
    order = np.random.default_rng(0).permutation(len(features))[:MAX_REFERENCES]
    means = features[order].mean(axis=1, keepdims=True)
    distances = []
    for fold in range(N_FOLDS):
        is_left_out = np.arange(len(means)) % N_FOLDS == fold
        projection = _fit_projection(means[~is_left_out])
        references = project(means[~is_left_out], projection)
        points = project(means[is_left_out], projection)
        distances.append(measure_distance(points, references, N_NEIGHBOURS))
    half_distance = max(float(np.quantile(np.concatenate(distances), 1 - LOST_SHARE)), 1e-6)
    projection = _fit_projection(means)
    references = project(means, projection).astype(np.float32)
    return NoveltyDetector(projection, references, N_NEIGHBOURS, half_distance, THRESHOLD)


def _fit_projection(features: np.ndarray) -> np.ndarray:
    """Return principal components, scaled to a standard deviation of 1, and the offset."""
    means = features.astype(float).mean(axis=1)
    centre = means.mean(axis=0)
    _, spread, axes = np.linalg.svd(means - centre, full_matrices=False)
    spread = spread[:MAX_DIMENSIONS] / np.sqrt(len(means))
    # Directions in which the pictures hardly differ must not become all that counts.
    scaled = axes[:MAX_DIMENSIONS].T / np.maximum(spread, max(1e-2 * spread[0], 1e-9))
    return np.vstack([scaled, -centre @ scaled]).astype(np.float32)
