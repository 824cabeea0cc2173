"""Tests of the supervisor with one fake worker."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import filelock
import pytest

from cluster_core.errors import AccessError
from cluster_core.storage.drafts import replacing
from cluster_core.training.events import Stage
from cluster_core.training.jobs import queue as run_queue
from cluster_core.training.jobs import supervisor, worker_slot
from cluster_core.training.jobs.failure_reasons import (
    OUT_OF_MEMORY,
    SERVER_ENDED_TWICE,
    WORKER_CANNOT_START,
    WORKER_NOT_RESPONDING,
)
from cluster_core.training.jobs.supervisor import (
    TERMINAL_TRAINING_RUNNING,
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
from cluster_core.workspace import Workspace
from tests.samples import OWNER, VISITOR
from tests.training.jobs.fakes import PATIENCE_S, FakeWorker, assert_stays, state_of, wait_for


def test_runs_are_assigned_one_at_a_time_in_order_of_submission(workspace, config, start_server):
    runs = [submit_run(OWNER, workspace, config) for _ in range(3)]
    server = start_server()
    for number, status in enumerate(runs):
        wait_for(lambda number=number: len(server.assigned_runs) == number + 1)
        assert_stays(lambda number=number: len(server.assigned_runs) == number + 1)
        server.worker.finish(status.id)
    assert server.assigned_runs == [status.id for status in runs]
    assert len(server.workers) == 1


def test_supervisor_is_warm_while_its_worker_is_idle(workspace, config, start_server):
    server = start_server(lambda workspace: FakeWorker(workspace, is_ready=False))
    wait_for(lambda: server.workers)
    assert_stays(lambda: not server.supervisor.is_warm)
    server.worker.is_ready = True
    assert server.supervisor.is_warm
    status = submit_run(OWNER, workspace, config)
    wait_for(lambda: not server.supervisor.is_warm)
    server.worker.finish(status.id)
    wait_for(lambda: server.supervisor.is_warm)


@pytest.mark.parametrize(
    ("exit_code", "message"), [(-9, OUT_OF_MEMORY), (-11, "exit code -11"), (1, "exit code 1")]
)
def test_run_fails_and_worker_is_replaced_when_the_worker_dies(
    workspace, config, start_server, exit_code, message
):
    server = start_server()
    one, other = (submit_run(OWNER, workspace, config) for _ in range(2))
    wait_for(lambda: server.assigned_runs)
    draft = workspace.root / f".graph.pb.{FakeWorker.pid:d}.abc.part"
    draft.touch()
    server.worker.die(exit_code)
    wait_for(lambda: state_of(workspace, one) is RunState.FAILED)
    status = load_status(workspace, one.id)
    assert message in status.message
    assert status.exit_code == exit_code
    assert status.ended
    wait_for(lambda: server.assigned_runs == [one.id, other.id])
    assert len(server.workers) == 2
    assert not draft.exists()


def test_silent_worker_is_ended(workspace, config, start_server):
    server = start_server()
    status = submit_run(OWNER, workspace, config)
    wait_for(lambda: server.assigned_runs)
    server.worker.silent_s = worker_slot.SILENCE_S + 1
    wait_for(lambda: state_of(workspace, status) is RunState.FAILED)
    assert load_status(workspace, status.id).message == WORKER_NOT_RESPONDING
    wait_for(lambda: len(server.workers) == 2)


def test_runs_fail_with_the_reason_when_no_worker_can_start(workspace, config, start_server):
    def make_worker(workspace):
        worker = FakeWorker(workspace, is_ready=False)
        worker.die(1)
        return worker

    status = submit_run(OWNER, workspace, config)
    start_server(make_worker)
    wait_for(lambda: state_of(workspace, status) is RunState.FAILED)
    assert load_status(workspace, status.id).message == WORKER_CANNOT_START


@pytest.mark.parametrize("stage_name", ["", *Stage])
@pytest.mark.parametrize("keep_best", [True, False])
def test_worker_that_ignores_a_stop_is_ended_unless_a_head_is_to_be_kept(
    workspace, config, start_server, stage_name, keep_best
):
    server = start_server()
    status = submit_run(OWNER, workspace, config)
    wait_for(lambda: server.assigned_runs)
    save_status(workspace, replace(load_status(workspace, status.id), stage=str(stage_name)))
    request_stop(OWNER, workspace, status.id, keep_best)
    if keep_best and stage_name in (Stage.TRAINING, Stage.TESTING, Stage.SAVING):
        assert_stays(lambda: state_of(workspace, status) is RunState.RUNNING)
        return
    wait_for(lambda: state_of(workspace, status) is RunState.DISCARDED)
    assert load_status(workspace, status.id).ended
    wait_for(lambda: len(server.workers) == 2)


def test_run_that_finishes_during_a_stop_stays_finished(workspace, config, start_server):
    server = start_server()
    status = submit_run(OWNER, workspace, config)
    wait_for(lambda: server.assigned_runs)
    kill = server.worker.kill

    def finish_and_kill():
        save_status(workspace, replace(load_status(workspace, status.id), state=RunState.FINISHED))
        kill()

    server.worker.kill = finish_and_kill
    request_stop(OWNER, workspace, status.id, keep_best=False)
    wait_for(lambda: len(server.workers) == 2)
    assert state_of(workspace, status) is RunState.FINISHED


def test_run_left_by_an_ended_server_is_restarted_first(workspace, config, start_server):
    left, waiting = (submit_run(OWNER, workspace, config) for _ in range(2))
    save_status(workspace, replace(left, state=RunState.RUNNING, attempts=1, stage="Training"))
    server = start_server()
    wait_for(lambda: server.assigned_runs)
    assert server.assigned_runs == [left.id]
    assert load_status(workspace, left.id).attempts == 2
    assert state_of(workspace, waiting) is RunState.QUEUED


def test_run_fails_after_two_interrupted_attempts(workspace, config, start_server):
    left, waiting = (submit_run(OWNER, workspace, config) for _ in range(2))
    save_status(workspace, replace(left, state=RunState.RUNNING, attempts=2))
    server = start_server()
    wait_for(lambda: server.assigned_runs)
    assert server.assigned_runs == [waiting.id]
    status = load_status(workspace, left.id)
    assert (status.state, status.message) == (RunState.FAILED, SERVER_ENDED_TWICE)


def test_closing_server_requeues_its_run(workspace, config, start_server):
    server = start_server()
    status = submit_run(OWNER, workspace, config)
    wait_for(lambda: server.assigned_runs)
    server.supervisor.close()
    assert not server.worker.is_alive
    again = load_status(workspace, status.id)
    assert (again.state, again.attempts, again.stage) == (RunState.QUEUED, 0, "")
    other = start_server()
    wait_for(lambda: other.assigned_runs == [status.id])


def test_second_server_takes_over_when_the_first_closes(workspace, config, start_server):
    one = start_server()
    wait_for(lambda: one.workers)
    other = start_server()
    first, second = (submit_run(OWNER, workspace, config) for _ in range(2))
    wait_for(lambda: one.assigned_runs == [first.id])
    assert not other.workers
    assert not other.supervisor.is_warm
    assert other.supervisor.preview(OWNER, config) is None
    one.worker.finish(first.id)
    wait_for(lambda: one.assigned_runs == [first.id, second.id])
    one.supervisor.close()
    wait_for(lambda: other.assigned_runs == [second.id])


def test_run_waits_for_a_terminal_training_and_says_so(workspace, config, start_server):
    workspace.root.mkdir()
    server = start_server()
    with filelock.FileLock(workspace.training_lock):
        status = submit_run(OWNER, workspace, config)
        wait_for(lambda: load_status(workspace, status.id).message == TERMINAL_TRAINING_RUNNING)
        assert state_of(workspace, status) is RunState.QUEUED
        assert not server.assigned_runs
    wait_for(lambda: server.assigned_runs == [status.id])


def test_queue_continues_after_a_run_folder_is_emptied(workspace, config, start_server):
    server = start_server()
    one, other = (submit_run(OWNER, workspace, config) for _ in range(2))
    wait_for(lambda: server.assigned_runs)
    with replacing(workspace.runs / one.id) as draft:
        draft.mkdir()
    server.worker.emit(kind="done", status=None)
    wait_for(lambda: len(server.assigned_runs) == 2)
    assert server.assigned_runs[-1] == other.id


def test_status_is_saved_once_the_disk_has_room(workspace, config, start_server, monkeypatch):
    server = start_server()
    one, other = (submit_run(OWNER, workspace, config) for _ in range(2))
    wait_for(lambda: server.assigned_runs)
    is_full = threading.Event()
    is_full.set()
    save_for_real = run_queue.save_status

    def save(workspace, status):
        if is_full.is_set():
            raise OSError(28, "No space left on device")
        save_for_real(workspace, status)

    monkeypatch.setattr(run_queue, "save_status", save)
    failed = replace(load_status(workspace, one.id), state=RunState.FAILED, message="No room.")
    server.worker.emit(kind="done", status=failed.to_record())
    wait_for(lambda: server.assigned_runs == [one.id, other.id])
    assert state_of(workspace, one) is RunState.RUNNING
    is_full.clear()
    server.worker.finish(other.id)
    wait_for(lambda: state_of(workspace, one) is RunState.FAILED)
    assert load_status(workspace, one.id).message == "No room."


def test_queue_continues_after_a_bug(workspace, config, start_server, monkeypatch, caplog):
    server = start_server()
    wait_for(lambda: server.supervisor.is_warm)
    with monkeypatch.context() as patch:
        patch.setattr(run_queue, "read_status", lambda _: 1 / 0)
        status = submit_run(OWNER, workspace, config)
        wait_for(lambda: "ZeroDivisionError" in caplog.text)
    wait_for(lambda: server.assigned_runs == [status.id])


def test_preview_returns_the_evaluations_of_the_worker(workspace, config, start_server):
    server = start_server()
    wait_for(lambda: server.supervisor.is_warm)
    curves = []
    thread = threading.Thread(
        target=lambda: curves.append(server.supervisor.preview(OWNER, config))
    )
    thread.start()
    wait_for(lambda: server.worker.requests)
    server.worker.emit(kind="preview", evaluations=[[0, 0.5, 0.7, 0.5, 0.7, 8]])
    thread.join()
    ((evaluation,),) = curves
    assert (evaluation.step, evaluation.n_validation) == (0, 8)


def test_run_does_not_wait_for_a_preview(workspace, config, start_server):
    server = start_server()
    wait_for(lambda: server.supervisor.is_warm)
    assert server.supervisor.preview(OWNER, config, timeout_s=0.05) is None  # in progress
    assert server.supervisor.preview(OWNER, config, timeout_s=0.05) is None  # no longer wanted
    status = submit_run(OWNER, workspace, config)
    wait_for(lambda: server.assigned_runs == [status.id])
    assert server.supervisor.preview(OWNER, config) is None
    server.worker.emit(kind="preview", evaluations=[])
    server.worker.finish(status.id)
    wait_for(lambda: server.supervisor.is_warm)
    assert [request["kind"] for request in server.worker.requests] == ["preview", "train"]


def test_preview_returns_when_its_worker_dies(workspace, config, start_server):
    server = start_server()
    wait_for(lambda: server.supervisor.is_warm)
    curves = []
    thread = threading.Thread(
        target=lambda: curves.append(server.supervisor.preview(OWNER, config))
    )
    thread.start()
    wait_for(lambda: server.worker.requests)
    server.worker.die(-9)
    thread.join(timeout=PATIENCE_S / 2)
    assert curves == [None]
    assert list_runs(workspace) == ()


def test_previews_resume_after_a_worker_was_ended_during_one(workspace, config, start_server):
    server = start_server()
    wait_for(lambda: server.supervisor.is_warm)
    assert server.supervisor.preview(OWNER, config, timeout_s=0.05) is None  # still in progress
    status = submit_run(OWNER, workspace, config)
    wait_for(lambda: server.assigned_runs == [status.id])
    request_stop(OWNER, workspace, status.id, keep_best=False)
    wait_for(lambda: len(server.workers) > 1 and server.supervisor.is_warm)
    assert server.supervisor.preview(OWNER, config, timeout_s=0.05) is None
    wait_for(lambda: [request["kind"] for request in server.worker.requests] == ["preview"])


def test_public_demo_refuses_previews(workspace, config, start_server):
    with pytest.raises(AccessError):
        start_server().supervisor.preview(VISITOR, config)


def test_supervisor_is_found_until_it_is_closed(workspace, monkeypatch):
    monkeypatch.setattr(supervisor, "WorkerHandle", FakeWorker)
    assert find_supervisor() is None
    started = start_supervisor(workspace)
    assert find_supervisor() is started
    started.close()
    started.close()
    assert find_supervisor() is None


def test_unusable_workspace_does_not_crash_the_supervisor(tmp_path, config):
    (tmp_path / "file").touch()
    start_worker: Any = FakeWorker
    idle = Supervisor(Workspace(Path(tmp_path, "file")), start_worker)
    time.sleep(0.05)
    assert not idle.is_warm
    idle.close()
