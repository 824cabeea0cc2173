from __future__ import annotations

import numpy as np

from cluster_core.evaluation.out_of_fold import N_FOLDS, draw_folds
from cluster_core.training.choice.cross_validation import cross_validate

RANDOM = np.random.default_rng(0)


def test_separable_classes_are_labelled_correctly_and_noise_is_not():
    classes = np.repeat([0, 1, 2], 20)
    noise = RANDOM.normal(size=(60, 40)).astype(np.float32)
    useful = noise.copy()
    useful[np.arange(60), classes] += 9
    groups = np.arange(60)
    assert cross_validate(useful, classes, groups).mean() > 0.97
    assert 0.15 < cross_validate(noise, classes, groups).mean() < 0.55


def test_copies_of_a_picture_do_not_help_to_label_it():
    noise = RANDOM.normal(size=(20, 30)).astype(np.float32)
    features = np.concatenate([noise, noise])
    classes = np.tile(np.arange(20) % 2, 2)
    together = np.tile(np.arange(20), 2)
    assert cross_validate(features, classes, np.arange(40)).mean() > 0.9
    assert cross_validate(features, classes, together).mean() < 0.7


def test_rare_class_counts_as_much_as_a_frequent_one():
    classes = np.array([0] * 90 + [1] * 10)
    features = RANDOM.normal(size=(100, 5)).astype(np.float32)
    features[:, 0] += 2 * classes
    right = cross_validate(features, classes, np.arange(100))
    assert right[classes == 1].mean() > 0.7


def test_constant_features_and_a_tiny_class_are_survived():
    classes = np.array([0] * 10 + [1] * 2)
    right = cross_validate(np.ones((12, 4), np.float32), classes, np.arange(12))
    assert right.shape == (12,)
    assert np.isfinite(right).all()


def test_folds_are_even_within_classes_and_do_not_divide_groups():
    classes = np.repeat([0, 1], [50, 25])
    groups = np.arange(75)
    groups[1] = groups[0]
    folds = draw_folds(classes, groups, np.random.default_rng(3))
    assert folds[0] == folds[1]
    for label, expected in ((0, 10), (1, 5)):
        counts = np.bincount(folds[classes == label], minlength=N_FOLDS)
        assert np.abs(counts - expected).max() <= 1
    other = draw_folds(classes, groups, np.random.default_rng(4))
    assert (folds != other).any()
