"""Tests of concurrent trainings, each in a fake worker of its own."""

from __future__ import annotations

import threading
from dataclasses import replace

import filelock
import pytest

from cluster_core.errors import ConfigError
from cluster_core.training.events import Stage
from cluster_core.training.jobs.failure_reasons import OUT_OF_MEMORY, WORKER_CANNOT_START
from cluster_core.training.jobs.supervisor import TERMINAL_TRAINING_RUNNING, Supervisor
from cluster_core.training.locks import AT_ONCE_VARIABLE
from cluster_core.training.runs import RunState, load_status, request_stop, submit_run
from cluster_core.training.runs.folder import save_status
from tests.samples import OWNER
from tests.training.jobs.fakes import FakeWorker, assert_stays, state_of, wait_for


@pytest.fixture(autouse=True)
def two_at_once(monkeypatch):
    monkeypatch.setenv(AT_ONCE_VARIABLE, "2")


@pytest.fixture
def runs(workspace, config):
    return [submit_run(OWNER, workspace, config) for _ in range(4)]


def test_two_runs_are_assigned_at_a_time_in_order_of_submission(runs, start_server):
    server = start_server()
    ids = [status.id for status in runs]
    wait_for(lambda: server.assigned_runs)
    wait_for(lambda: len(server.assigned_runs) == 2)
    assert_stays(lambda: len(server.assigned_runs) == 2)
    assert set(server.assigned_runs) == set(ids[:2])
    assert server.find_worker(runs[0]) is not server.find_worker(runs[1])
    server.find_worker(runs[1]).finish(ids[1])
    wait_for(lambda: len(server.assigned_runs) == 3)
    assert_stays(lambda: len(server.assigned_runs) == 3)
    assert server.find_worker(runs[2]) is server.find_worker(runs[1])
    server.find_worker(runs[0]).finish(ids[0])
    wait_for(lambda: len(server.assigned_runs) == 4)
    assert server.find_worker(runs[3]) is server.find_worker(runs[0])
    assert len(server.workers) == 2


def test_next_run_waits_until_the_previous_has_its_lock(workspace, runs, start_server, monkeypatch):
    monkeypatch.setattr(FakeWorker, "first_stage", "")
    server = start_server()
    wait_for(lambda: server.assigned_runs)
    assert_stays(lambda: server.assigned_runs == [runs[0].id])
    status = load_status(workspace, runs[0].id)
    save_status(workspace, replace(status, stage=str(Stage.READING)))
    wait_for(lambda: len(server.assigned_runs) == 2)


def test_dying_worker_does_not_affect_other_runs(workspace, runs, start_server):
    server = start_server()
    wait_for(lambda: len(server.assigned_runs) == 2)
    before = load_status(workspace, runs[1].id)
    server.find_worker(runs[0]).die(-9)
    wait_for(lambda: state_of(workspace, runs[0]) is RunState.FAILED)
    assert load_status(workspace, runs[0].id).message == OUT_OF_MEMORY
    wait_for(lambda: len(server.assigned_runs) == 3)
    assert server.find_worker(runs[2]) is server.workers[2]
    assert server.find_worker(runs[1]).is_alive
    assert load_status(workspace, runs[1].id) == before
    server.find_worker(runs[1]).finish(runs[1].id)
    wait_for(lambda: len(server.assigned_runs) == 4)


def test_stop_ends_only_the_worker_of_that_run(workspace, runs, start_server):
    server = start_server()
    wait_for(lambda: len(server.assigned_runs) == 2)
    request_stop(OWNER, workspace, runs[1].id, keep_best=False)
    wait_for(lambda: state_of(workspace, runs[1]) is RunState.DISCARDED)
    assert not server.find_worker(runs[1]).is_alive
    assert server.find_worker(runs[0]).is_alive
    assert load_status(workspace, runs[0].id).attempts == 1
    wait_for(lambda: len(server.assigned_runs) == 3)


def test_closing_server_requeues_all_its_runs(workspace, runs, start_server):
    server = start_server()
    wait_for(lambda: len(server.assigned_runs) == 2)
    server.supervisor.close()
    assert not any(worker.is_alive for worker in server.workers)
    for status in runs:
        again = load_status(workspace, status.id)
        assert (again.state, again.attempts) == (RunState.QUEUED, 0)
    other = start_server()
    wait_for(lambda: len(other.assigned_runs) == 2)


def test_runs_left_by_an_ended_server_restart_together(workspace, runs, start_server):
    for status in runs[:2]:
        save_status(workspace, replace(status, state=RunState.RUNNING, attempts=1))
    server = start_server()
    wait_for(lambda: len(server.assigned_runs) == 2)
    assert server.assigned_runs[0] in (runs[0].id, runs[1].id)
    assert [load_status(workspace, status.id).attempts for status in runs] == [2, 2, 0, 0]


