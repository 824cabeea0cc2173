from __future__ import annotations

from math import comb

import pytest

from cluster_core.evaluation.intervals import Z_95, compute_wilson_interval


# Newcombe, Statistics in Medicine 17 (1998) 857, table I, method 3.
@pytest.mark.parametrize(
    ("n_right", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_interval_matches_published_values(n_right, n, low, high):
    assert compute_wilson_interval(n_right, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("n", [1, 2, 7, 28, 300])
def test_bounds_satisfy_the_score_equation(n):
    for n_right in range(n + 1):
        low, high = compute_wilson_interval(n_right, n)
        assert 0 <= low <= n_right / n <= high <= 1
        assert low < high
        for bound in (low, high):
            if 0 < bound < 1:
                distance = (n_right / n - bound) ** 2
                assert distance == pytest.approx(Z_95**2 * bound * (1 - bound) / n)


@pytest.mark.parametrize("n", [1, 5, 28])
def test_interval_is_symmetric_in_successes_and_failures(n):
    for n_right in range(n + 1):
        low, high = compute_wilson_interval(n_right, n)
        assert compute_wilson_interval(n - n_right, n) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize("n", [20, 100])
def test_interval_covers_the_true_value_in_95_of_100_cases(n):
    intervals = [compute_wilson_interval(n_right, n) for n_right in range(n + 1)]
    truths = [number / 200 for number in range(1, 200)]
    covered = [
        sum(
            comb(n, n_right) * truth**n_right * (1 - truth) ** (n - n_right)
            for n_right, (low, high) in enumerate(intervals)
            if low <= truth <= high
        )
        for truth in truths
    ]
    assert sum(covered) / len(covered) == pytest.approx(0.95, abs=0.01)
    assert min(covered) > 0.83


def test_interval_at_the_edges():
    assert compute_wilson_interval(0, 0) == (0, 1)
    low, high = compute_wilson_interval(10, 10)
    assert high == 1
    assert 0.6 < low < 0.8
    assert compute_wilson_interval(0, 10) == pytest.approx((0, 1 - low))


def test_more_trials_narrow_the_interval():
    widths = [
        high - low for low, high in (compute_wilson_interval(9 * n, 10 * n) for n in range(1, 50))
    ]
    assert widths == sorted(widths, reverse=True)
