"""Figures and curves, compared with those of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_core.evaluation.calibration import measure_calibration
from cluster_core.evaluation.comparison import compare, compute_mcnemar
from cluster_core.evaluation.coverage import compute_coverage
from cluster_core.evaluation.curves import compute_precision_recall, compute_roc
from cluster_core.evaluation.figures import (
    compute_balanced_accuracy,
    compute_class_figures,
    compute_confusion,
    compute_matthews,
)
from cluster_core.evaluation.scored_pictures import ScoredPictures
from cluster_core.model.head.head import softmax

sklearn_metrics = pytest.importorskip("sklearn.metrics")


def draw(n: int, n_labels: int, seed: int, *, digits: int = 8) -> ScoredPictures:
    """Draw scores that favour the true class, with ties for few digits."""
    random = np.random.default_rng(seed)
    classes = random.integers(0, n_labels, n)
    classes[:n_labels] = np.arange(n_labels)
    logits = random.normal(size=(n, n_labels))
    logits[np.arange(n), classes] += 1
    names = tuple(f"a/{number}.png" for number in range(n))
    labels = tuple("abcdefgh"[:n_labels])
    return ScoredPictures(labels, names, names, classes, softmax(logits).round(digits))


@pytest.mark.parametrize(("n", "n_labels", "digits"), [(30, 2, 8), (80, 3, 1), (200, 5, 2)])
def test_figures_are_those_of_scikit_learn(n, n_labels, digits):
    scored = draw(n, n_labels, n, digits=digits)
    confusion = compute_confusion(scored)
    expected = sklearn_metrics.precision_recall_fscore_support(
        scored.classes, scored.answers, labels=range(n_labels), zero_division=0
    )
    found = compute_class_figures(confusion, scored.labels)
    rows = [(one.precision or 0, one.recall, one.f1, one.support) for one in found]
    np.testing.assert_allclose(np.array(rows).T, expected)
    assert compute_balanced_accuracy(confusion) == pytest.approx(
        sklearn_metrics.balanced_accuracy_score(scored.classes, scored.answers)
    )
    assert compute_matthews(confusion) == pytest.approx(
        sklearn_metrics.matthews_corrcoef(scored.classes, scored.answers)
    )


@pytest.mark.parametrize(("n_labels", "digits"), [(2, 8), (3, 1), (4, 0)])
def test_curves_and_areas_are_those_of_scikit_learn(n_labels, digits):
    scored = draw(100, n_labels, 7, digits=digits)
    for number in range(n_labels):
        truth, scores = scored.classes == number, scored.scores[:, number]
        roc = compute_roc(scored, number)
        x, y, _ = sklearn_metrics.roc_curve(truth, scores, drop_intermediate=False)
        np.testing.assert_allclose(np.c_[roc.x, roc.y], np.c_[x, y])
        assert roc.area == pytest.approx(sklearn_metrics.roc_auc_score(truth, scores))
        curve = compute_precision_recall(scored, number)
        precision, recall, _ = sklearn_metrics.precision_recall_curve(truth, scores)
        np.testing.assert_allclose(curve.y[1:], precision[:-1][::-1])
        np.testing.assert_allclose(curve.x[1:], recall[:-1][::-1])
        assert curve.area == pytest.approx(sklearn_metrics.average_precision_score(truth, scores))


def test_brier_score_is_that_of_scikit_learn():
    scored = draw(100, 3, 3)
    scores = scored.scores / scored.scores.sum(axis=1, keepdims=True)
    expected = sklearn_metrics.brier_score_loss(scored.classes, scores, scale_by_half=True)
    assert measure_calibration(scores, scored.classes).brier == pytest.approx(expected)


def test_calibration_error_is_the_gap_between_score_and_accuracy():
    classes = np.arange(40) % 2
    scores = np.where(np.arange(40)[:, np.newaxis] < 30, [0.9, 0.1], [0.8, 0.2])
    found = measure_calibration(scores, classes)  # right in half of the pictures
    assert sum(one.n for one in found.bins) == 40
    assert found.expected_error == pytest.approx(0.75 * 0.4 + 0.25 * 0.3, abs=0.03)


def test_calibration_of_few_pictures_is_not_measured():
    assert measure_calibration(np.full((19, 2), 0.5), np.zeros(19, int)) is None


def test_figures_without_pictures_or_answers_are_none():
    empty = ScoredPictures(("a", "b"), (), (), np.empty(0, int), np.empty((0, 2)))
    confusion = compute_confusion(empty)
    assert compute_balanced_accuracy(confusion) is None
    assert compute_matthews(confusion) is None
    assert compute_roc(empty, 0) is None
    assert compute_precision_recall(empty, 0) is None
    (figures, _) = compute_class_figures(confusion, empty.labels)
    assert (figures.precision, figures.recall, figures.f1) == (None, None, None)


def test_class_without_pictures_has_no_precision():
    one = compute_class_figures([[3, 2], [0, 0]], ("a", "b"))[1]
    assert (one.precision, one.recall, one.f1) == (None, None, None)


def test_class_that_is_never_answered_has_no_precision():
    (one, other) = compute_class_figures([[0, 5], [0, 5]], ("a", "b"))
    assert (one.precision, one.recall, one.f1) == (None, 0.0, 0.0)
    assert (other.precision, other.recall) == (0.5, 1.0)
    assert compute_matthews([[0, 5], [0, 5]]) is None
    assert compute_matthews([[5, 0], [0, 5]]) == 1


def test_ties_everywhere_rank_nothing():
    scored = ScoredPictures(
        ("a", "b"), ("a/1",) * 10, ("x",) * 10, np.arange(10) % 2, np.full((10, 2), 0.5)
    )
    assert compute_roc(scored, 0).area == 0.5
    assert compute_precision_recall(scored, 0).area == 0.5


def test_higher_threshold_answers_fewer_pictures():
    best = np.array([0.5, 0.596, 0.7, 0.9])
    is_right = np.array([False, False, True, True])
    found = compute_coverage(best, is_right, 0.6)
    assert (found.n_answered, found.n_right, found.share) == (3, 2, 0.75)
    found = compute_coverage(best, is_right, 0.95)
    assert (found.share, found.accuracy, found.interval) == (0.0, None, (0.0, 1.0))


# Exact binomial tests: 2 * P(X <= 1 | 10, 1/2), and so on.
@pytest.mark.parametrize(
    ("only_one", "only_other", "p_value"),
    [(1, 9, 0.021484375), (9, 1, 0.021484375), (0, 0, 1), (3, 3, 1), (0, 6, 0.03125)],
)
def test_mcnemar_is_exact(only_one, only_other, p_value):
    assert compute_mcnemar(only_one, only_other) == pytest.approx(p_value)


def test_mcnemar_of_many_pictures_does_not_overflow():
    assert 0 < compute_mcnemar(5_000, 5_200) < 0.06


def test_models_are_compared_on_the_pictures_of_both():
    one = draw(20, 2, 1)
    other = ScoredPictures(
        one.labels, one.paths[:15], one.sha256s[:15], one.classes[:15], one.scores[:15, ::-1]
    )
    found = compare(one.metrics, other.metrics)
    assert found.n == len(found.differing) == 15
    assert found.only_one == int(one.is_right[:15].sum())
    assert found.only_one + found.only_other == 15
