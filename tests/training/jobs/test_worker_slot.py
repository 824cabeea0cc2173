"""Several trainings at a time, each with a worker of its own, who are played here."""

from __future__ import annotations

import threading
from dataclasses import replace

import filelock
import pytest

from cluster_core.errors import ConfigError
from cluster_core.training.events import Stage
from cluster_core.training.jobs.endings import CANNOT_START, OUT_OF_MEMORY
from cluster_core.training.jobs.supervisor import ELSEWHERE, Supervisor
from cluster_core.training.locks import AT_ONCE_VARIABLE
from cluster_core.training.runs import RunState, load_status, request_stop, submit_run
from cluster_core.training.runs.folder import save_status
from tests.training.jobs.played import FakeWorker, state_of, stays, wait_for


@pytest.fixture(autouse=True)
def two_at_once(monkeypatch):
    monkeypatch.setenv(AT_ONCE_VARIABLE, "2")


@pytest.fixture
def runs(workspace, config):
    return [submit_run(workspace, config) for _ in range(4)]


def test_two_are_trained_at_a_time_first_come_first_served(runs, play):
    stage = play()
    ids = [status.id for status in runs]
    wait_for(lambda: stage.runs_given)
    wait_for(lambda: len(stage.runs_given) == 2)
    stays(lambda: len(stage.runs_given) == 2)
    assert set(stage.runs_given) == set(ids[:2])
    assert stage.find_worker(runs[0]) is not stage.find_worker(runs[1])
    stage.find_worker(runs[1]).finish(ids[1])
    wait_for(lambda: len(stage.runs_given) == 3)
    stays(lambda: len(stage.runs_given) == 3)
    assert stage.find_worker(runs[2]) is stage.find_worker(runs[1])
    stage.find_worker(runs[0]).finish(ids[0])
    wait_for(lambda: len(stage.runs_given) == 4)
    assert stage.find_worker(runs[3]) is stage.find_worker(runs[0])
    assert len(stage.workers) == 2


def test_the_next_begins_when_the_one_before_has_its_lock(workspace, runs, play, monkeypatch):
    monkeypatch.setattr(FakeWorker, "first_stage", "")
    stage = play()
    wait_for(lambda: stage.runs_given)
    stays(lambda: stage.runs_given == [runs[0].id])
    status = load_status(workspace, runs[0].id)
    save_status(workspace, replace(status, stage=str(Stage.READING)))
    wait_for(lambda: len(stage.runs_given) == 2)


def test_a_worker_that_dies_touches_no_other_run(workspace, runs, play):
    stage = play()
    wait_for(lambda: len(stage.runs_given) == 2)
    before = load_status(workspace, runs[1].id)
    stage.find_worker(runs[0]).die(-9)
    wait_for(lambda: state_of(workspace, runs[0]) is RunState.FAILED)
    assert load_status(workspace, runs[0].id).message == OUT_OF_MEMORY
    wait_for(lambda: len(stage.runs_given) == 3)
    assert stage.find_worker(runs[2]) is stage.workers[2]
    assert stage.find_worker(runs[1]).is_alive
    assert load_status(workspace, runs[1].id) == before
    stage.find_worker(runs[1]).finish(runs[1].id)
    wait_for(lambda: len(stage.runs_given) == 4)


def test_a_stop_ends_one_worker_and_spares_the_other(workspace, runs, play):
    stage = play()
    wait_for(lambda: len(stage.runs_given) == 2)
    request_stop(workspace, runs[1].id, keep_best=False)
    wait_for(lambda: state_of(workspace, runs[1]) is RunState.DISCARDED)
    assert not stage.find_worker(runs[1]).is_alive
    assert stage.find_worker(runs[0]).is_alive
    assert load_status(workspace, runs[0].id).attempts == 1
    wait_for(lambda: len(stage.runs_given) == 3)


def test_a_server_that_closes_puts_all_its_runs_back(workspace, runs, play):
    stage = play()
    wait_for(lambda: len(stage.runs_given) == 2)
    stage.supervisor.close()
    assert not any(worker.is_alive for worker in stage.workers)
    for status in runs:
        again = load_status(workspace, status.id)
        assert (again.state, again.attempts) == (RunState.QUEUED, 0)
    other = play()
    wait_for(lambda: len(other.runs_given) == 2)


def test_what_a_server_left_running_begins_again_at_once(workspace, runs, play):
    for status in runs[:2]:
        save_status(workspace, replace(status, state=RunState.RUNNING, attempts=1))
    stage = play()
    wait_for(lambda: len(stage.runs_given) == 2)
    assert stage.runs_given[0] in (runs[0].id, runs[1].id)
    assert [load_status(workspace, status.id).attempts for status in runs] == [2, 2, 0, 0]


