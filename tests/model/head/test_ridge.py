"""Ridge regression in its forms, against weighted least squares with rows for the penalty."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_core.model.head.ridge import PENALTY, RidgeHead, balance_classes

N_PICTURES = 60


def draw(n_features: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    classes = (np.arange(N_PICTURES) % 3 > 1).astype(int)
    return random.normal(3, 2, (N_PICTURES, n_features)).astype(np.float32), classes


def answer_by_least_squares(
    features: np.ndarray, classes: np.ndarray, learned: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the outputs for all pictures: (n_pictures, 2)."""
    n, n_features = features.shape
    rows = (features - features.mean(axis=0)) / features.std(axis=0) / np.sqrt(n_features)
    rows = np.hstack([rows, np.ones((n, 1))])
    penalty = np.sqrt(PENALTY * (rows**2).sum() / n)
    roots = np.sqrt(weights)[:, np.newaxis]
    targets = np.where(classes[learned, np.newaxis] == [0, 1], 1, -1)
    line = np.linalg.lstsq(
        np.vstack([rows[learned] * roots, penalty * np.eye(n_features + 1)]),
        np.vstack([targets * roots, np.zeros((n_features + 1, 2))]),
    )[0]
    return rows @ line


@pytest.mark.parametrize(("n_features", "n_learned"), [(100, 20), (40, 20), (40, 59)])
def test_primal_and_dual_forms_are_weighted_ridge_regression(n_features, n_learned):
    features, classes = draw(n_features)
    learned, everything = np.arange(n_learned), np.arange(N_PICTURES)
    weights = balance_classes(classes[learned])
    expected = answer_by_least_squares(features, classes, learned, weights)
    found = RidgeHead(features, classes, 2).predict(learned, everything)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("n_features", [100, 40])
def test_left_out_outputs_are_those_of_heads_fitted_to_the_other_folds(n_features):
    features, classes = draw(n_features)
    folds = np.random.default_rng(1).integers(0, 5, N_PICTURES)
    found = RidgeHead(features, classes, 2).predict_left_out(folds)
    for fold in range(5):
        learned, out = np.flatnonzero(folds != fold), folds == fold
        weights = balance_classes(classes)[learned]
        expected = answer_by_least_squares(features, classes, learned, weights)
        np.testing.assert_allclose(found[out], expected[out], atol=1e-4)


def test_classes_weigh_the_same_in_all():
    classes = np.array([0] * 30 + [2] * 10)
    weights = balance_classes(classes)
    assert weights.mean() == pytest.approx(1)
    assert weights[classes == 0].sum() == pytest.approx(weights[classes == 2].sum())
