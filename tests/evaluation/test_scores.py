from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import pytest

from cluster_core.evaluation.intervals import compute_score_interval, compute_wilson_interval
from cluster_core.evaluation.scores import compute_metrics
from tests.samples import make_index

LABELS = ("galaxy", "globular", "open")


@pytest.fixture
def pictures():
    return make_index({label: [f"{n}.png" for n in range(20)] for label in LABELS}).pictures


@pytest.fixture
def scores(pictures):
    return np.random.default_rng(0).dirichlet([1, 1, 1], len(pictures))


def test_every_picture_is_counted_once(pictures, scores):
    metrics = compute_metrics(pictures, scores, LABELS)
    answers = Counter(
        (picture.label, LABELS[int(row.argmax())])
        for picture, row in zip(pictures, scores, strict=True)
    )
    for label, row in zip(LABELS, metrics.confusion, strict=True):
        assert row == tuple(answers[label, answer] for answer in LABELS)
        assert sum(row) == 20
    assert metrics.n == 60
    assert metrics.n_right == sum(answers[label, label] for label in LABELS)
    assert metrics.n_right + len(metrics.misclassified) == metrics.n
    assert metrics.accuracy == metrics.n_right / 60
    assert metrics.interval == compute_wilson_interval(metrics.n_right, 60)


def test_pictures_of_one_object_count_once():
    index = make_index({"globular": ["M13.png", "M13 b.png", "M13 c.png"], "open": ["M45.png"]})
    scores = np.tile([0.0, 1.0, 0.0], (4, 1))
    metrics = compute_metrics(index.pictures, scores, LABELS)
    assert metrics.n == 4
    assert metrics.n_independent == 1.6  # 4 ** 2 / (3 ** 2 + 1)
    assert metrics.interval == compute_score_interval(3 / 4, 1.6)
    assert metrics.classes[1].interval == pytest.approx(compute_score_interval(1, 1.2))


def test_mistakes_are_sorted_by_score(pictures, scores):
    mistakes = compute_metrics(pictures, scores, LABELS).misclassified
    assert len(mistakes) > 5
    found = [mistake.score for mistake in mistakes]
    assert found == sorted(found, reverse=True)
    rows = {picture.path: row for picture, row in zip(pictures, scores, strict=True)}
    for mistake in mistakes:
        assert mistake.label == mistake.path.parent.name != mistake.predicted
        assert mistake.predicted == LABELS[int(rows[mistake.path].argmax())]
        assert mistake.score == rows[mistake.path].max()


def test_order_of_pictures_does_not_matter(pictures, scores):
    order = np.random.default_rng(1).permutation(len(pictures))
    shuffled = compute_metrics([pictures[n] for n in order], scores[order], LABELS)
    metrics = compute_metrics(pictures, scores, LABELS)
    assert shuffled.confusion == metrics.confusion
    assert shuffled.misclassified == metrics.misclassified


def test_perfect_answers_give_no_mistakes(pictures):
    right = np.eye(3)[[LABELS.index(picture.label) for picture in pictures]]
    metrics = compute_metrics(pictures, right, LABELS)
    assert (metrics.accuracy, metrics.misclassified) == (1, ())
    assert compute_metrics(pictures, np.roll(right, 1, axis=1), LABELS).accuracy == 0


def test_metrics_without_pictures_are_undefined():
    metrics = compute_metrics((), np.empty((0, 3)), LABELS)
    assert (metrics.n, metrics.n_right, metrics.interval) == (0, 0, (0, 1))
    assert math.isnan(metrics.accuracy)


def test_record_is_strict_json(pictures, scores):
    for metrics in (
        compute_metrics(pictures, scores, LABELS),
        compute_metrics((), np.empty((0, 3)), LABELS),
    ):
        record = json.loads(json.dumps(metrics.to_record(), allow_nan=False))
        assert record["n"] == metrics.n == sum(map(sum, record["confusion"]))
        assert record["n_right"] == metrics.n_right
        assert tuple(record["interval_95"]) == metrics.interval
