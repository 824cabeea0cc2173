from __future__ import annotations

from dataclasses import replace

import pytest

from cluster_core.model.prediction.prediction import Limits, Prediction
from cluster_core.model.prediction.words import (
    describe_novelty,
    describe_prediction,
    find_kind,
    format_score,
    name_one,
)
from cluster_core.sky import DEMO_CLASSES


def answer(**scores: float) -> Prediction:
    ranked = dict(sorted(scores.items(), key=lambda item: -item[1]))
    return Prediction(next(iter(ranked)), ranked, 0.0)


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (0.93, "93%"),
        (0.994, "99%"),
        (0.9951, "over 99%"),
        (1.0, "over 99%"),
        (0.004, "under 1%"),
        (0.0, "under 1%"),
        (0.006, "1%"),
    ],
)
def test_format_score_never_claims_certainty(score, words):
    assert format_score(score) == words


@pytest.mark.parametrize(
    ("score", "sentence"),
    [
        (0.93, "Most likely red, 93%"),
        (0.796, "Most likely red, 80%"),
        (0.79, "Perhaps red, 79%"),
        (0.596, "Perhaps red, 60%"),
        (0.55, "Hard to tell: red 55%, blue 45%"),
    ],
)
def test_wording_depends_on_the_score(score, sentence):
    assert describe_prediction(answer(red=score, blue=1 - score)) == sentence


def test_unsure_answer_names_the_three_best_classes():
    scores = {"a": 0.3, "b": 0.25, "c": 0.2, "d": 0.15, "e": 0.1}
    assert describe_prediction(answer(**scores)) == "Hard to tell: a 30%, b 25%, c 20%"


def test_novel_picture_is_described_as_none_of_these():
    novel = replace(answer(red=0.99, blue=0.01), novelty=0.934, limits=Limits(novel_above=0.5))
    assert describe_prediction(novel) == "None of these"
    assert describe_novelty(novel) == "novelty=0.93"
    assert describe_novelty(answer(red=1.0)) == "novelty not measured"


@pytest.mark.parametrize(
    ("label", "one"),
    [
        ("globular clusters", "a globular cluster"),
        ("Open_cluster", "an open cluster"),
        ("open star clusters", "an open cluster"),
        ("galaxies", "a galaxy"),
        ("Nebula", "a nebula"),
        ("open", "open"),
        ("red stars", "red stars"),
        ("*", "*"),
    ],
)
def test_demo_classes_are_named_in_the_singular(label, one):
    assert name_one(label) == one


def test_every_demo_class_is_recognised():
    assert [find_kind(label) for label in DEMO_CLASSES] == list(DEMO_CLASSES)
