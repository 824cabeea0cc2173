"""Cross-validate a quick linear head on the features of a network."""

from __future__ import annotations

import numpy as np

from cluster_core.blas import on_one_thread
from cluster_core.evaluation.out_of_fold import draw_folds
from cluster_core.model.head.ridge import RidgeHead

N_REPEATS = 10


def cross_validate(features: np.ndarray, classes: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return how often each picture is labelled correctly by a `RidgeHead` that never saw it.

    Parameters
    ----------
    features : ndarray of float32, (n_pictures, n_features)
        Finite features.
    classes : ndarray of int, (n_pictures,)
        Index of each picture's class; every index from 0 to the largest occurs.
    groups : ndarray of int, (n_pictures,)
        Pictures of a group are always in the same fold.

    Returns
    -------
    ndarray of float, (n_pictures,)
        Share of the `N_REPEATS` repeats in which the answer was right, 0 to 1.
    """
    head = RidgeHead(features, classes, int(classes.max()) + 1)
    n_right = np.zeros(len(classes))
    with on_one_thread():
        for repeat in range(N_REPEATS):
            folds = draw_folds(classes, groups, np.random.default_rng(repeat))
            n_right += head.predict_left_out(folds).argmax(axis=1) == classes
    return n_right / N_REPEATS
