"""A head in closed form, and the answers of the heads that were fitted without some pictures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

# Share of the mean squared length of the features. Accuracy hardly depends on it from 0.03 to 1.
PENALTY = 0.1
# Bounds the memory for features in double precision.
_CHUNK = 2048
_SMALLEST_DEVIATION = 1e-6


class RidgeHead:
    """Ridge regression on standardised features, with the same weight for each class.

    A stand-in for the training of a head: it takes milliseconds and needs no TensorFlow. It is
    solved in its primal or in its dual form [1]_, whichever is smaller; both give the same head.

    Parameters
    ----------
    features : ndarray of float32, (n_pictures, n_features)
        Finite features.
    classes : ndarray of int, (n_pictures,)
        Index of each picture's label.
    n_labels : int
        Number of classes.

    References
    ----------
    .. [1] Saunders, C., Gammerman, A., Vovk, V. 1998, "Ridge regression learning algorithm in
       dual variables", Proc. 15th Int. Conf. on Machine Learning, 515.
    """

    def __init__(self, features: np.ndarray, classes: np.ndarray, n_labels: int) -> None:
        n_features = features.shape[1]
        deviations = features.std(axis=0, dtype=np.float64)
        self._features, self._classes = features, classes
        self._mean = features.mean(axis=0, dtype=np.float64)
        self._scale = 1 / (np.maximum(deviations, _SMALLEST_DEVIATION) * np.sqrt(n_features))
        # The squared length of a row: that of the features, and 1 for the bias.
        self._penalty = PENALTY * (float(((deviations * self._scale) ** 2).sum()) + 1)
        self._targets = encode_targets(classes, n_labels)

    def predict(self, learned: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Fit the head to some pictures, and return its outputs for others.

        Parameters
        ----------
        learned, asked : ndarray of int
            Indices of the pictures to learn from, and of those to answer.

        Returns
        -------
        ndarray of float64, (n_asked, n_labels)
            About 1 for the answer and -1 for the other classes.
        """
        weights, targets = balance_classes(self._classes[learned]), self._targets[learned]
        if len(learned) <= len(self._mean) + 1:
            kernel = self._multiply(learned, learned)
            return self._multiply(asked, learned) @ _solve(kernel, self._penalty / weights, targets)
        return self._answer(asked, *self._sum(learned, weights))

    def predict_left_out(self, folds: np.ndarray) -> np.ndarray:
        """Return the outputs for each picture of a head that was fitted to the other folds.

        In the dual form, all of them follow from one inverse [1]_; in the primal form, the sums
        over a fold are subtracted from those over all pictures. Classes are balanced over all
        pictures, so folds should be stratified.

        Parameters
        ----------
        folds : ndarray of int, (n_pictures,)
            The fold of each picture.

        Returns
        -------
        ndarray of float64, (n_pictures, n_labels)

        References
        ----------
        .. [1] An, S., Liu, W., Venkatesh, S. 2007, "Fast cross-validation algorithms for least
           squares support vector machine and kernel ridge regression", Pattern Recognition 40,
           2154.
        """
        outputs = np.empty_like(self._targets)
        for fold in np.unique(folds):
            out = np.flatnonzero(folds == fold)
            if self._has_kernel:
                inverse, fitted = self._inverse
                missed = np.linalg.solve(inverse[np.ix_(out, out)], fitted[out])
                outputs[out] = self._targets[out] - missed
            else:
                its = self._sum(out, self._weights[out])
                rest = (whole - part for whole, part in zip(self._sums, its, strict=True))
                outputs[out] = self._answer(out, *rest)
        return outputs

    @property
    def _has_kernel(self) -> bool:
        return len(self._features) <= len(self._mean) + 1

    @cached_property
    def _weights(self) -> np.ndarray:
        return balance_classes(self._classes)

    @cached_property
    def _kernel(self) -> np.ndarray:
        rows = self._standardise(np.arange(len(self._features)))
        kernel: np.ndarray = rows @ rows.T
        return kernel

    @cached_property
    def _inverse(self) -> tuple[np.ndarray, np.ndarray]:
        """The inverse of the kernel with the penalty, and its product with the targets."""
        inverse = np.linalg.inv(self._kernel + np.diag(self._penalty / self._weights))
        return inverse, inverse @ self._targets

    @cached_property
    def _sums(self) -> tuple[np.ndarray, np.ndarray]:
        return self._sum(np.arange(len(self._features)), self._weights)

    def _standardise(self, pictures: np.ndarray) -> np.ndarray:
        """Return rows in double precision, with a last column for the bias."""
        rows = (self._features[pictures] - self._mean) * self._scale
        return np.hstack([rows, np.ones((len(rows), 1))])

    def _iterate_rows(self, pictures: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        for start in range(0, len(pictures), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            yield chunk, self._standardise(pictures[chunk])

    def _multiply(self, some: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Return the inner products of the rows of pictures."""
        if self._has_kernel:
            return self._kernel[np.ix_(some, others)]
        columns = self._standardise(others).T
        return np.concatenate([rows @ columns for _, rows in self._iterate_rows(some)])

    def _sum(self, pictures: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the Gram matrix of some pictures, and the products with their targets."""
        n_columns = len(self._mean) + 1
        gram, products = np.zeros((n_columns, n_columns)), np.zeros((n_columns, self._n_labels))
        for chunk, rows in self._iterate_rows(pictures):
            weighted = rows * weights[chunk, np.newaxis]
            gram += weighted.T @ rows
            products += weighted.T @ self._targets[pictures[chunk]]
        return gram, products

    def _answer(self, asked: np.ndarray, gram: np.ndarray, products: np.ndarray) -> np.ndarray:
        head = _solve(gram, self._penalty, products)
        return np.concatenate([rows @ head for _, rows in self._iterate_rows(asked)])

    @property
    def _n_labels(self) -> int:
        return self._targets.shape[1]


def fit_leaving_one_out(
    features: np.ndarray, classes: np.ndarray, n_labels: int, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a head to a few pictures, and answer each by the head that would result without it.

    The residual of a picture that is left out is its residual over one minus its leverage, which
    is its dual coefficient over the diagonal of the inverse [1]_.

    Parameters
    ----------
    features : ndarray of float32, (n_pictures, n_features)
        Standardised, over these and perhaps more pictures.
    classes : ndarray of int, (n_pictures,)
        Index of each picture's label.
    n_labels : int
        Number of classes.
    penalty : float
        Share of the mean squared length of the features.

    Returns
    -------
    head : ndarray of float64, (n_features + 1, n_labels)
        The last row is the bias.
    left_out : ndarray of float64, (n_pictures, n_labels)

    References
    ----------
    .. [1] Rifkin, R., Lippert, R. A. 2007, "Notes on regularized least squares", MIT CSAIL
       Technical Report 2007-025.
    """
    roots = np.sqrt(balance_classes(classes))[:, np.newaxis]
    rows = np.hstack([features, np.ones((len(features), 1))]).astype(np.float64) * roots
    targets = encode_targets(classes, n_labels)
    penalty *= float(np.einsum("ij,ij->", rows, rows)) / len(rows)
    if len(rows) <= rows.shape[1]:
        inverse = np.linalg.inv(rows @ rows.T + penalty * np.eye(len(rows)))
        dual = inverse @ (roots * targets)
        head = rows.T @ dual
        residuals = dual / np.diag(inverse)[:, np.newaxis]
    else:
        inverse = np.linalg.inv(rows.T @ rows + penalty * np.eye(rows.shape[1]))
        projected = rows @ inverse
        head = projected.T @ (roots * targets)
        leverages = np.einsum("ij,ij->i", projected, rows)[:, np.newaxis]
        residuals = (roots * targets - rows @ head) / (1 - leverages)
    return head, targets - residuals / roots


def encode_targets(classes: np.ndarray, n_labels: int) -> np.ndarray:
    """Return 1 for the class of each picture and -1 for others: float64, (n, n_labels)."""
    return np.where(classes[:, np.newaxis] == np.arange(n_labels), 1.0, -1.0)


def balance_classes(classes: np.ndarray) -> np.ndarray:
    """Return weights with a mean of 1, the same in all for each class: float64, (n,)."""
    counts = np.bincount(classes)
    weights: np.ndarray = len(classes) / (counts[classes] * np.count_nonzero(counts))
    return weights


def _solve(matrix: np.ndarray, penalty: np.ndarray | float, products: np.ndarray) -> np.ndarray:
    """Add a penalty to the diagonal in place, and solve."""
    matrix[np.diag_indices_from(matrix)] += penalty
    solution: np.ndarray = np.linalg.solve(matrix, products)
    return solution