def test_a_training_in_a_terminal_leaves_room_for_one(workspace, runs, play, monkeypatch):
    monkeypatch.setattr(FakeWorker, "first_stage", "")
    of_terminal, of_worker = map(filelock.FileLock, workspace.list_training_locks(2))
    with of_terminal:
        stage = play()
        wait_for(lambda: stage.runs_given == [runs[0].id])
        with of_worker:
            status = load_status(workspace, runs[0].id)
            save_status(workspace, replace(status, stage=str(Stage.READING)))
            wait_for(lambda: load_status(workspace, runs[1].id).message == ELSEWHERE)
            stays(lambda: stage.runs_given == [runs[0].id])
            of_terminal.release()
            wait_for(lambda: stage.runs_given == [runs[0].id, runs[1].id])


def test_runs_wait_for_a_worker_as_long_as_one_can_start(workspace, runs, play):
    def make(where):
        worker = FakeWorker(where, is_ready=stage_is_set.is_set())
        if not stage_is_set.is_set():
            stage_is_set.set()
            return worker
        worker.is_ready = False
        worker.die(1)
        return worker

    stage_is_set = threading.Event()
    stage = play(make)
    wait_for(lambda: len(stage.workers) > 8)
    assert state_of(workspace, runs[0]) is RunState.QUEUED
    stage.workers[0].is_ready = True
    wait_for(lambda: stage.runs_given == [runs[0].id])
    stage.workers[0].is_ready = False
    stage.workers[0].die(1)
    wait_for(lambda: state_of(workspace, runs[1]) is RunState.FAILED)
    assert load_status(workspace, runs[1].id).message == CANNOT_START


def test_one_worker_serves_where_the_system_allows_no_other(workspace, runs, play, caplog):
    def make(where):
        if is_full.is_set():
            raise OSError(11, "Resource temporarily unavailable")
        is_full.set()
        return FakeWorker(where)

    is_full = threading.Event()
    stage = play(make)
    for status in runs[:2]:
        wait_for(lambda status=status: stage.runs_given[-1:] == [status.id])
        stage.worker.finish(status.id)
    assert len(stage.workers) == 1
    assert "Resource temporarily unavailable" in caplog.text


def test_a_worker_that_waits_makes_previews_while_another_trains(workspace, config, play):
    stage = play()
    wait_for(lambda: len(stage.workers) == 2)
    status = submit_run(workspace, config)
    wait_for(lambda: stage.runs_given)
    assert stage.supervisor.is_warm
    (other,) = (worker for worker in stage.workers if not worker.has(status))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(stage.supervisor.preview(config)))
    thread.start()
    wait_for(lambda: other.requests)
    assert stage.supervisor.preview(config, timeout_s=0.05) is None  # one at a time
    next_run = submit_run(workspace, config)  # cuts it short
    wait_for(lambda: other.has(next_run))
    assert not stage.supervisor.is_warm
    other.say(kind="preview", evaluations=[[0, 0.5, 0.7, 0.5, 0.7, 8]])
    thread.join()
    assert len(answers[0]) == 1


def test_a_run_goes_to_the_worker_that_has_no_preview(workspace, config, play):
    stage = play()
    wait_for(lambda: len(stage.workers) == 2)
    assert stage.supervisor.preview(config, timeout_s=0.05) is None  # it is being made
    (busy,) = (worker for worker in stage.workers if worker.requests)
    status = submit_run(workspace, config)
    wait_for(lambda: stage.runs_given)
    assert stage.find_worker(status) is not busy


@pytest.mark.parametrize("value", ["0", "9", "-1", "two", "1.5", " 2", "²", "1" * 5000])
def test_an_odd_number_is_a_sentence(workspace, monkeypatch, value):
    monkeypatch.setenv(AT_ONCE_VARIABLE, value)
    with pytest.raises(ConfigError, match="must be a whole number from 1 to 8") as caught:
        Supervisor(workspace, FakeWorker)
    assert caught.value.field == AT_ONCE_VARIABLE
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(("value", "count"), [(None, 1), ("", 1), ("1", 1), ("8", 4)])
def test_as_many_begin_as_the_environment_says(runs, play, monkeypatch, value, count):
    if value is None:
        monkeypatch.delenv(AT_ONCE_VARIABLE)
    else:
        monkeypatch.setenv(AT_ONCE_VARIABLE, value)
    stage = play()
    wait_for(lambda: len(stage.runs_given) == count)
    stays(lambda: len(stage.runs_given) == count)
    assert len(stage.workers) == int(value or 1)
