"""Trainings learn to recognise pictures of none of the classes, and test that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cluster_core.data.index import Picture
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.head.examples import Examples
from cluster_core.model.novelty import KnownPictures
from cluster_core.training import novelty
from cluster_core.training.novelty import (
    CounterExamples,
    add_novelty,
    describe_rejections,
    gather_known,
)
from cluster_core.training.runs.results import RunResult
from cluster_core.training.train import train
from tests.model.bundle.test_folder import make_bundle
from tests.samples import COLOURS, write_photos

GREEN = {"None of these": (60, 250, 80)}


def make_examples(seed: int, centre: float = 10.0, n: int = 30) -> Examples:
    features = np.random.default_rng(seed).normal(centre, 1, (n, 2, 6)).astype(np.float32)
    return Examples(features, np.zeros(n, int), 2)


def make_known(seed: int, n: int = 30) -> KnownPictures:
    return KnownPictures.of(make_examples(seed, n=n).features)


def test_counter_examples_get_no_score_and_are_tested_apart(config, workspace, backbone, tmp_path):
    photos = write_photos(tmp_path / "sky_photos", 24, {**COLOURS, **GREEN})
    result = train(replace(config, image_dir=photos), workspace)
    assert result.bundle.labels == result.metrics.labels == tuple(COLOURS)
    assert {picture.label for picture in result.metrics.pictures} == set(COLOURS)
    record = load_bundle(result.folder).metrics["none_of_these"]
    assert record["counter_examples"]["n"] == 5
    assert record["test"]["n"] == result.metrics.n
    run = RunResult.of(result.metrics, result.index, result.split, result.bundle.metrics)
    assert "of 5 counter-examples in the test were rejected" in run.notes[-1]
    assert result.bundle.dataset["counter_counts"] == {"None of these": 24}


def test_rejections_are_counted_for_counter_examples_and_for_the_classes():
    counter = CounterExamples(None, make_examples(1, centre=-10.0).features)
    testing = make_examples(2, n=10).features
    bundle = add_novelty(make_bundle(), make_known(3), testing, counter)
    record = bundle.metrics["none_of_these"]
    assert record["counter_examples"] == {"n": 30, "n_rejected": 30}
    assert record["test"]["n"] == 10
    sentence = describe_rejections(bundle.metrics)
    assert sentence.startswith("None of these: 30 of 30 counter-examples")
    assert f"{record['test']['n_rejected']} of 10 test pictures" in sentence


@pytest.mark.parametrize(
    "metrics", [{}, {"none_of_these": None}, {"none_of_these": {"counter_examples": {"n": "3"}}}]
)
def test_model_without_counter_examples_has_nothing_to_say(metrics):
    assert describe_rejections(metrics) is None


def test_too_few_pictures_give_a_model_without_a_detector():
    bundle = make_bundle()
    assert add_novelty(bundle, make_known(0, n=2), None, CounterExamples()) is bundle


@pytest.mark.parametrize("error", [MemoryError("no room"), np.linalg.LinAlgError("singular")])
def test_training_keeps_its_model_if_novelty_cannot_be_learned(
    config, workspace, backbone, monkeypatch, error
):
    def fail(*_):
        raise error

    monkeypatch.setattr(novelty, "fit_novelty", fail)
    assert load_bundle(train(config, workspace).folder).novelty is None


def test_detector_learns_from_a_sample_of_many_pictures(monkeypatch):
    monkeypatch.setattr(novelty, "MAX_PICTURES", 15)
    numbers = np.arange(40, dtype=np.float32)
    features = np.broadcast_to(numbers[:, None, None], (40, 3, 2))
    pictures = [Picture(Path(f"{n}.png"), "a", f"{n:064}", 9, 9, bytes(1024)) for n in range(40)]
    sides = [
        (pictures[part], Examples(features[part], np.arange(40)[part], 40))
        for part in (slice(0, 30), slice(30, 40))
    ]
    known = gather_known(2, sides)
    assert known.features.shape == (15, 2, 2)
    assert (known.features[:, 0, 0] == known.classes).all()
    assert known.classes.min() < 30 <= known.classes.max()
