from __future__ import annotations

import numpy as np
import pytest

from cluster_core.labelling import selection
from cluster_core.labelling.selection import Selector, measure_uncertainty


def draw_groups(sizes: tuple[int, ...]) -> np.ndarray:
    """Draw groups of pictures that are alike, far from each other."""
    random = np.random.default_rng(0)
    centres = 20 * np.eye(len(sizes), 6)
    rows = [
        centres[group] + random.normal(0, 1, 6) for group, n in enumerate(sizes) for _ in range(n)
    ]
    return np.array(rows, np.float32)


def test_first_pictures_are_one_of_each_group():
    features = draw_groups((10, 10, 10, 10))
    assert {number // 10 for number in Selector(features).choose([], None, 4)} == {0, 1, 2, 3}


def test_next_picture_is_of_a_group_without_a_label():
    features = draw_groups((10, 10, 10))
    (found,) = Selector(features).choose([0, 1, 20], None, 1)
    assert found // 10 == 1


def test_uncertain_group_comes_before_a_larger_certain_one():
    features = draw_groups((10, 40, 20))
    uncertainty = np.repeat([0.1, 0.1, 1.0], (10, 40, 20))
    (found,) = Selector(features).choose([0], uncertainty, 1)
    assert found >= 50


def test_decision_that_is_taken_back_counts_no_more():
    features = draw_groups((10, 10))
    selector = Selector(features)
    (second,) = selector.choose([0], None, 1)
    assert second // 10 == 1
    assert selector.choose([0, second], None, 1)[0] not in (0, second)
    assert selector.choose([0], None, 1) == [second]


@pytest.mark.parametrize("n", [1, 2, 30])
def test_identical_pictures_are_all_offered_once(n):
    found = Selector(np.zeros((n, 4), np.float32)).choose([], None, 50)
    assert sorted(found) == list(range(n))


def test_nothing_is_left_when_all_are_decided():
    assert Selector(draw_groups((3,))).choose([0, 1, 2], None, 5) == []


def test_large_queue_is_represented_by_a_sample(monkeypatch):
    monkeypatch.setattr(selection, "MAX_SAMPLE", 20)
    found = Selector(draw_groups((50, 50))).choose([], None, 100)
    assert len(set(found)) == 20


def test_uncertainty_is_one_for_a_tie_and_zero_for_a_certain_answer():
    scores = np.array([[0.4, 0.4, 0.2], [1.0, 0.0, 0.0]])
    assert measure_uncertainty(scores) == pytest.approx([1, 0])
