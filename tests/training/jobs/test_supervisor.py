"""The queue of trainings and its one worker, who is played here."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import filelock
import pytest

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.errors import AccessError
from cluster_core.training.events import Stage
from cluster_core.training.jobs import queue as run_queue
from cluster_core.training.jobs import supervisor
from cluster_core.training.jobs import worker_slot as lane
from cluster_core.training.jobs.endings import CANNOT_START, OUT_OF_MEMORY, SILENT, TWICE_LEFT
from cluster_core.training.jobs.supervisor import (
    ELSEWHERE,
    Supervisor,
    find_supervisor,
    start_supervisor,
)
from cluster_core.training.runs import (
    RunState,
    list_runs,
    load_status,
    request_stop,
    submit_run,
)
from cluster_core.training.runs.folder import save_status
from cluster_core.workspace import Workspace, replacing
from tests.training.jobs.played import PATIENCE_S, FakeWorker, state_of, stays, wait_for


def test_runs_are_given_one_at_a_time_first_come_first_served(workspace, config, play):
    runs = [submit_run(workspace, config) for _ in range(3)]
    stage = play()
    for number, status in enumerate(runs):
        wait_for(lambda number=number: len(stage.runs_given) == number + 1)
        stays(lambda number=number: len(stage.runs_given) == number + 1)
        stage.worker.finish(status.id)
    assert stage.runs_given == [status.id for status in runs]
    assert len(stage.workers) == 1


def test_it_is_warm_when_its_worker_waits(workspace, config, play):
    stage = play(lambda where: FakeWorker(where, is_ready=False))
    wait_for(lambda: stage.workers)
    stays(lambda: not stage.supervisor.is_warm)
    stage.worker.is_ready = True
    assert stage.supervisor.is_warm
    status = submit_run(workspace, config)
    wait_for(lambda: not stage.supervisor.is_warm)
    stage.worker.finish(status.id)
    wait_for(lambda: stage.supervisor.is_warm)


@pytest.mark.parametrize(
    ("exit_code", "message"), [(-9, OUT_OF_MEMORY), (-11, "exit code -11"), (1, "exit code 1")]
)
def test_a_worker_that_dies_fails_its_run_and_is_replaced(
    workspace, config, play, exit_code, message
):
    stage = play()
    one, other = (submit_run(workspace, config) for _ in range(2))
    wait_for(lambda: stage.runs_given)
    draft = workspace.root / f".graph.pb.{FakeWorker.pid:d}.abc.part"
    draft.touch()
    stage.worker.die(exit_code)
    wait_for(lambda: state_of(workspace, one) is RunState.FAILED)
    status = load_status(workspace, one.id)
    assert message in status.message
    assert status.exit_code == exit_code
    assert status.ended
    wait_for(lambda: stage.runs_given == [one.id, other.id])
    assert len(stage.workers) == 2
    assert not draft.exists()


def test_a_silent_worker_is_ended(workspace, config, play):
    stage = play()
    status = submit_run(workspace, config)
    wait_for(lambda: stage.runs_given)
    stage.worker.silent_s = lane.SILENCE_S + 1
    wait_for(lambda: state_of(workspace, status) is RunState.FAILED)
    assert load_status(workspace, status.id).message == SILENT
    wait_for(lambda: len(stage.workers) == 2)


def test_a_worker_that_cannot_start_fails_the_runs_in_a_sentence(workspace, config, play):
    def make(where):
        worker = FakeWorker(where, is_ready=False)
        worker.die(1)
        return worker

    status = submit_run(workspace, config)
    play(make)
    wait_for(lambda: state_of(workspace, status) is RunState.FAILED)
    assert load_status(workspace, status.id).message == CANNOT_START


@pytest.mark.parametrize("stage_name", ["", *Stage])
@pytest.mark.parametrize("keep_best", [True, False])
def test_a_worker_that_does_not_obey_a_stop_is_ended(
    workspace, config, play, stage_name, keep_best
):
    stage = play()
    status = submit_run(workspace, config)
    wait_for(lambda: stage.runs_given)
    save_status(workspace, replace(load_status(workspace, status.id), stage=str(stage_name)))
    request_stop(workspace, status.id, keep_best)
    if keep_best and stage_name in (Stage.TRAINING, Stage.TESTING, Stage.SAVING):
        stays(lambda: state_of(workspace, status) is RunState.RUNNING)
        return
    wait_for(lambda: state_of(workspace, status) is RunState.DISCARDED)
    assert load_status(workspace, status.id).ended
    wait_for(lambda: len(stage.workers) == 2)


def test_a_run_that_ends_while_it_is_being_stopped_stays_as_it_ended(workspace, config, play):
    stage = play()
    status = submit_run(workspace, config)
    wait_for(lambda: stage.runs_given)
    kill = stage.worker.kill

    def finish_and_kill():
        save_status(workspace, replace(load_status(workspace, status.id), state=RunState.FINISHED))
        kill()

    stage.worker.kill = finish_and_kill
    request_stop(workspace, status.id, keep_best=False)
    wait_for(lambda: len(stage.workers) == 2)
    assert state_of(workspace, status) is RunState.FINISHED


def test_what_a_server_left_running_comes_first_and_begins_again(workspace, config, play):
    left, waiting = (submit_run(workspace, config) for _ in range(2))
    save_status(workspace, replace(left, state=RunState.RUNNING, attempts=1, stage="Training"))
    stage = play()
    wait_for(lambda: stage.runs_given)
    assert stage.runs_given == [left.id]
    assert load_status(workspace, left.id).attempts == 2
    assert state_of(workspace, waiting) is RunState.QUEUED


def test_a_run_that_ends_its_server_is_not_tried_for_ever(workspace, config, play):
    left, waiting = (submit_run(workspace, config) for _ in range(2))
    save_status(workspace, replace(left, state=RunState.RUNNING, attempts=2))
    stage = play()
    wait_for(lambda: stage.runs_given)
    assert stage.runs_given == [waiting.id]
    status = load_status(workspace, left.id)
    assert (status.state, status.message) == (RunState.FAILED, TWICE_LEFT)


def test_a_server_that_closes_puts_its_run_back(workspace, config, play):
    stage = play()
    status = submit_run(workspace, config)
    wait_for(lambda: stage.runs_given)
    stage.supervisor.close()
    assert not stage.worker.is_alive
    again = load_status(workspace, status.id)
    assert (again.state, again.attempts, again.stage) == (RunState.QUEUED, 0, "")
    other = play()
    wait_for(lambda: other.runs_given == [status.id])


def test_of_two_servers_one_has_the_queue_and_the_other_takes_over(workspace, config, play):
    one = play()
    wait_for(lambda: one.workers)
    other = play()
    first, second = (submit_run(workspace, config) for _ in range(2))
    wait_for(lambda: one.runs_given == [first.id])
    assert not other.workers
    assert not other.supervisor.is_warm
    assert other.supervisor.preview(config) is None
    one.worker.finish(first.id)
    wait_for(lambda: one.runs_given == [first.id, second.id])
    one.supervisor.close()
    wait_for(lambda: other.runs_given == [second.id])


def test_a_training_in_a_terminal_is_waited_for_and_told(workspace, config, play):
    workspace.root.mkdir()
    stage = play()
    with filelock.FileLock(workspace.training_lock):
        status = submit_run(workspace, config)
        wait_for(lambda: load_status(workspace, status.id).message == ELSEWHERE)
        assert state_of(workspace, status) is RunState.QUEUED
        assert not stage.runs_given
    wait_for(lambda: stage.runs_given == [status.id])


def test_a_run_that_is_deleted_by_hand_stops_nothing(workspace, config, play):
    stage = play()
    one, other = (submit_run(workspace, config) for _ in range(2))
    wait_for(lambda: stage.runs_given)
    with replacing(workspace.runs / one.id) as draft:
        draft.mkdir()
    stage.worker.say(kind="done", status=None)
    wait_for(lambda: len(stage.runs_given) == 2)
    assert stage.runs_given[-1] == other.id


def test_what_a_full_disk_does_not_take_is_noted_later(workspace, config, play, monkeypatch):
    stage = play()
    one, other = (submit_run(workspace, config) for _ in range(2))
    wait_for(lambda: stage.runs_given)
    is_full = threading.Event()
    is_full.set()
    really_save = run_queue.save_status

    def save(where, status):
        if is_full.is_set():
            raise OSError(28, "No space left on device")
        really_save(where, status)

    monkeypatch.setattr(run_queue, "save_status", save)
    failed = replace(load_status(workspace, one.id), state=RunState.FAILED, message="No room.")
    stage.worker.say(kind="done", status=failed.to_record())
    wait_for(lambda: stage.runs_given == [one.id, other.id])
    assert state_of(workspace, one) is RunState.RUNNING
    is_full.clear()
    stage.worker.finish(other.id)
    wait_for(lambda: state_of(workspace, one) is RunState.FAILED)
    assert load_status(workspace, one.id).message == "No room."


def test_an_error_in_the_queue_ends_no_queue(workspace, config, play, monkeypatch, caplog):
    stage = play()
    wait_for(lambda: stage.supervisor.is_warm)
    with monkeypatch.context() as patch:
        patch.setattr(run_queue, "read_status", lambda _: 1 / 0)
        status = submit_run(workspace, config)
        wait_for(lambda: "ZeroDivisionError" in caplog.text)
    wait_for(lambda: stage.runs_given == [status.id])


def test_a_preview_is_what_the_worker_answers(workspace, config, play):
    stage = play()
    wait_for(lambda: stage.supervisor.is_warm)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(stage.supervisor.preview(config)))
    thread.start()
    wait_for(lambda: stage.worker.requests)
    stage.worker.say(kind="preview", evaluations=[[0, 0.5, 0.7, 0.5, 0.7, 8]])
    thread.join()
    ((evaluation,),) = answers
    assert (evaluation.step, evaluation.n_validation) == (0, 8)


def test_a_run_does_not_wait_for_a_preview(workspace, config, play):
    stage = play()
    wait_for(lambda: stage.supervisor.is_warm)
    assert stage.supervisor.preview(config, timeout_s=0.05) is None  # it is being made
    assert stage.supervisor.preview(config, timeout_s=0.05) is None  # and nobody waits for this one
    status = submit_run(workspace, config)
    wait_for(lambda: stage.runs_given == [status.id])
    assert stage.supervisor.preview(config) is None
    stage.worker.say(kind="preview", evaluations=[])
    stage.worker.finish(status.id)
    wait_for(lambda: stage.supervisor.is_warm)
    assert [request["kind"] for request in stage.worker.requests] == ["preview", "train"]


def test_a_worker_that_dies_in_a_preview_leaves_nobody_waiting(workspace, config, play):
    stage = play()
    wait_for(lambda: stage.supervisor.is_warm)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(stage.supervisor.preview(config)))
    thread.start()
    wait_for(lambda: stage.worker.requests)
    stage.worker.die(-9)
    thread.join(timeout=PATIENCE_S / 2)
    assert answers == [None]
    assert list_runs(workspace) == ()


def test_after_a_worker_was_ended_in_a_preview_there_are_previews_again(workspace, config, play):
    stage = play()
    wait_for(lambda: stage.supervisor.is_warm)
    assert stage.supervisor.preview(config, timeout_s=0.05) is None  # it takes very long
    status = submit_run(workspace, config)
    wait_for(lambda: stage.runs_given == [status.id])
    request_stop(workspace, status.id, keep_best=False)
    wait_for(lambda: len(stage.workers) > 1 and stage.supervisor.is_warm)
    assert stage.supervisor.preview(config, timeout_s=0.05) is None
    wait_for(lambda: [request["kind"] for request in stage.worker.requests] == ["preview"])


def test_visitors_of_a_public_demo_get_no_preview(workspace, config, play, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    with pytest.raises(AccessError):
        play().supervisor.preview(config)


def test_the_supervisor_of_a_server_is_found_until_it_closes(workspace, monkeypatch):
    monkeypatch.setattr(supervisor, "WorkerHandle", FakeWorker)
    assert find_supervisor() is None
    started = start_supervisor(workspace)
    assert find_supervisor() is started
    started.close()
    started.close()
    assert find_supervisor() is None


def test_a_workspace_that_cannot_be_is_no_crash(tmp_path, config):
    (tmp_path / "file").touch()
    closed = Supervisor(Workspace(Path(tmp_path, "file")), FakeWorker)
    time.sleep(0.05)
    assert not closed.is_warm
    closed.close()
