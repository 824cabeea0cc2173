"""Score every picture with a quick head that was fitted without it."""

from __future__ import annotations

import numpy as np

from cluster_core.evaluation.calibration import fit_temperature
from cluster_core.model.head.head import softmax
from cluster_core.model.head.ridge import RidgeHead

N_FOLDS = 5


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
    """Return each picture's scores by a `RidgeHead` that was fitted to the other folds.

    One temperature, fitted to all pictures, turns its outputs into scores.

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
    """
    logits = RidgeHead(features, classes, n_labels).predict_left_out(folds)[:, np.newaxis]
    scores: np.ndarray = softmax(logits / fit_temperature(logits, classes))[:, 0]
    return scores
