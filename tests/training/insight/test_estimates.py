"""Speeds, measured or guessed, and what they say of a training."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cluster_core.data.index import scan_dataset
from cluster_core.data.splits import split_dataset
from cluster_core.model.backbones.registry import list_backbones
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.insight.estimates import (
    CONVERSION_S,
    SPEEDS,
    TELLING_STEPS,
    estimate_speed,
    estimate_training,
    measure_speed,
    note_steps,
)
from cluster_core.training.train import train


@pytest.fixture
def split(workspace, photos):
    with CacheFile(workspace.bottlenecks) as cache:
        index = scan_dataset(photos, cache)
    return split_dataset(index, testing_percentage=20, validation_percentage=20)


def test_every_network_has_a_guess_the_larger_the_slower(workspace):
    speeds = {spec.name: estimate_speed(workspace, spec.name) for spec in list_backbones()}
    assert not any(speed.is_measured for speed in speeds.values())
    assert all(0.05 < speed.ms < 500 for speed in speeds.values())
    assert speeds["mobilenet_0.25_128"].ms < speeds["mobilenet_1.0_224"].ms
    assert speeds["mobilenet_1.0_224"].ms < speeds["inception_v3"].ms


def test_a_network_that_is_ready_is_measured(workspace, backbone):
    measure_speed(workspace, "random")
    measured = estimate_speed(workspace, "random")
    assert measured.is_measured
    assert 0 < measured.ms < 50
    measure_speed(workspace, "mobilenet_v2")  # not at hand
    assert not estimate_speed(workspace, "mobilenet_v2").is_measured


def test_the_network_that_ships_is_measured_at_once(workspace):
    measure_speed(workspace, "sky")
    assert estimate_speed(workspace, "sky").is_measured


@pytest.mark.parametrize(
    "content", ["", "[]", '{"random": 3}', '{"random": {"a": "x"}}', "[" * 10**5]
)
def test_a_damaged_record_of_speeds_is_begun_anew(workspace, backbone, content):
    (workspace.models / SPEEDS).write_text(content)
    assert not estimate_speed(workspace, "random").is_measured
    measure_speed(workspace, "random")
    assert estimate_speed(workspace, "random").is_measured


def test_pictures_that_are_cached_cost_nothing(workspace, backbone, config, split):
    fresh = estimate_training(workspace, config, split)
    more_views = replace(config, sky_views=True)
    assert estimate_training(workspace, more_views, split) > fresh
    train(config, workspace, lambda event: None)
    cached = estimate_training(workspace, config, split)
    assert cached < fresh
    assert estimate_training(workspace, more_views, split) > cached


def test_a_network_that_is_not_converted_takes_longer(workspace, config, split):
    mobilenet = replace(config, architecture="mobilenet_0.25_128")
    assert estimate_training(workspace, mobilenet, split) > CONVERSION_S


def test_steps_count_as_they_were_measured(workspace, backbone, config, split):
    many = replace(config, how_many_training_steps=10_000)
    guessed_s = estimate_training(workspace, many, split)
    note_steps(workspace, "random", TELLING_STEPS - 1, 1000)
    assert estimate_training(workspace, many, split) == guessed_s
    note_steps(workspace, "random", 1000, 1.0)
    measured_s = estimate_training(workspace, many, split)
    assert measured_s == pytest.approx(estimate_training(workspace, config, split) + 9.94, rel=0.01)
    note_steps(workspace, "random", 1000, 3.0)  # what was known counts half
    assert estimate_training(workspace, many, split) - measured_s == pytest.approx(10, rel=0.01)
    large = replace(many, train_batch_size=200)
    assert estimate_training(workspace, large, split) > measured_s + 15


def test_a_cache_that_cannot_be_read_is_no_error(workspace, backbone, config, split):
    (workspace.bottlenecks / "bottlenecks.sqlite").write_text("damaged " * 1000)
    assert estimate_training(workspace, config, split) > 0
