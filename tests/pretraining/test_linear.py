"""The linear head that evaluates the backbone."""

import numpy as np
import pytest

from pretraining.linear import fit_linear, score_balanced, sigmoid


@pytest.fixture
def blobs():
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], [300, 100])
    return rng.normal(labels[:, None] * [2.0, 0.0, 0.0], 1.0, (400, 3)), labels


def test_fit_finds_the_feature_that_separates_the_classes(blobs):
    features, labels = blobs
    head = fit_linear(features, labels, penalty=1.0)
    assert head.weights[0] > 5 * np.abs(head.weights[1:3]).max()
    assert score_balanced(labels, sigmoid(head.logit(features))) > 0.8


def test_row_with_weight_two_counts_twice(blobs):
    features, labels = blobs
    twice = fit_linear(np.tile(features, (2, 1)), np.tile(labels, 2))
    weighted = fit_linear(features, labels, weights=np.full(400, 2.0))
    np.testing.assert_allclose(twice.weights, weighted.weights, rtol=1e-6)


def test_balanced_accuracy_weights_both_classes_equally():
    assert score_balanced(np.array([0] * 9 + [1]), np.zeros(10)) == pytest.approx(0.5)
