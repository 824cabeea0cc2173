"""Tests that a preview gives the curve of the training, quickly, or none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cluster_core.errors import RunError
from cluster_core.model.head.settings import Evaluation
from cluster_core.training.insight import preview
from cluster_core.training.insight.preview import PreviewMaker
from cluster_core.training.runs.records import write_config
from cluster_core.training.train import train
from tests.samples import draw_blob, save_picture, write_photos


@pytest.fixture
def learn(workspace, backbone):
    def train_once(config):
        events = []
        train(config, workspace, events.append)
        return [event for event in events if isinstance(event, Evaluation)]

    return train_once


def make(maker, config):
    rows = maker.make(write_config(config))
    return rows and [Evaluation(*row) for row in rows]


@pytest.mark.parametrize(
    "changes",
    [{}, {"sky_views": True}, {"flip_left_right": True}, {"validation_percentage": 0, "seed": 3}],
)
def test_preview_equals_the_curve_of_the_training(workspace, config, learn, changes):
    config = replace(config, **changes)
    evaluations = learn(config)
    maker = PreviewMaker(workspace)
    assert make(maker, config) == evaluations
    assert make(maker, config) == evaluations
    slower = replace(config, learning_rate=0.01)
    assert make(maker, slower) == learn(slower)


def test_preview_needs_cached_bottlenecks(workspace, config, learn):
    maker = PreviewMaker(workspace)
    assert make(maker, config) is None
    evaluations = learn(config)
    assert make(maker, config) == evaluations
    assert make(maker, replace(config, sky_views=True)) is None
    assert make(maker, replace(config, architecture="mobilenet_v2")) is None
    assert make(maker, replace(config, validation_percentage=30)) is not None


def test_preview_reflects_changes_to_the_dataset(workspace, config, learn, tmp_path):
    config = replace(config, image_dir=write_photos(tmp_path / "photos", 12))
    learn(config)
    maker = PreviewMaker(workspace)
    before = make(maker, config)
    assert before
    added = save_picture(config.image_dir / "red stars" / "new.png", draw_blob(77, (250, 80, 60)))
    assert make(maker, config) is None
    assert learn(config) == make(maker, config)
    added.unlink()
    assert make(maker, config) == before


def test_missing_dataset_has_no_preview(workspace, config, learn, tmp_path):
    learn(config)
    maker = PreviewMaker(workspace)
    assert make(maker, replace(config, image_dir=tmp_path / "nowhere")) is None
    assert make(maker, config)


def test_stopped_preview_returns_the_curve_so_far(workspace, config, learn):
    evaluations = learn(config)
    waiting = []
    maker = PreviewMaker(workspace, is_stopped=lambda: bool(waiting))
    assert make(maker, config) == evaluations
    waiting.append(1)
    assert make(maker, config) == evaluations[:1]
    assert make(PreviewMaker(workspace, is_stopped=lambda: True), config) is None


def test_preview_ends_at_the_time_limit(workspace, config, learn, monkeypatch):
    evaluations = learn(config)
    maker = PreviewMaker(workspace)
    make(maker, config)
    monkeypatch.setattr(preview, "MAX_PREVIEW_S", -1.0)
    assert make(maker, config) == evaluations[:1]


@pytest.mark.parametrize("n_finite", [0, 1, 3])
def test_preview_ends_where_the_training_would_stop(
    workspace, config, learn, monkeypatch, n_finite
):
    evaluations = learn(config)

    def diverge(training, validation, settings, prior, callbacks):
        for evaluation in evaluations[:n_finite]:
            callbacks.on_evaluation(evaluation)
        raise RunError("no longer finite")

    monkeypatch.setattr(preview, "fit_head", diverge)
    assert make(PreviewMaker(workspace), config) == (evaluations[:n_finite] or None)
