from __future__ import annotations

import pytest

from cluster_core.model.head.settings import Evaluation
from cluster_core.training.insight.curves import smooth_curve


def evaluate(n, **options):
    return [
        Evaluation(
            **{
                "step": 10 * number,
                "train_accuracy": number / n,
                "train_cross_entropy": 1 - number / n,
                "validation_accuracy": 0.5,
                "validation_cross_entropy": 0.7,
                "n_validation": 14,
                **options,
            }
        )
        for number in range(n)
    ]


@pytest.mark.parametrize("n", [0, 1, 2, 99, 100])
def test_short_curve_is_unchanged(n):
    evaluations = evaluate(n)
    curve = smooth_curve(evaluations)
    assert [point.step for point in curve] == [evaluation.step for evaluation in evaluations]
    assert [point.train_accuracy for point in curve] == [
        evaluation.train_accuracy for evaluation in evaluations
    ]


@pytest.mark.parametrize("n", [101, 150, 401, 4000])
def test_long_curve_is_reduced_to_a_hundred_points_with_same_start_and_end(n):
    evaluations = evaluate(n)
    curve = smooth_curve(evaluations)
    assert 50 <= len(curve) <= 100
    assert curve[0].step == 0
    assert curve[0].train_accuracy == 0
    assert curve[-1].step == evaluations[-1].step
    steps = [point.step for point in curve]
    assert steps == sorted(set(steps))


def test_points_are_means_of_neighbours():
    (first, second, third) = smooth_curve(evaluate(5), max_points=3)
    assert (first.step, second.step, third.step) == (0, 20, 40)
    assert second.train_accuracy == pytest.approx((1 / 5 + 2 / 5) / 2)
    assert third.train_cross_entropy == pytest.approx(1 - (3 / 5 + 4 / 5) / 2)


def test_validation_curve_is_none_without_validation_pictures():
    curve = smooth_curve(evaluate(300, validation_accuracy=None, validation_cross_entropy=None))
    assert {point.validation_accuracy for point in curve} == {None}
    assert None not in {point.train_accuracy for point in curve}
