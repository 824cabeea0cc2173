"""Scores of pictures by heads that were fitted without them."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_core.evaluation.out_of_fold import compute_out_of_fold_scores, draw_folds


def draw_features(n: int, n_features: int = 20, seed: int = 0):
    """Draw features of three classes that differ in three of the features."""
    random = np.random.default_rng(seed)
    classes = np.arange(n) % 3
    features = random.normal(5, 1, (n, n_features))
    features[np.arange(n), classes] += 4
    return features.astype(np.float32), classes


@pytest.mark.parametrize("seed", range(20))
def test_folds_keep_groups_together_and_classes_even(seed):
    random = np.random.default_rng(seed)
    groups = np.sort(random.integers(0, 60, 100))
    classes = groups % 3
    folds = draw_folds(classes, groups, random)
    assert {len(set(folds[groups == group])) for group in set(groups)} == {1}
    for label in range(3):
        per_fold = [len(set(groups[(classes == label) & (folds == fold)])) for fold in range(5)]
        assert max(per_fold) - min(per_fold) <= 1


def test_separable_classes_are_recognised_out_of_fold():
    features, classes = draw_features(150)
    folds = draw_folds(classes, np.arange(150), np.random.default_rng(0))
    scores = compute_out_of_fold_scores(features, classes, folds, 3)
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert (scores.argmax(axis=1) == classes).mean() > 0.97


def test_random_labels_are_recognised_no_better_than_by_chance():
    # A head that had learned the picture's own label would be right nearly always.
    features = np.random.default_rng(1).normal(size=(200, 400)).astype(np.float32)
    classes = np.random.default_rng(2).integers(0, 2, 200)
    folds = draw_folds(classes, np.arange(200), np.random.default_rng(0))
    scores = compute_out_of_fold_scores(features, classes, folds, 2)
    assert abs((scores.argmax(axis=1) == classes).mean() - 0.5) < 0.15


def test_rare_class_is_recognised_as_well_as_others():
    features, classes = draw_features(300)
    kept = (classes != 2) | (np.arange(300) < 60)
    features, classes = features[kept], classes[kept]
    folds = draw_folds(classes, np.arange(len(classes)), np.random.default_rng(0))
    scores = compute_out_of_fold_scores(features, classes, folds, 3)
    assert (scores.argmax(axis=1)[classes == 2] == 2).mean() > 0.9