def test_terminal_training_leaves_room_for_one_run(workspace, runs, start_server, monkeypatch):
    monkeypatch.setattr(FakeWorker, "first_stage", "")
    terminal_lock, worker_lock = map(filelock.FileLock, workspace.list_training_locks(2))
    with terminal_lock:
        server = start_server()
        wait_for(lambda: server.assigned_runs == [runs[0].id])
        with worker_lock:
            status = load_status(workspace, runs[0].id)
            save_status(workspace, replace(status, stage=str(Stage.READING)))
            wait_for(
                lambda: load_status(workspace, runs[1].id).message == TERMINAL_TRAINING_RUNNING
            )
            assert_stays(lambda: server.assigned_runs == [runs[0].id])
            terminal_lock.release()
            wait_for(lambda: server.assigned_runs == [runs[0].id, runs[1].id])


def test_runs_wait_as_long_as_one_worker_can_start(workspace, runs, start_server):
    def make_worker(workspace):
        worker = FakeWorker(workspace, is_ready=has_first.is_set())
        if not has_first.is_set():
            has_first.set()
            return worker
        worker.is_ready = False
        worker.die(1)
        return worker

    has_first = threading.Event()
    server = start_server(make_worker)
    wait_for(lambda: len(server.workers) > 8)
    assert state_of(workspace, runs[0]) is RunState.QUEUED
    server.workers[0].is_ready = True
    wait_for(lambda: server.assigned_runs == [runs[0].id])
    server.workers[0].is_ready = False
    server.workers[0].die(1)
    wait_for(lambda: state_of(workspace, runs[1]) is RunState.FAILED)
    assert load_status(workspace, runs[1].id).message == WORKER_CANNOT_START


def test_one_worker_serves_when_no_other_can_be_started(workspace, runs, start_server, caplog):
    def make_worker(workspace):
        if is_full.is_set():
            raise OSError(11, "Resource temporarily unavailable")
        is_full.set()
        return FakeWorker(workspace)

    is_full = threading.Event()
    server = start_server(make_worker)
    for status in runs[:2]:
        wait_for(lambda status=status: server.assigned_runs[-1:] == [status.id])
        server.worker.finish(status.id)
    assert len(server.workers) == 1
    assert "Resource temporarily unavailable" in caplog.text


def test_idle_worker_makes_previews_while_another_trains(workspace, config, start_server):
    server = start_server()
    wait_for(lambda: len(server.workers) == 2)
    status = submit_run(OWNER, workspace, config)
    wait_for(lambda: server.assigned_runs)
    assert server.supervisor.is_warm
    (other,) = (worker for worker in server.workers if not worker.has(status))
    curves = []
    thread = threading.Thread(
        target=lambda: curves.append(server.supervisor.preview(OWNER, config))
    )
    thread.start()
    wait_for(lambda: other.requests)
    assert server.supervisor.preview(OWNER, config, timeout_s=0.05) is None  # one at a time
    next_run = submit_run(OWNER, workspace, config)  # cuts it short
    wait_for(lambda: other.has(next_run))
    assert not server.supervisor.is_warm
    other.emit(kind="preview", evaluations=[[0, 0.5, 0.7, 0.5, 0.7, 8]])
    thread.join()
    assert len(curves[0]) == 1


def test_run_is_assigned_to_the_worker_without_a_preview(workspace, config, start_server):
    server = start_server()
    wait_for(lambda: len(server.workers) == 2)
    assert server.supervisor.preview(OWNER, config, timeout_s=0.05) is None  # in progress
    (busy,) = (worker for worker in server.workers if worker.requests)
    status = submit_run(OWNER, workspace, config)
    wait_for(lambda: server.assigned_runs)
    assert server.find_worker(status) is not busy


@pytest.mark.parametrize("value", ["0", "9", "-1", "two", "1.5", " 2", "²", "1" * 5000])
def test_invalid_limit_is_reported(workspace, monkeypatch, value):
    monkeypatch.setenv(AT_ONCE_VARIABLE, value)
    with pytest.raises(ConfigError, match="must be a whole number from 1 to 8") as caught:
        Supervisor(workspace)
    assert caught.value.field == AT_ONCE_VARIABLE
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(("value", "count"), [(None, 1), ("", 1), ("1", 1), ("8", 4)])
def test_environment_sets_the_number_of_workers(runs, start_server, monkeypatch, value, count):
    if value is None:
        monkeypatch.delenv(AT_ONCE_VARIABLE)
    else:
        monkeypatch.setenv(AT_ONCE_VARIABLE, value)
    server = start_server()
    wait_for(lambda: len(server.assigned_runs) == count)
    assert_stays(lambda: len(server.assigned_runs) == count)
    assert len(server.workers) == int(value or 1)


def test_trainings_are_reported_for_the_log(runs, start_server, caplog):
    with caplog.at_level("INFO", "cluster_core.events"):
        server = start_server()
        wait_for(lambda: len(server.assigned_runs) == 2)
        server.find_worker(runs[0]).finish(runs[0].id)
        wait_for(lambda: len(server.assigned_runs) == 3)
        server.find_worker(runs[1]).die(-9)
        wait_for(lambda: len(server.assigned_runs) == 4)
        server.supervisor.close()
    found = [(record.message, record.fields.get("state")) for record in caplog.records]
    assert sorted(found, key=str) == [
        ("training_ended", "failed"),
        ("training_ended", "finished"),
        ("training_interrupted", None),
        ("training_interrupted", None),
        *[("training_started", None)] * 4,
    ]
