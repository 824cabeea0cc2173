"""Trial trainings on what is cached: the same curve, at once, or none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cluster_core.model.head.settings import Evaluation
from cluster_core.training.insight import preview
from cluster_core.training.insight.preview import PreviewMaker
from cluster_core.training.runs.records import write_config
from cluster_core.training.train import train
from tests.samples import draw_blob, save_picture, write_photos


@pytest.fixture
def learn(workspace, backbone):
    def train_once(config):
        told = []
        train(config, workspace, told.append)
        return [event for event in told if isinstance(event, Evaluation)]

    return train_once


def make(maker, config):
    found = maker.make(write_config(config))
    return found and [Evaluation(*row) for row in found]


@pytest.mark.parametrize(
    "changes",
    [{}, {"sky_views": True}, {"flip_left_right": True}, {"validation_percentage": 0, "seed": 3}],
)
def test_a_preview_is_the_curve_that_a_training_would_have(workspace, config, learn, changes):
    config = replace(config, **changes)
    evaluations = learn(config)
    maker = PreviewMaker(workspace)
    assert make(maker, config) == evaluations
    assert make(maker, config) == evaluations
    slower = replace(config, learning_rate=0.01)
    assert make(maker, slower) == learn(slower)


def test_without_bottlenecks_there_is_none_until_they_are_there(workspace, config, learn):
    maker = PreviewMaker(workspace)
    assert make(maker, config) is None
    evaluations = learn(config)
    assert make(maker, config) == evaluations
    assert make(maker, replace(config, sky_views=True)) is None
    assert make(maker, replace(config, architecture="mobilenet_v2")) is None
    assert make(maker, replace(config, validation_percentage=30)) is not None


def test_it_follows_the_pictures(workspace, config, learn, tmp_path):
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


def test_what_cannot_be_learned_from_has_no_preview(workspace, config, learn, tmp_path):
    learn(config)
    maker = PreviewMaker(workspace)
    assert make(maker, replace(config, image_dir=tmp_path / "nowhere")) is None
    assert make(maker, config)


def test_somebody_with_more_urgent_work_cuts_it_short(workspace, config, learn):
    evaluations = learn(config)
    urgent = []
    maker = PreviewMaker(workspace, is_stopped=lambda: bool(urgent))
    assert make(maker, config) == evaluations
    urgent.append(1)
    assert make(maker, config) == evaluations[:1]
    assert make(PreviewMaker(workspace, is_stopped=lambda: True), config) is None


def test_it_does_not_go_on_for_longer_than_one_waits(workspace, config, learn, monkeypatch):
    evaluations = learn(config)
    maker = PreviewMaker(workspace)
    make(maker, config)
    monkeypatch.setattr(preview, "LONGEST_S", -1.0)
    assert make(maker, config) == evaluations[:1]
