"""Score every picture with a quick head that was fitted without it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cluster_core.evaluation.calibration import fit_temperature
from cluster_core.model.head.head import softmax

N_FOLDS = 5
# Share of the mean squared length of the features.
RIDGE = 0.1
# Bounds the memory for rows in double precision.
_CHUNK = 2048
_SMALLEST_DEVIATION = 1e-6


def draw_folds(
    classes: np.ndarray, groups: np.ndarray, random: np.random.Generator, n_folds: int = N_FOLDS
) -> np.ndarray:
    """Distribute pictures over folds at random: each class evenly, each group in one fold.

    Parameters
    ----------
    classes, groups : ndarray of int, (n_pictures,)
        A group of several classes counts as one of the class of its first picture.
    random : numpy.random.Generator
    n_folds : int

    Returns
    -------
    ndarray of int, (n_pictures,)
        The fold of each picture, from 0 on.
    """
    numbers, first, group_of = np.unique(groups, return_index=True, return_inverse=True)
    fold_of_group = np.empty(len(numbers), int)
    n_placed = 0
    for label in np.unique(classes[first]):
        members = random.permutation(np.flatnonzero(classes[first] == label))
        # Each class begins where the last one ended, which keeps the folds of equal size.
        fold_of_group[members] = (n_placed + np.arange(len(members))) % n_folds
        n_placed += len(members)
    return fold_of_group[group_of]


def break_up_lone(groups: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Give each picture of a class with a single group a group of its own, as `stratify` does.

    A head for such a class, for example one object photographed forty times, could otherwise
    learn from none of its pictures.

    Parameters
    ----------
    groups, classes : ndarray of int, (n_pictures,)
        The group and the class of each picture.

    Returns
    -------
    ndarray of int, (n_pictures,)
    """
    result = groups.copy()
    for label in np.unique(classes):
        members = np.flatnonzero(classes == label)
        if len(np.unique(groups[members])) == 1:
            result[members] = groups.max() + 1 + members
    return result


def compute_out_of_fold_scores(
    features: np.ndarray, classes: np.ndarray, folds: np.ndarray, n_labels: int
) -> np.ndarray:
    """Return each picture's scores by a head that was fitted to the pictures of other folds.

    The head is ridge regression on standardised features [1]_, with the same weight for each
    class. One temperature, fitted to all pictures, turns its outputs into scores.

    Parameters
    ----------
    features : ndarray of float32, (n_pictures, n_features)
        Finite features.
    classes : ndarray of int, (n_pictures,)
        Index of each picture's label.
    folds : ndarray of int, (n_pictures,)
        The fold of each picture, from `draw_folds`.
    n_labels : int
        Number of classes.

    Returns
    -------
    ndarray of float, (n_pictures, n_labels)
        Each row adds up to 1.

    References
    ----------
    .. [1] Rifkin, R., Lippert, R. A. 2007, "Notes on regularized least squares", MIT CSAIL
       Technical Report 2007-025.
    """
    sums = _Sums(features, classes, n_labels)
    whole = sums.over(np.arange(len(classes)))
    logits = np.zeros((len(classes), n_labels))
    for fold in np.unique(folds):
        tested = np.flatnonzero(folds == fold)
        gram, targets = (all_ - its for all_, its in zip(whole, sums.over(tested), strict=True))
        gram[np.diag_indices_from(gram)] += RIDGE * np.trace(gram) / max(1, len(classes))
        weights = np.linalg.solve(gram, targets)
        for rows, chunk in sums.standardise(tested):
            logits[rows] = chunk @ weights
    logits = logits[:, np.newaxis]
    scores: np.ndarray = softmax(logits / fit_temperature(logits, classes))[:, 0]
    return scores


class _Sums:
    """Sums over pictures that ridge regression needs; those of a fold can be subtracted."""

    def __init__(self, features: np.ndarray, classes: np.ndarray, n_labels: int) -> None:
        self._features, self._classes, self._n_labels = features, classes, n_labels
        self._mean = features.mean(axis=0, dtype=np.float64)
        deviation = features.std(axis=0, dtype=np.float64)
        self._scale = 1 / np.maximum(deviation, _SMALLEST_DEVIATION)
        counts = np.bincount(classes, minlength=n_labels)
        self._weights = len(classes) / np.maximum(1, counts * np.count_nonzero(counts))

    def standardise(self, pictures: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield indices of pictures in chunks, with their rows and a last column for the bias."""
        for start in range(0, len(pictures), _CHUNK):
            chunk = pictures[start : start + _CHUNK]
            rows = (self._features[chunk] - self._mean) * self._scale
            yield chunk, np.hstack([rows, np.ones((len(chunk), 1))])

    def over(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the Gram matrix of some pictures, and the products with their targets."""
        n_columns = self._features.shape[1] + 1
        gram = np.zeros((n_columns, n_columns))
        products = np.zeros((n_columns, self._n_labels))
        for chunk, rows in self.standardise(pictures):
            classes = self._classes[chunk]
            weighted = rows * self._weights[classes, np.newaxis]
            gram += weighted.T @ rows
            targets = np.where(classes[:, np.newaxis] == np.arange(self._n_labels), 1.0, -1.0)
            products += weighted.T @ targets
        return gram, products
