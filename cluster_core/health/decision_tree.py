"""A small classification tree: predicts classes from a few numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MAX_DEPTH = 3
MIN_IN_LEAF = 3
_SMALLEST_GAIN = 1e-9


@dataclass(frozen=True)
class Tree:
    """A leaf, or a node with a cut and two branches.

    Attributes
    ----------
    answer : int
        The most frequent class; the answer of a leaf.
    cut : tuple of (int, float), or None
        The column that is compared, and the value; None for a leaf.
    branches : tuple of Tree
        For values up to the cut, and above it.
    """

    answer: int
    cut: tuple[int, float] | None = None
    branches: tuple[Tree, ...] = ()

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Return the class of each row: int, (n,), from float, (n, n_columns)."""
        answers = np.full(len(rows), self.answer)
        if self.cut is not None:
            column, bound = self.cut
            is_above = rows[:, column] > bound
            for branch, side in zip(self.branches, (~is_above, is_above), strict=True):
                answers[side] = branch.predict(rows[side])
        return answers


def grow_tree(rows: np.ndarray, classes: np.ndarray, n_labels: int, depth: int = 0) -> Tree:
    """Grow a tree by the largest decrease of the Gini impurity [1]_, to a depth of 3.

    Parameters
    ----------
    rows : ndarray of float, (n, n_columns)
        Finite numbers, at least one row.
    classes : ndarray of int, (n,)
        From 0 to `n_labels` - 1.
    n_labels : int
    depth : int
        Cuts made so far.

    Returns
    -------
    Tree
        Each leaf was grown on at least three rows, unless there are fewer.

    References
    ----------
    .. [1] Breiman, L., Friedman, J. H., Olshen, R. A., Stone, C. J. 1984, "Classification and
       regression trees", Wadsworth.
    """
    answer = int(np.bincount(classes, minlength=n_labels).argmax())
    cut = _find_cut(rows, np.eye(n_labels)[classes]) if depth < MAX_DEPTH else None
    if cut is None:
        return Tree(answer)
    is_above = rows[:, cut[0]] > cut[1]
    branches = (
        grow_tree(rows[side], classes[side], n_labels, depth + 1) for side in (~is_above, is_above)
    )
    return Tree(answer, cut, tuple(branches))


def _find_cut(rows: np.ndarray, one_hot: np.ndarray) -> tuple[int, float] | None:
    """Return the column and the value that separate the classes best, if any does."""
    total = one_hot.sum(axis=0)
    n_below = np.arange(1, len(rows))
    is_allowed = np.minimum(n_below, len(rows) - n_below) >= MIN_IN_LEAF
    purest, found = float((total**2).sum()) / len(rows) + _SMALLEST_GAIN, None
    for column in range(rows.shape[1]):
        order = np.argsort(rows[:, column], kind="stable")
        values, below = rows[order, column], one_hot[order].cumsum(axis=0)[:-1]
        purity = (below**2).sum(axis=1) / n_below
        purity += ((total - below) ** 2).sum(axis=1) / (len(rows) - n_below)
        purity[~is_allowed | (values[:-1] == values[1:])] = 0
        place = int(purity.argmax()) if len(purity) else 0
        if len(purity) and purity[place] > purest:
            # The value itself rather than a middle, which may round up to the next one.
            purest, found = float(purity[place]), (column, float(values[place]))
    return found
