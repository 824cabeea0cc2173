"""The verdict on an answer, from its score, its novelty and the limits of the model."""

from __future__ import annotations

import pytest

from cluster_core.model.prediction.prediction import Limits, Prediction


@pytest.mark.parametrize(
    ("score", "novelty", "limits", "verdict"),
    [
        (0.9, 0.7, Limits(novel_above=0.7), "label"),
        (0.9, 0.71, Limits(novel_above=0.7), "none of these"),
        (0.52, 0.71, Limits(novel_above=0.7), "none of these"),
        (0.52, 0.1, Limits(novel_above=0.7), "unsure"),
        (0.9, None, Limits(novel_above=0.7), "label"),
        (0.9, 1.0, Limits(), "label"),
        (0.596, None, Limits(), "label"),
        (0.594, None, Limits(), "unsure"),
        (0.594, None, Limits(unsure_below=0.5), "label"),
        (0.79, None, Limits(unsure_below=0.8), "unsure"),
    ],
)
def test_novelty_decides_before_the_rounded_score(score, novelty, limits, verdict):
    scores = {"red": score, "blue": 1 - score}
    assert Prediction("red", scores, 0.0, novelty=novelty, limits=limits).verdict == verdict


def test_class_called_like_a_verdict_is_told_apart():
    assert Prediction("unsure", {"unsure": 0.9, "blue": 0.1}, 0.0).verdict == "label"
