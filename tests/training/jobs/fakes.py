"""Fakes for the tests of the supervisor, and helpers that wait for a condition."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from pathlib import Path

from cluster_core.access import Access
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import Stage
from cluster_core.training.jobs.supervisor import Supervisor
from cluster_core.training.runs import RunState, RunStatus, load_status, submit_run
from cluster_core.training.runs.folder import save_status
from cluster_core.workspace import Workspace

PATIENCE_S = 10.0


class FakeWorker:
    """Stands in for `WorkerHandle`; the test decides when it sends a message or dies."""

    pid = 1
    first_stage = str(Stage.READING)

    def __init__(self, workspace, is_ready: bool = True) -> None:
        self.workspace = workspace
        self.is_ready = is_ready
        self.is_alive = True
        self.exit_code: int | None = None
        self.silent_s = 0.0
        self.on_message = lambda: None
        self.requests: list[dict] = []
        self.messages: deque[dict] = deque()

    def send(self, **request) -> None:
        if request["kind"] == "train":
            self.workspace = Workspace(Path(request["workspace"]))
            status = load_status(self.workspace, request["run"])
            attempts = status.attempts + 1
            status = replace(
                status, state=RunState.RUNNING, attempts=attempts, stage=self.first_stage
            )
            save_status(self.workspace, status)
        self.requests.append(request)

    def has(self, status) -> bool:
        return any(request.get("run") == status.id for request in self.requests)

    def take_messages(self):
        while self.messages:
            yield self.messages.popleft()

    def emit(self, **message) -> None:
        self.messages.append(message)
        self.on_message()

    def finish(self, run_id: str) -> None:
        status = replace(load_status(self.workspace, run_id), state=RunState.FINISHED)
        save_status(self.workspace, status)
        self.emit(kind="done", status=status.to_record())

    def kill(self) -> None:
        self.die(-9)

    def die(self, exit_code: int) -> None:
        self.is_alive = False
        self.exit_code = self.exit_code or exit_code
        self.on_message()


class FakeServer:
    """A supervisor with fake workers."""

    def __init__(self, workspace, make_worker=FakeWorker) -> None:
        self.workers: list[FakeWorker] = []

        def start(workspace):
            self.workers.append(make_worker(workspace))
            return self.workers[-1]

        self.supervisor = Supervisor(workspace, start)

    @property
    def worker(self) -> FakeWorker:
        return self.workers[-1]

    def find_worker(self, status) -> FakeWorker:
        """Return the worker that a run was assigned to."""
        (worker,) = (worker for worker in self.workers if worker.has(status))
        return worker

    @property
    def assigned_runs(self) -> list[str]:
        return [
            request["run"]
            for worker in self.workers
            for request in worker.requests
            if request["kind"] == "train"
        ]


def wait_for(condition) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "timed out"
        time.sleep(0.005)


def assert_stays(condition) -> None:
    deadline_s = time.monotonic() + 0.1
    while time.monotonic() < deadline_s:
        assert condition()
        time.sleep(0.005)


def state_of(workspace, status) -> RunState:
    return load_status(workspace, status.id).state


def submit_as_visitor(own: Workspace, **settings) -> RunStatus:
    return submit_run(Access.visitor_in(own), own, TrainConfig(own.root / "a_photos", **settings))
