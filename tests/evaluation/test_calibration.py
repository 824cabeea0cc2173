from __future__ import annotations

import numpy as np
import pytest

from cluster_core.evaluation.calibration import TEMPERATURES, fit_fold_temperatures, fit_temperature
from cluster_core.model.head.head import softmax

STEP = np.log(TEMPERATURES[1] / TEMPERATURES[0])


def draw_answers(n: int, seed: int, n_labels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Draw logits (n, 1, n_labels), and classes with the probabilities given by their softmax."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (n, 1, n_labels))
    shares = softmax(logits[:, 0]).cumsum(axis=1)
    return logits, (random.random((n, 1)) > shares).sum(axis=1).clip(max=n_labels - 1)


@pytest.mark.parametrize("truth", [0.5, 1.0, 2.0, 5.0])
def test_known_temperature_is_recovered(truth):
    logits, classes = draw_answers(20_000, seed=0)
    assert fit_temperature(logits * truth, classes) == pytest.approx(truth, rel=0.05)


@pytest.mark.parametrize("factor", [0.7, 1.5, 3.0])
def test_temperature_scales_with_the_logits(factor):
    logits, classes = draw_answers(4_000, seed=1)
    ratio = fit_temperature(logits * factor, classes) / fit_temperature(logits, classes)
    assert np.log(ratio) == pytest.approx(np.log(factor), abs=2 * STEP + 0.01)


def test_temperature_is_one_without_pictures():
    nothing = fit_temperature(np.empty((0, 1, 2)), np.empty(0, int))
    assert np.log(nothing) == pytest.approx(0, abs=STEP)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_correct_answers_hardly_lower_the_temperature(n):
    logits = np.tile([2.0, -2.0], (n, 1, 1))
    assert 0.5 < fit_temperature(logits, np.zeros(n, int)) <= 1.01


def test_wrong_answers_raise_the_temperature_and_correct_ones_lower_it():
    logits = np.tile([3.0, -3.0], (40, 1, 1))
    all_right, all_wrong = np.zeros(40, int), np.ones(40, int)
    assert fit_temperature(logits, all_right) < 1 < fit_temperature(logits, all_wrong)


def test_huge_logits_do_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        found = fit_temperature(np.array([[[1e6, -1e6]], [[1e6, -1e6]]]), np.array([0, 1]))
    assert TEMPERATURES[0] <= found <= TEMPERATURES[-1]


def test_identical_views_do_not_change_the_temperature():
    logits, classes = draw_answers(200, seed=2)
    assert fit_temperature(np.repeat(logits, 8, axis=1), classes) == fit_temperature(
        logits, classes
    )


def test_temperature_of_a_part_does_not_depend_on_its_own_labels():
    random = np.random.default_rng(0)
    outputs, classes = random.normal(size=(60, 2)), np.arange(60) % 2
    folds = np.arange(60) // 20
    before = fit_fold_temperatures(outputs, classes, folds)
    changed = np.where(folds == 1, outputs.argmax(axis=1), classes)
    after = fit_fold_temperatures(outputs, changed, folds)
    assert before[folds == 1].tolist() == after[folds == 1].tolist()
    assert (after[folds != 1] < before[folds != 1]).all()
