"""Tests of measured and estimated speeds, and of the durations estimated from them."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from cluster_core.data.index import scan_dataset
from cluster_core.data.splits import split_dataset
from cluster_core.model.backbones.litert import LiteRTExtractor
from cluster_core.model.backbones.registry import list_backbones
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.choice.trial import choose_network
from cluster_core.training.config import TrainConfig
from cluster_core.training.insight.estimates import (
    CONVERSION_S,
    MIN_TIMED_STEPS,
    SPEEDS,
    estimate_speed,
    estimate_training,
    estimate_trial,
    measure_speed,
    record_step_speed,
)
from cluster_core.training.train import train


@pytest.fixture
def split(workspace, photos):
    with CacheFile(workspace.bottlenecks) as cache:
        index = scan_dataset(photos, cache)
    return split_dataset(index, testing_percentage=20, validation_percentage=20)


def test_every_network_has_an_estimated_speed_that_falls_with_size(workspace):
    speeds = {spec.name: estimate_speed(workspace, spec.name) for spec in list_backbones()}
    assert not any(speed.is_measured for speed in speeds.values())
    assert all(0.05 < speed.ms < 500 for speed in speeds.values())
    assert speeds["mobilenet_0.25_128"].ms < speeds["mobilenet_1.0_224"].ms
    assert speeds["mobilenet_1.0_224"].ms < speeds["inception_v3"].ms


def test_only_converted_networks_are_measured(workspace, backbone):
    measure_speed(workspace, "random")
    measured = estimate_speed(workspace, "random")
    assert measured.is_measured
    assert 0 < measured.ms < 50
    measure_speed(workspace, "mobilenet_v2")  # not converted
    assert not estimate_speed(workspace, "mobilenet_v2").is_measured


def test_other_programs_do_not_slow_the_measured_speed(workspace, backbone, monkeypatch):
    extract = LiteRTExtractor.extract

    def wait_for_the_core(self, pictures):
        time.sleep(0.06)
        return extract(self, pictures)

    monkeypatch.setattr(LiteRTExtractor, "extract", wait_for_the_core)
    measure_speed(workspace, "random")
    assert estimate_speed(workspace, "random").ms < 50


def test_shipped_network_is_measured_without_conversion(workspace):
    measure_speed(workspace, "sky")
    assert estimate_speed(workspace, "sky").is_measured


@pytest.mark.parametrize(
    "content", ["", "[]", '{"random": 3}', '{"random": {"a": "x"}}', "[" * 10**5]
)
def test_damaged_speed_file_is_replaced(workspace, backbone, content):
    (workspace.models / SPEEDS).write_text(content)
    assert not estimate_speed(workspace, "random").is_measured
    measure_speed(workspace, "random")
    assert estimate_speed(workspace, "random").is_measured


def test_cached_pictures_reduce_the_estimate(workspace, backbone, config, split):
    fresh = estimate_training(workspace, config, split)
    more_views = replace(config, sky_views=True)
    assert estimate_training(workspace, more_views, split) > fresh
    train(config, workspace, lambda event: None)
    cached = estimate_training(workspace, config, split)
    assert cached < fresh
    assert estimate_training(workspace, more_views, split) > cached


def test_conversion_is_part_of_the_estimate(workspace, config, split):
    mobilenet = replace(config, architecture="mobilenet_0.25_128")
    assert estimate_training(workspace, mobilenet, split) > CONVERSION_S


def test_recorded_step_speed_replaces_the_guess(workspace, backbone, config, split):
    many = replace(config, how_many_training_steps=10_000)
    estimated_s = estimate_training(workspace, many, split)
    record_step_speed(workspace, "random", MIN_TIMED_STEPS - 1, 1000)
    assert estimate_training(workspace, many, split) == estimated_s
    record_step_speed(workspace, "random", 1000, 1.0)
    measured_s = estimate_training(workspace, many, split)
    assert measured_s == pytest.approx(estimate_training(workspace, config, split) + 9.94, rel=0.01)
    large = replace(many, train_batch_size=200)
    assert estimate_training(workspace, large, split) > measured_s + 9


def test_speed_measured_on_a_busy_computer_counts_little(workspace, backbone, config, split):
    many = replace(config, how_many_training_steps=10_000)
    record_step_speed(workspace, "random", 1000, 9.0)
    record_step_speed(workspace, "random", 1000, 1.0)
    idle_s = estimate_training(workspace, many, split)
    record_step_speed(workspace, "random", 1000, 3.0)
    assert estimate_training(workspace, many, split) - idle_s == pytest.approx(2, rel=0.01)


def test_unreadable_cache_does_not_fail_the_estimate(workspace, backbone, config, split):
    (workspace.bottlenecks / "bottlenecks.sqlite").write_text("damaged " * 1000)
    assert estimate_training(workspace, config, split) > 0


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "-3", "0", "1e300"])
def test_recorded_speed_that_is_not_plausible_is_ignored(workspace, config, split, value):
    names = ("milliseconds a view", "milliseconds a step")
    recorded = ", ".join(f'"{name}": {value}' for name in names)
    expected = estimate_training(workspace, config, split)
    workspace.models.mkdir(parents=True, exist_ok=True)
    (workspace.models / SPEEDS).write_text(f'{{"random": {{{recorded}}}}}')
    assert not estimate_speed(workspace, "random").is_measured
    assert estimate_training(workspace, config, split) == expected
    record_step_speed(workspace, "random", 1000, 1.0)
    assert "1.0" in (workspace.models / SPEEDS).read_text()


def test_recorded_speed_of_400_digits_is_ignored(workspace):
    workspace.models.mkdir(parents=True, exist_ok=True)
    (workspace.models / SPEEDS).write_text(f'{{"random": {{"milliseconds a view": {"9" * 400}}}}}')
    assert not estimate_speed(workspace, "random").is_measured


def test_automatic_training_is_estimated_by_the_trial_then_by_the_chosen_network(
    workspace, photos, split
):
    automatic = TrainConfig(
        photos, architecture="auto", testing_percentage=20, validation_percentage=20
    )
    before_s = estimate_trial(workspace, automatic, split)
    assert before_s > 0
    everyday = estimate_training(workspace, replace(automatic, architecture="everyday"), split)
    assert estimate_training(workspace, automatic, split) > before_s + everyday - 1e-9
    with CacheFile(workspace.bottlenecks) as cache:
        index = scan_dataset(photos, cache)
    choice = choose_network(automatic, index, split, workspace)
    assert estimate_trial(workspace, automatic, split) == 0
    chosen = replace(automatic, architecture=choice.architecture)
    assert estimate_training(workspace, automatic, split) == estimate_training(
        workspace, chosen, split
    )
