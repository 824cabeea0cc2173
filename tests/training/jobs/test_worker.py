"""Tests of real worker processes: training, previews, stops, kills and the end of the server."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cluster_core.model.bundle.folder import load_bundle
from cluster_core.training.jobs.failure_reasons import OUT_OF_MEMORY
from cluster_core.training.jobs.supervisor import Supervisor
from cluster_core.training.locks import AT_ONCE_VARIABLE
from cluster_core.training.runs import (
    RunState,
    load_evaluations,
    load_status,
    read_log,
    request_stop,
    submit_run,
)
from cluster_core.workspace import Workspace
from tests.samples import OWNER, REPOSITORY

PATIENCE_S = 60.0
STOPS_WITHIN_S = 2.0
ENDLESS = {
    "how_many_training_steps": 1_000_000,
    "early_stopping": False,
    "learning_rate": 0.001,
    "eval_step_interval": 100,
}


@pytest.fixture(scope="module")
def root(tmp_path_factory, converted_once) -> Path:
    workspace = Workspace(tmp_path_factory.mktemp("served"))
    shutil.copytree(converted_once, workspace.backbones)
    return workspace.root


@pytest.fixture
def served(root) -> Workspace:
    """The workspace that the supervisor of this module serves."""
    return Workspace(root)


@pytest.fixture(scope="module")
def supervisor(root):
    started = Supervisor(Workspace(root))
    yield started
    started.close()


@pytest.fixture
def warm(supervisor) -> Supervisor:
    wait_for(lambda: supervisor.is_warm)
    return supervisor


def wait_for(condition) -> float:
    """Wait until a condition holds and return the seconds it took."""
    start_s = time.monotonic()
    while not condition():
        assert time.monotonic() - start_s < PATIENCE_S, "timed out"
        time.sleep(0.01)
    return time.monotonic() - start_s


def is_over(workspace, status) -> bool:
    return load_status(workspace, status.id).state.is_over


def is_learning(workspace, status) -> bool:
    return bool(load_evaluations(workspace, status.id))


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    return False


def train_endlessly(workspace, supervisor, config):
    status = submit_run(OWNER, workspace, replace(config, **ENDLESS))
    supervisor.wake()
    wait_for(lambda: is_learning(workspace, status))
    return status


def test_run_is_trained_and_logged(served, warm, config):
    status = submit_run(OWNER, served, config)
    warm.wake()
    wait_for(lambda: is_over(served, status))
    ended = load_status(served, status.id)
    assert (ended.state, ended.message) == (RunState.FINISHED, "")
    log = read_log(served, status.id)
    for words in ("red stars: 24 pictures", "Final test accuracy = 100.0%", str(ended.bundle)):
        assert words in log
    assert "TensorFlow" not in log


def test_preview_equals_the_curve_of_the_training(served, warm, config):
    status = submit_run(OWNER, served, config)
    warm.wake()
    wait_for(lambda: is_over(served, status) and warm.is_warm)
    assert warm.preview(OWNER, config) == load_evaluations(served, status.id)
    changed = replace(config, learning_rate=0.1, seed=3)
    assert warm.preview(OWNER, changed) != load_evaluations(served, status.id)
    assert warm.preview(OWNER, replace(config, sky_views=True)) is None
    assert warm.preview(OWNER, replace(config, image_dir=served.root / "nowhere")) is None


def test_run_interrupts_a_preview(served, warm, config):
    status = submit_run(OWNER, served, config)
    warm.wake()
    wait_for(lambda: is_over(served, status) and warm.is_warm)
    assert warm.preview(OWNER, replace(config, **ENDLESS), timeout_s=0.05) is None
    status = submit_run(OWNER, served, config)
    warm.wake()
    assert wait_for(lambda: is_over(served, status)) < STOPS_WITHIN_S


@pytest.mark.parametrize("keep_best", [True, False])
def test_training_stops_within_two_seconds(served, warm, config, keep_best):
    status = train_endlessly(served, warm, config)
    request_stop(OWNER, served, status.id, keep_best)
    assert wait_for(lambda: is_over(served, status)) < STOPS_WITHIN_S
    ended = load_status(served, status.id)
    assert ended.state is (RunState.STOPPED if keep_best else RunState.DISCARDED)
    assert (ended.bundle is not None) == keep_best
    wait_for(lambda: warm.is_warm)


def test_killed_worker_is_reported_and_replaced(served, warm, config):
    status = train_endlessly(served, warm, config)
    waiting = submit_run(OWNER, served, config)
    (pid,) = warm.worker_pids
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: is_over(served, status))
    ended = load_status(served, status.id)
    assert (ended.state, ended.exit_code) == (RunState.FAILED, -9)
    assert ended.message == OUT_OF_MEMORY
    assert ended.done > 0
    wait_for(lambda: is_over(served, waiting))
    assert load_status(served, waiting.id).state is RunState.FINISHED


def test_unresponsive_worker_is_ended_within_two_seconds(served, warm, config):
    """SIGSTOP imitates a worker in a long computation, such as converting a network."""
    status = train_endlessly(served, warm, config)
    (pid,) = warm.worker_pids
    os.kill(pid, signal.SIGSTOP)
    request_stop(OWNER, served, status.id, keep_best=False)
    assert wait_for(lambda: is_over(served, status)) < STOPS_WITHIN_S
    assert load_status(served, status.id).state is RunState.DISCARDED
    assert not is_alive(pid)


def test_concurrent_runs_end_independently(workspace, backbone, config, monkeypatch):
    monkeypatch.setenv(AT_ONCE_VARIABLE, "2")
    runs = [submit_run(OWNER, workspace, replace(config, **ENDLESS)) for _ in range(2)]
    third = submit_run(OWNER, workspace, config)

    def list_in(state):
        return [run for run in runs if load_status(workspace, run.id).state is state]

    supervisor = Supervisor(workspace)
    try:
        wait_for(lambda: all(is_learning(workspace, run) for run in runs))
        assert list_in(RunState.RUNNING) == runs
        assert load_status(workspace, third.id).state is RunState.QUEUED
        os.kill(supervisor.worker_pids[0], signal.SIGKILL)
        wait_for(lambda: list_in(RunState.FAILED))
        (other,) = list_in(RunState.RUNNING)
        n_steps = load_status(workspace, other.id).done
        wait_for(lambda: load_status(workspace, other.id).done > n_steps)
        request_stop(OWNER, workspace, other.id, keep_best=True)
        assert wait_for(lambda: is_over(workspace, other)) < STOPS_WITHIN_S
        wait_for(lambda: is_over(workspace, third))
    finally:
        supervisor.close()
    ends = [load_status(workspace, run.id) for run in (other, third)]
    assert [end.state for end in ends] == [RunState.STOPPED, RunState.FINISHED]
    assert [end.attempts for end in ends] == [1, 1]
    for end in ends:
        load_bundle(workspace.bundles / end.bundle)


SERVER = """
import sys, time
from pathlib import Path
from cluster_core.training.jobs.supervisor import start_supervisor
from cluster_core.workspace import Workspace
supervisor = start_supervisor(Workspace(Path(sys.argv[1])))
while not supervisor.worker_pids:
    time.sleep(0.01)
print(*supervisor.worker_pids, flush=True)
time.sleep(1000)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_worker_ends_with_its_server_and_the_next_restarts_the_run(workspace, backbone, config):
    status = submit_run(OWNER, workspace, replace(config, **ENDLESS))
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(workspace.root)],
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        text=True,
    )
    with server:
        pid = int(server.stdout.readline())
        wait_for(lambda: is_learning(workspace, status))
        assert is_alive(pid)
        server.kill()
        server.wait()
        wait_for(lambda: not is_alive(pid))
    assert load_status(workspace, status.id).state is RunState.RUNNING
    os.truncate(workspace.runs / status.id / "evaluations.jsonl", 0)
    following = Supervisor(workspace)
    try:
        wait_for(lambda: is_learning(workspace, status))
        assert load_status(workspace, status.id).attempts == 2
    finally:
        following.close()
    again = load_status(workspace, status.id)
    assert (again.state, again.attempts) == (RunState.QUEUED, 1)
