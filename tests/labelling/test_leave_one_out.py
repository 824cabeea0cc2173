from __future__ import annotations

import numpy as np
import pytest

from cluster_core.labelling.leave_one_out import LeaveOneOutHead, fit_leave_one_out, standardise


def draw(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw points of three classes that overlap little."""
    random = np.random.default_rng(seed)
    classes = random.integers(0, 3, n)
    features = random.normal(0, 1, (n, 8))
    features[:, :3] += 3 * np.eye(3)[classes]
    return features.astype(np.float32), classes


def test_head_tells_new_pictures_of_the_classes_apart():
    features, classes = draw(60)
    head = fit_leave_one_out(features, classes, 3)
    new, truth = draw(300, seed=1)
    scores = head.compute_scores(new)
    assert scores.sum(axis=1) == pytest.approx(1)
    assert (scores.argmax(axis=1) == truth).mean() > 0.9


def test_left_out_outputs_are_those_of_heads_fitted_without_the_picture():
    features, classes = draw(60)
    head = fit_leave_one_out(features, classes, 3)
    for number in range(60):
        rest = np.arange(60) != number
        alone = fit_leave_one_out(features[rest], classes[rest], 3)
        output = features[number] @ alone.weights[:-1] + alone.weights[-1]
        # The penalty and the weights of the classes hardly depend on one picture.
        assert head.left_out[number] == pytest.approx(output, abs=0.05)


def test_class_without_labels_scores_lowest():
    features, classes = draw(30)
    head = fit_leave_one_out(features, classes, 4)
    assert (head.compute_scores(features)[:, 3] < head.compute_scores(features).max(axis=1)).all()


@pytest.mark.parametrize("n", [1, 2])
def test_few_or_identical_pictures_give_finite_scores(n):
    head = fit_leave_one_out(standardise(np.ones((n, 5))), np.zeros(n, int), 2)
    assert isinstance(head, LeaveOneOutHead)
    assert np.isfinite(head.left_out).all()
    assert np.isfinite(head.compute_scores(np.zeros((3, 5), np.float32))).all()


def test_standardised_features_have_no_mean_and_one_deviation():
    features = np.random.default_rng(0).normal(5, 3, (50, 4))
    features[:, 3] = 7  # the same for all pictures
    found = standardise(features)
    assert found.dtype == np.float32
    assert found.mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert found.std(axis=0) == pytest.approx([1, 1, 1, 0], abs=1e-5)


def test_many_labels_take_a_matrix_of_the_features_and_give_the_same_head(monkeypatch):
    invert, sizes = np.linalg.inv, []

    def record(matrix):
        sizes.append(len(matrix))
        return invert(matrix)

    monkeypatch.setattr(np.linalg, "inv", record)
    features, classes = draw(60)
    primal = fit_leave_one_out(features, classes, 3)
    # Features that are 0 change nothing but the form.
    padded = np.hstack([features, np.zeros((60, 100), np.float32)])
    dual = fit_leave_one_out(padded, classes, 3)
    assert sizes == [9, 60]
    assert primal.left_out == pytest.approx(dual.left_out, abs=1e-6)
    assert primal.weights == pytest.approx(dual.weights[[*range(8), -1]], abs=1e-6)
