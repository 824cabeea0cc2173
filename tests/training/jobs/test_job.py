"""Tests of one run, in this process: its records, stops at any stage, and failures."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cluster_core.data.splits import Side
from cluster_core.errors import RunError
from cluster_core.model.backbones import keras
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.training.choice import trial
from cluster_core.training.choice.decision import NetworkChoice
from cluster_core.training.events import Stage, StageProgress
from cluster_core.training.jobs import job as module
from cluster_core.training.jobs.job import run_job
from cluster_core.training.runs import (
    RunState,
    RunStatus,
    load_choice,
    load_config,
    load_evaluations,
    load_result,
    load_status,
    request_stop,
    submit_run,
)
from cluster_core.training.runs.folder import save_status
from cluster_core.training.runs.records import CHOICE
from cluster_core.training.train import train
from tests.samples import OWNER, write_photos

EARLY = (Stage.READING, Stage.BACKBONE, Stage.BOTTLENECKS)


def run(workspace, config):
    status = submit_run(OWNER, workspace, config)
    ended = run_job(workspace, status.id)
    assert load_status(workspace, status.id) == ended
    return ended


def list_leftovers(workspace) -> list[Path]:
    return [path for path in workspace.root.rglob("*") if path.suffix in (".part", ".old")]


def test_training_is_recorded(workspace, backbone, config):
    status = run(workspace, config)
    assert (status.state, status.message, status.attempts) == (RunState.FINISHED, "", 1)
    assert status.created < status.started < status.ended
    assert [e.step for e in load_evaluations(workspace, status.id)] == [0, 10, 20, 30, 40, 50, 59]
    bundle = load_bundle(workspace.bundles / status.bundle)
    result = load_result(workspace, status.id)
    assert result.metrics.to_record() == bundle.metrics["test"]
    assert (result.steps_run, result.step_kept) == (60, bundle.metrics["step_kept"])
    assert set(result.counts) == set(Side)
    assert sum(sum(side.values()) for side in result.counts.values()) == 48
    for picture in result.metrics.pictures:
        assert (config.image_dir / picture.path).is_file()
        assert picture.path.parent.name == picture.label
    assert (workspace.training_summaries / status.id / "validation").is_dir()
    assert list_leftovers(workspace) == []


def test_run_records_the_evaluations_of_train(workspace, backbone, config):
    events = []
    train(config, workspace, events.append)
    status = run(workspace, config)
    expected = tuple(event for event in events if hasattr(event, "step"))
    assert load_evaluations(workspace, status.id) == expected


def test_rejected_files_are_in_the_result(workspace, backbone, config, tmp_path):
    photos = write_photos(tmp_path / "photos", 12)
    (photos / "red stars" / "page.jpg").write_text("<html>")
    status = run(workspace, replace(config, image_dir=photos))
    ((name, reason),) = load_result(workspace, status.id).rejected
    assert name == "red stars/page.jpg"
    assert "page.jpg" in reason
    assert any("Only 12 pictures" in note for note in load_result(workspace, status.id).notes)


def stop_at(monkeypatch, workspace, stage: Stage, keep_best: bool) -> None:
    """Request a stop when a stage starts."""
    monkeypatch.setattr(module, "REPORT_EVERY_S", 0.0)

    def train_and_stop(config, workspace, on_event, is_stopped):
        def handle(event):
            if isinstance(event, StageProgress) and event.stage is stage:
                (run_id,) = (path.name for path in workspace.runs.iterdir())
                request_stop(OWNER, workspace, run_id, keep_best)
            on_event(event)

        return train(config, workspace, handle, is_stopped)

    monkeypatch.setattr(module, "train", train_and_stop)


@pytest.mark.parametrize("stage", list(Stage))
def test_discarded_run_leaves_no_outputs(workspace, backbone, config, monkeypatch, stage):
    stop_at(monkeypatch, workspace, stage, keep_best=False)
    status = run(workspace, config)
    assert (status.state, status.bundle, status.message) == (RunState.DISCARDED, None, "")
    assert not list(workspace.bundles.iterdir())
    assert not workspace.retrained_graph.exists()
    assert list_leftovers(workspace) == []


@pytest.mark.parametrize("stage", list(Stage))
def test_best_head_is_kept_if_there_is_one(workspace, backbone, config, monkeypatch, stage):
    stop_at(monkeypatch, workspace, stage, keep_best=True)
    status = run(workspace, config)
    if stage in EARLY:
        assert (status.state, status.bundle) == (RunState.DISCARDED, None)
        return
    assert load_bundle(workspace.bundles / status.bundle)
    result = load_result(workspace, status.id)
    if stage is Stage.TRAINING:
        assert (status.state, result.steps_run) == (RunState.STOPPED, 1)
    else:  # all steps have been run
        assert (status.state, result.steps_run) == (RunState.FINISHED, 60)


def test_stop_is_checked_between_evaluations(workspace, backbone, config, monkeypatch):
    stop_at(monkeypatch, workspace, Stage.TRAINING, keep_best=False)
    monkeypatch.setattr(module._Reporter, "handle", lambda *_: None)
    status = run(workspace, replace(config, eval_step_interval=1_000_000))
    assert status.state is RunState.DISCARDED


def test_run_stopped_while_queued_does_not_start(workspace, backbone, config):
    status = submit_run(OWNER, workspace, config)
    request_stop(OWNER, workspace, status.id, keep_best=True)
    ended = run_job(workspace, status.id)
    assert (ended.state, ended.attempts, ended.started) == (RunState.DISCARDED, 0, None)


def test_second_attempt_restarts_the_curve(workspace, backbone, config):
    status = submit_run(OWNER, workspace, config)
    run_job(workspace, status.id)
    save_status(workspace, replace(status, state=RunState.QUEUED, attempts=1))
    assert run_job(workspace, status.id).attempts == 2
    assert len(load_evaluations(workspace, status.id)) == 7


def test_dataset_deleted_during_training_is_reported(
    workspace, backbone, config, tmp_path, monkeypatch
):
    photos = write_photos(tmp_path / "photos", 12)

    def train_and_delete(config, workspace, on_event, is_stopped):
        def handle(event):
            on_event(event)
            if isinstance(event, StageProgress) and event.stage is Stage.BACKBONE:
                shutil.rmtree(photos)

        return train(config, workspace, handle, is_stopped)

    monkeypatch.setattr(module, "train", train_and_delete)
    status = run(workspace, replace(config, image_dir=photos))
    assert status.state is RunState.FAILED
    assert "field" in status.message
    assert len(status.message.splitlines()) == 1
    second = run_job(workspace, submit_run(OWNER, workspace, replace(config, image_dir=photos)).id)
    assert "There is no folder" in second.message


def test_bug_is_reported_with_an_id_that_the_log_repeats(
    workspace, backbone, config, monkeypatch, caplog
):
    def fail(*_):
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(module, "train", fail)
    status = run(workspace, config)
    assert status.state is RunState.FAILED
    assert "sorry" in status.message
    assert "odd" not in status.message
    error_id = status.message.rstrip(".").rsplit(" ", 1)[-1]
    assert error_id in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("name", ["save_status", "save_result", "format_evaluation"])
def test_full_disk_is_reported(workspace, backbone, config, monkeypatch, name):
    function, calls = getattr(module, name), []

    def fail_once(*arguments):
        calls.append(arguments)
        if len(calls) == (2 if name == "save_status" else 1):
            raise OSError(28, "No space left on device")
        return function(*arguments)

    monkeypatch.setattr(module, name, fail_once)
    status = run(workspace, config)
    assert status.state is RunState.FAILED
    assert "No space left on device" in status.message
    assert "make sure that the disk has room" in status.message


def test_final_status_is_returned_even_if_it_cannot_be_saved(
    workspace, backbone, config, monkeypatch
):
    def fail(*_):
        raise OSError(28, "No space left on device")

    status = submit_run(OWNER, workspace, config)
    monkeypatch.setattr(module, "save_status", fail)
    ended = run_job(workspace, status.id)
    assert (ended.state, ended.id) == (RunState.FAILED, status.id)
    assert load_status(workspace, status.id).state is RunState.QUEUED


def test_damaged_settings_fail_the_run(workspace, config):
    status = submit_run(OWNER, workspace, config)
    (workspace.runs / status.id / "config.json").write_text("{")
    ended = run_job(workspace, status.id)
    assert ended.state is RunState.FAILED
    assert "cannot be read" in ended.message


def test_deleted_run_raises_run_error(workspace, config):
    status = submit_run(OWNER, workspace, config)
    shutil.rmtree(workspace.runs / status.id)
    with pytest.raises(RunError, match="There is no training"):
        run_job(workspace, status.id)


def test_automatic_choice_is_recorded_and_stays_automatic(workspace, backbone, config, monkeypatch):
    monkeypatch.setattr(trial, "prepare_networks", lambda *_: [backbone])
    status = run(workspace, replace(config, architecture="auto"))
    assert (status.state, status.architecture) == (RunState.FINISHED, "random")
    choice = load_choice(workspace, status.id)
    assert choice.architecture == "random"
    assert choice.n_pictures > 30
    assert load_config(workspace, status.id).architecture == "auto"
    bundle = load_bundle(workspace.bundles / status.bundle)
    assert bundle.backbone.name == "random"
    assert bundle.settings["architecture"] == "auto"
    assert NetworkChoice.from_record(bundle.metrics["network_choice"]) == choice


def test_run_with_a_chosen_network_has_no_choice_on_record(workspace, backbone, config):
    status = run(workspace, config)
    assert load_choice(workspace, status.id) is None


@pytest.mark.parametrize("content", ["", "[]", '{"architecture": "sky"}', '{"architecture": "x"}'])
def test_damaged_choice_counts_as_none(workspace, config, content):
    status = submit_run(OWNER, workspace, config)
    (workspace.runs / status.id / CHOICE).write_text(content)
    assert load_choice(workspace, status.id) is None


def test_stop_during_the_trial_discards_the_run(workspace, backbone, config, monkeypatch):
    monkeypatch.setattr(module, "REPORT_EVERY_S", 0)
    monkeypatch.setattr(trial, "prepare_networks", lambda *_: [backbone])
    status = submit_run(OWNER, workspace, replace(config, architecture="auto"))

    def stop(*arguments):
        request_stop(OWNER, workspace, status.id, keep_best=True)
        return cross_validate(*arguments)

    cross_validate = trial.cross_validate
    monkeypatch.setattr(trial, "cross_validate", stop)
    assert run_job(workspace, status.id).state is RunState.DISCARDED


def test_stop_during_the_download_of_a_network_keeps_nothing(workspace, config, monkeypatch):
    monkeypatch.setattr(module, "REPORT_EVERY_S", 0)
    status = submit_run(OWNER, workspace, replace(config, architecture="inception_v3"))

    def download(spec, model_dir, on_progress):
        on_progress(45_000_000, 90_000_000)
        seen.append(load_status(workspace, status.id))
        request_stop(OWNER, workspace, status.id, keep_best=True)
        on_progress(46_000_000, 90_000_000)
        raise AssertionError("it was not stopped")

    seen: list[RunStatus] = []
    monkeypatch.setattr(keras, "download_weights", download)
    assert run_job(workspace, status.id).state is RunState.DISCARDED
    assert [(one.stage, one.done, one.total) for one in seen] == [(Stage.BACKBONE, 45_000, 90_000)]


def test_waiting_for_other_programs_is_not_part_of_the_speed(
    workspace, backbone, config, monkeypatch
):
    def train_and_wait(config, workspace, on_event, is_stopped):
        def handle(event):
            on_event(event)
            if isinstance(event, StageProgress) and event.stage is Stage.TRAINING:
                time.sleep(1)

        return train(config, workspace, handle, is_stopped)

    recorded: list[float] = []
    monkeypatch.setattr(module, "train", train_and_wait)
    monkeypatch.setattr(module, "record_step_speed", lambda *given: recorded.append(given[-1]))
    run(workspace, config)
    assert recorded[0] < 1
