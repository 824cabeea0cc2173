from __future__ import annotations

import numpy as np
import pytest

from cluster_core.labelling.progress import estimate_accuracy, measure_margins


def make_outputs(margins: np.ndarray) -> np.ndarray:
    """Return outputs of two classes, the first higher, with these margins."""
    return np.stack([margins / 2, -margins / 2], axis=1)


def draw_margins(n: int, low: float, high: float, random) -> np.ndarray:
    return random.uniform(low, high, n)


def test_hard_labelled_pictures_do_not_lower_the_estimate_for_the_others():
    random = np.random.default_rng(0)
    # The answer is right with a probability that grows with the margin, from 0.5 to 1.
    others = draw_margins(5000, 0, 1, random)
    margins = np.concatenate([draw_margins(900, 0, 0.4, random), draw_margins(300, 0.4, 1, random)])
    classes = (random.random(len(margins)) > 0.5 + margins / 2).astype(int)
    found = estimate_accuracy(make_outputs(margins), classes, make_outputs(others))
    assert found.on_labelled < 0.72
    assert found.accuracy == pytest.approx(0.75, abs=0.05)
    assert found.low < 0.75 < found.high


def test_interval_holds_the_truth_in_95_of_100_cases_or_more():
    random = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        others, margins = draw_margins(500, 0, 1, random), draw_margins(60, 0, 0.9, random)
        classes = (random.random(60) > 0.5 + margins / 2).astype(int)
        found = estimate_accuracy(make_outputs(margins), classes, make_outputs(others))
        held += found.low <= 0.5 + others.mean() / 2 <= found.high
    assert held >= 0.93 * 300


def test_all_right_is_not_called_certain():
    margins = np.linspace(0, 1, 20)
    found = estimate_accuracy(make_outputs(margins), np.zeros(20, int), make_outputs(margins))
    assert found.on_labelled == 1
    assert 0.6 < found.low < found.accuracy < found.high <= 1


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_identical_outputs_give_a_finite_estimate(value):
    same = make_outputs(np.full(12, value))
    found = estimate_accuracy(same, np.zeros(12, int), same[:1])
    assert 0 <= found.low <= found.accuracy <= found.high <= 1


def test_margin_is_between_the_two_highest_outputs():
    assert measure_margins(np.array([[0.1, 0.9, 0.5]])) == pytest.approx([0.4])
