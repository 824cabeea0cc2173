"""Sentences about an evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.evaluation.words import (
    describe_independence,
    describe_test,
    describe_weakest_class,
)


def make_metrics(*answers: tuple[str, str, int]) -> Metrics:
    """Return metrics of three classes, from pairs of class and answer, and their numbers."""
    pictures = tuple(
        TestedPicture(Path(f"{label}.png"), "0", label, answer, 0.9)
        for label, answer, n in answers
        for _ in range(n)
    )
    return Metrics(("a", "b", "c"), pictures)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (
            [("a", "a", 26), ("b", "a", 2)],
            "26 of 28 correct (93%); likely between 77% and 98% on new pictures.",
        ),
        ([("a", "a", 3)], "3 of 3 correct (100%); likely between 44% and 100% on new pictures."),
        ([], "Not tested. No pictures were kept for the final test."),
    ],
)
def test_test_comes_with_its_interval(answers, words):
    assert describe_test(make_metrics(*answers)) == words


@pytest.mark.parametrize(
    ("n", "n_independent", "words"),
    [
        (15, 15.0, ""),
        (
            105,
            57.6,
            "Some are copies or show the same object, so the range is that of 58 different "
            "pictures, not of 105.",
        ),
        (
            10_000,
            1.0,
            "Some are copies or show the same object, so the range is that of 1 picture, not of "
            "10,000.",
        ),
    ],
)
def test_copies_widen_the_range_in_words(n, n_independent, words):
    assert describe_independence(n, n_independent) == words


def test_weakest_class_is_named_with_its_usual_mistake():
    metrics = make_metrics(
        ("a", "a", 9), ("a", "b", 1), ("b", "b", 5), ("b", "c", 3), ("b", "a", 2)
    )
    assert describe_weakest_class(metrics) == (
        "Weakest class: b, 5 of 10 correct (likely 24% to 76%). Most often taken for c: 3 of 5 "
        "mistakes."
    )


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (
            [("a", "a", 2), ("b", "c", 1), ("b", "a", 1)],
            "Weakest class: b, 0 of 2 correct (likely 0% to 66%).",
        ),
        ([("a", "a", 9)], "Every picture got the right label."),
        ([], "Not tested. There are no pictures."),
    ],
)
def test_no_usual_mistake_is_claimed_without_one(answers, words):
    assert describe_weakest_class(make_metrics(*answers)) == words
