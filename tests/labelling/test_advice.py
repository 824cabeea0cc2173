from __future__ import annotations

import numpy as np
import pytest

from cluster_core.labelling import advice as advice_module
from cluster_core.labelling.advice import MIN_LABELS, Adviser
from cluster_core.labelling.records import Decision, Verdict
from tests.labelling.samples import as_class

CLASSES = ("a", "b")
N = 60


def draw(seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Draw pictures whose class is their number's parity."""
    random = np.random.default_rng(seed)
    features = random.normal(0, 1, (N, 6)).astype(np.float32)
    features[:, 0] += 3 * (np.arange(N) % 2)
    return [str(number) for number in range(N)], features


@pytest.fixture
def adviser() -> Adviser:
    return Adviser(*draw(), CLASSES)


def label(numbers) -> dict[str, Decision]:
    return {str(number): as_class(CLASSES[number % 2]) for number in numbers}


def test_every_undecided_picture_is_ranked_once(adviser):
    decisions = label(range(12)) | {"20": Decision(Verdict.SKIP, None, "t")}
    ranking = adviser.advise(decisions).ranking
    assert len(ranking) == N - 13
    assert not set(ranking) & set(decisions)


def test_guesses_come_with_enough_labels_of_two_classes(adviser):
    assert adviser.advise(label(range(9))).guesses == {}
    guesses = adviser.advise(label(range(20))).guesses
    right = [guesses[str(number)][0] == CLASSES[number % 2] for number in range(20, N)]
    assert np.mean(right) > 0.8


@pytest.mark.parametrize("verdict", [Verdict.LABEL, Verdict.SKIP])
def test_one_class_or_only_skips_give_an_order_without_guesses(adviser, verdict):
    said = Decision(verdict, "a" if verdict is Verdict.LABEL else None, "t")
    advice = adviser.advise({str(number): said for number in range(30)})
    assert (advice.guesses, advice.curve, len(advice.ranking)) == ({}, (), N - 30)


def test_none_of_these_is_learned_like_a_class(adviser):
    decisions = {
        name: one if one.label == "a" else Decision(Verdict.NONE, None, "t")
        for name, one in label(range(20)).items()
    }
    guesses = {one[0] for one in adviser.advise(decisions).guesses.values()}
    assert guesses == {"a", "none of these"}


def test_accuracy_has_a_point_for_every_few_labels_and_is_the_same_after_a_restart(adviser):
    curve = adviser.advise(label(range(23))).curve
    assert [point.n_labels for point in curve] == [MIN_LABELS, 15, 20, 23]
    assert Adviser(*draw(), CLASSES).advise(label(range(23))).curve == curve


def test_curve_is_drawn_anew_from_the_label_that_was_taken_back(adviser):
    adviser.advise(label(range(30)))
    kept = label(number for number in range(30) if number != 12)
    assert adviser.advise(kept).curve == Adviser(*draw(), CLASSES).advise(kept).curve
    assert adviser.advise(label(range(30))).curve[-1].n_labels == 30


@pytest.mark.parametrize(("max_points", "n_kept"), [(40, 10), (4, 3)])
def test_each_label_takes_one_fit_and_no_more_memory_than_the_curve(
    adviser, monkeypatch, max_points, n_kept
):
    monkeypatch.setattr(advice_module, "_MAX_CURVE_POINTS", max_points)
    adviser.advise(label(range(15)))
    fit, n_fitted = advice_module.fit_leave_one_out, []

    def record(features, *others):
        n_fitted.append(len(features))
        return fit(features, *others)

    monkeypatch.setattr(advice_module, "fit_leave_one_out", record)
    for n in range(16, 50):
        adviser.advise(label(range(n)))
    assert n_fitted == list(range(16, 50))
    assert len(adviser._points) == n_kept


def test_scores_of_a_model_order_the_pictures_until_labels_do():
    names, features = draw()
    prior = np.tile([0.99, 0.01, 0.0], (N, 1))
    prior[7] = [0.5, 0.5, 0.0]
    adviser = Adviser(names, features, CLASSES, prior)
    advice = adviser.advise({})
    assert advice.guesses["0"] == ("a", 0.99)
    assert advice.ranking[0] == "7"
    assert adviser.advise(label(range(20))).guesses["0"][1] != 0.99


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_pictures_are_ranked(n):
    names, features = draw()
    advice = Adviser(names[:n], features[:n], CLASSES).advise({})
    assert sorted(advice.ranking) == sorted(names[:n])


def test_label_of_a_class_that_was_removed_is_left_out(adviser):
    decisions = label(range(20)) | {"30": as_class("removed")}
    assert "30" not in adviser.advise(decisions).ranking
