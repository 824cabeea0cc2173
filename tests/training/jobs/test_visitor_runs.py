"""Trainings of visitors with a throw-away workspace: their turn, their limits, and their end."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest

from cluster_core.access import Access
from cluster_core.access.visitor_workspaces import (
    LIFETIME_S,
    remove_visitor_workspace,
)
from cluster_core.errors import AccessError, RunError
from cluster_core.training.config import TrainConfig
from cluster_core.training.jobs import visitor_runs
from cluster_core.training.jobs.visitor_runs import VisitorRuns, sweep_visitor_workspaces
from cluster_core.training.jobs.visitor_turns import stop_visitor_run
from cluster_core.training.runs import RunState, list_runs, load_status, submit_run
from cluster_core.training.runs.visitor_limits import add_training_s, read_training_s
from tests.samples import OWNER
from tests.training.jobs.fakes import (
    FakeWorker,
    assert_stays,
    state_of,
    submit_as_visitor,
    wait_for,
)


def test_visitors_train_one_at_a_time_behind_the_owner(workspace, config, visitors, start_server):
    theirs = [submit_as_visitor(own) for own in visitors]
    mine = submit_run(OWNER, workspace, config)
    server = start_server()
    for number, status in enumerate((mine, *theirs)):
        wait_for(lambda number=number: len(server.assigned_runs) == number + 1)
        assert_stays(lambda number=number: len(server.assigned_runs) == number + 1)
        server.worker.finish(status.id)
    assert server.assigned_runs == [mine.id, *(status.id for status in theirs)]
    wait_for(lambda: all(read_training_s(own) >= 0 for own in visitors))
    assert not any(run.is_dir() for run in workspace.runs.glob(theirs[0].id))


def test_visitor_reads_that_the_owner_stopped_their_training(visitors, workspace, start_server):
    own = visitors[0]
    status = submit_as_visitor(own)
    start_server()
    wait_for(lambda: state_of(own, status) is RunState.RUNNING)
    stop_visitor_run(OWNER, workspace, status.id)
    wait_for(lambda: "The owner of this server stopped" in load_status(own, status.id).message)


def test_training_is_stopped_when_its_seconds_are_used(visitors, start_server, monkeypatch):
    own = visitors[0]
    monkeypatch.setattr(visitor_runs, "MAX_TRAINING_S", 0.05)
    status = submit_as_visitor(own)
    start_server()
    wait_for(lambda: state_of(own, status) is RunState.DISCARDED)  # it had no model yet
    wait_for(lambda: "minutes of training are used" in load_status(own, status.id).message)
    wait_for(lambda: read_training_s(own) > 0)


def test_training_that_fills_the_workspace_is_stopped(visitors, start_server, monkeypatch):
    own = visitors[0]
    status = submit_as_visitor(own)
    monkeypatch.setattr(visitor_runs, "_MEASURE_EVERY_S", 0.0)
    monkeypatch.setattr("cluster_core.access.quota.MAX_FILES", 1)
    start_server()
    wait_for(lambda: "up to 1 files" in load_status(own, status.id).message)
    assert state_of(own, status) is RunState.DISCARDED


def test_clicks_in_several_tabs_queue_one_training(visitors, monkeypatch):
    own = visitors[0]
    begin = Barrier(4, timeout=10)

    def click(_) -> bool:
        begin.wait()
        with suppress(RunError):
            return bool(submit_as_visitor(own))
        return False

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(click, range(4))) == 1
    assert len(list_runs(own)) == 1


def test_who_trained_least_comes_first_and_nobody_without_time(visitors, workspace):
    (first, second), runs = visitors, VisitorRuns(workspace)
    statuses = [submit_as_visitor(own) for own in visitors]
    add_training_s(first, 5)
    run, queue = runs.find_next()
    assert (run.id, queue.workspace) == (statuses[1].id, second)
    for own in visitors:
        add_training_s(own, 600)
    assert runs.find_next() is None
    message = load_status(first, statuses[0].id).message
    assert message == "Your 10 minutes of training are used, and no model was ready by then."


def test_time_before_the_server_was_killed_counts(visitors, start_server, monkeypatch):
    monkeypatch.setattr(visitor_runs, "_MEASURE_EVERY_S", 0.0)
    submit_as_visitor(visitors[0])
    start_server()
    wait_for(lambda: read_training_s(visitors[0]) >= 0.1)


def test_worker_whose_workspace_vanished_is_ended(visitors, start_server):
    status = submit_as_visitor(visitors[0])
    server = start_server()
    wait_for(lambda: server.assigned_runs == [status.id])
    worker = server.worker
    remove_visitor_workspace(visitors[0])
    wait_for(lambda: not worker.is_alive)


def test_waiting_training_fails_when_no_worker_can_start(visitors, start_server):
    status = submit_as_visitor(visitors[0])

    def make_broken(workspace):
        worker = FakeWorker(workspace, is_ready=False)
        worker.die(1)
        return worker

    start_server(make_broken)
    wait_for(lambda: state_of(visitors[0], status) is RunState.FAILED)


def test_pictures_and_files_of_others_cannot_be_trained_with(visitors, workspace):
    own, other = visitors
    access = Access.visitor_in(own)
    for config in (
        TrainConfig(workspace.root / "pupils_photos"),
        TrainConfig(other.root / "a_photos"),
        TrainConfig(own.root / "a_photos", output_graph=workspace.root / "graph.pb"),
    ):
        with pytest.raises(AccessError, match="only in your own workspace"):
            submit_run(access, own, config)


def test_expired_workspace_is_deleted_once_its_training_has_ended(
    visitors, workspace, start_server
):
    own, other = visitors
    status = submit_as_visitor(own)
    server = start_server()
    wait_for(lambda: server.assigned_runs == [status.id])
    used = own.root / ".used"
    os.utime(used, (0, used.stat().st_mtime - LIFETIME_S - 5))
    sweep_visitor_workspaces(workspace)
    assert own.root.is_dir()  # the training is asked to stop, and has not
    wait_for(lambda: state_of(own, status) is RunState.DISCARDED)
    sweep_visitor_workspaces(workspace)
    assert not own.root.exists()
    assert other.root.is_dir()
