"""Each 95 % interval holds the truth in 93 to 97 % of 500 simulated experiments."""

from __future__ import annotations

import numpy as np

from cluster_core.evaluation.intervals import (
    compute_resampled_interval,
    compute_score_interval,
    compute_wilson_interval,
    count_independent,
)
from tests.evaluation.simulated_experiments import cross_validate, draw_population

N_EXPERIMENTS = 500
N_PER_POPULATION = 20


def test_interval_of_a_cross_validation_holds_the_truth():
    random = np.random.default_rng(2)
    n_held = 0
    for _ in range(N_EXPERIMENTS // N_PER_POPULATION):
        population = draw_population(random)
        truth = population.find_truth(random)
        for _ in range(N_PER_POPULATION):
            features, classes, groups = population.draw(random)
            accuracies = cross_validate(features, classes, groups)
            low, high = compute_resampled_interval(accuracies, len(np.unique(groups)))
            n_held += low <= truth <= high
    assert 0.93 <= n_held / N_EXPERIMENTS <= 0.97


def test_interval_of_a_test_holds_the_truth():
    random = np.random.default_rng(0)
    n_held = 0
    for _ in range(N_EXPERIMENTS):
        truth, n = random.uniform(0.5, 0.98), int(random.integers(14, 200))
        low, high = compute_wilson_interval(int(random.binomial(n, truth)), n)
        n_held += low <= truth <= high
    assert 0.93 <= n_held / N_EXPERIMENTS <= 0.97


def test_interval_of_a_test_with_several_pictures_of_an_object_holds_the_truth():
    random = np.random.default_rng(1)
    n_held = n_held_by_pictures = 0
    for _ in range(N_EXPERIMENTS):
        truth, n_objects = random.uniform(0.5, 0.95), int(random.integers(20, 100))
        groups = np.repeat(np.arange(n_objects), random.integers(1, 9, n_objects))
        right = (random.random(n_objects) < truth)[groups]  # one object is answered alike
        low, high = compute_score_interval(float(right.mean()), count_independent(groups))
        n_held += low <= truth <= high
        low, high = compute_wilson_interval(int(right.sum()), len(right))
        n_held_by_pictures += low <= truth <= high
    assert 0.93 <= n_held / N_EXPERIMENTS <= 0.97
    assert n_held_by_pictures / N_EXPERIMENTS < 0.8
