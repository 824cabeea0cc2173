from __future__ import annotations

import numpy as np
import pytest

from cluster_core.model.head.head import Head, softmax


@pytest.fixture
def head():
    random = np.random.default_rng(0)
    weights = random.normal(size=(5, 3)).astype(np.float32)
    return Head(weights, random.normal(size=3).astype(np.float32))


def test_scores_of_one_view_are_a_softmax(head):
    features = np.random.default_rng(1).normal(size=(7, 1, 5)).astype(np.float32)
    powers = np.exp(features[:, 0] @ head.weights + head.bias)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(head.compute_scores(features), expected, rtol=1e-5)


@pytest.mark.parametrize("temperature", [0.2, 1.0, 10.0])
@pytest.mark.parametrize("n_views", [1, 8])
def test_scores_are_averaged_over_views_and_add_up_to_one(head, temperature, n_views):
    head = Head(head.weights, head.bias, temperature)
    features = np.random.default_rng(1).normal(size=(7, n_views, 5)).astype(np.float32)
    scores = head.compute_scores(features)
    one_by_one = [head.compute_scores(features[:, [view]]) for view in range(n_views)]
    np.testing.assert_allclose(scores, np.mean(one_by_one, axis=0), rtol=1e-5)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-6)
    assert scores.min() >= 0


def test_temperature_lowers_scores_but_keeps_answers(head):
    features = np.random.default_rng(1).normal(size=(50, 1, 5)).astype(np.float32)
    cold, warm = (
        head.compute_scores(features),
        Head(head.weights, head.bias, 3.0).compute_scores(features),
    )
    np.testing.assert_array_equal(cold.argmax(axis=1), warm.argmax(axis=1))
    assert (warm.max(axis=1) < cold.max(axis=1)).all()


@pytest.mark.parametrize("size", [1e3, 1e30])
def test_softmax_does_not_overflow(size):
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_array_equal(
            softmax(np.array([[0, -size], [size, 0], [size, size]])), [[1, 0], [1, 0], [0.5, 0.5]]
        )


def test_softmax_is_invariant_to_a_shift():
    logits = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_allclose(softmax(logits + 100), softmax(logits))
