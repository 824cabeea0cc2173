"""Runs the queue of trainings in one warm worker process, for one server."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import filelock

from cluster_core.errors import ClusterError
from cluster_core.model.head_settings import Evaluation
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import Stage
from cluster_core.training.runs.folder import (
    DISCARD,
    read_status,
    read_stop_request,
    save_status,
)
from cluster_core.training.runs.place import list_run_ids
from cluster_core.training.runs.records import write_config
from cluster_core.training.runs.status import RunState, RunStatus
from cluster_core.training.worker_process import WorkerProcess
from cluster_core.workspace import Workspace

_logger = logging.getLogger(__name__)

POLL_S = 0.2
# A worker that was asked to stop and did not is ended.
GRACE_S = 1.2
SILENCE_S = 60.0
# A training may be over by then; a page waits no longer for its trial.
BUSY_S = 1.0
MAX_ATTEMPTS = 2
# A worker that cannot even start is tried again, but not for ever at the same pace.
RESTART_AFTER_S = (0.0, 1.0, 5.0, 30.0)
LOCK = ".jobs.lock"
TWICE_LEFT = (
    "The server stopped twice while this was training: there may be too little memory for it; try "
    "with a smaller network or fewer pictures."
)


@dataclass
class _Trial:
    config: TrainConfig
    answer: Future[tuple[Evaluation, ...] | None] = field(default_factory=Future)


class Supervisor:
    """Gives queued runs to a worker, one at a time, and sees what becomes of them.

    All its work is done in one thread, which also starts the worker: Linux ends
    a worker with the thread that started it. Of several servers on a workspace
    one has the queue, and when it ends the next takes over.

    Parameters
    ----------
    workspace : Workspace
        Whose runs.
    start_worker : callable, optional
        Makes the worker process.
    """

    def __init__(
        self,
        workspace: Workspace,
        start_worker: Callable[[Workspace], WorkerProcess] = WorkerProcess,
    ) -> None:
        self._workspace = workspace
        self._start_worker = start_worker
        self._wake = threading.Event()
        self._is_closed = False
        self._worker: WorkerProcess | None = None
        self._run: RunStatus | None = None
        self._over: set[str] = set()
        self._stop_seen_s: float | None = None
        self._n_failed_starts = 0
        self._start_at_s = 0.0
        self._trials: deque[_Trial] = deque()
        self._trial: _Trial | None = None
        self._thread = threading.Thread(target=self._work, name="supervisor", daemon=True)
        self._thread.start()

    @property
    def is_warm(self) -> bool:
        """Whether the worker has loaded all it needs."""
        return self._worker is not None and self._worker.is_ready

    def wake(self) -> None:
        """Look at once whether there is something to do; it would be seen soon anyway."""
        self._wake.set()

    def preview(
        self, config: TrainConfig, timeout_s: float = 10.0
    ) -> tuple[Evaluation, ...] | None:
        """Return how a training would go, of a trial that leaves nothing behind.

        Returns
        -------
        tuple of Evaluation or None
            None where the worker is busy or bottlenecks are not cached.
        """
        if not self.is_warm:
            return None
        trial = _Trial(config)
        self._trials.append(trial)
        self.wake()
        try:
            return trial.answer.result(min(timeout_s, BUSY_S) if self._run else timeout_s)
        except FutureTimeoutError:
            trial.answer.cancel()
            return None

    def close(self) -> None:
        """End the worker; a run that is going on begins again with the next server."""
        self._is_closed = True
        self.wake()
        self._thread.join(timeout=10)

    def _work(self) -> None:
        lock = filelock.FileLock(self._workspace.root / LOCK, blocking=False)
        while not self._is_closed and not _try_to_lock(lock, self._workspace):
            self._pause(1.0)
        try:
            while not self._is_closed:
                try:
                    self._step()
                except Exception:  # a bug must not leave the queue without anybody to see to it
                    _logger.exception("The queue of trainings stumbled")
                self._pause(POLL_S)
        finally:
            if self._worker is not None:
                self._worker.kill()
            lock.release()

    def _pause(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _step(self) -> None:
        self._ensure_worker()
        worker = self._worker
        if worker is None:
            return
        for answer in worker.take_answers():
            self._take(answer)
        if not worker.is_alive:
            self._bury(worker)
        elif worker.silent_s > SILENCE_S:
            worker.kill()
        elif self._run is not None:
            self._enforce_stop(worker, self._run)
        elif worker.is_ready and self._trial is None:
            self._assign(worker)

    def _ensure_worker(self) -> None:
        if self._worker is None and time.monotonic() >= self._start_at_s:
            self._worker = self._start_worker(self._workspace)
            self._worker.on_answer = self.wake

    def _take(self, answer: dict[str, Any]) -> None:
        if answer["kind"] == "ready":
            self._n_failed_starts = 0
        elif answer["kind"] == "done":
            self._run = None
        elif answer["kind"] == "preview" and self._trial is not None:
            found = answer["evaluations"]
            evaluations = None if found is None else tuple(Evaluation(*row) for row in found)
            _answer(self._trial, evaluations)
            self._trial = None

    def _assign(self, worker: WorkerProcess) -> None:
        """Give the worker the oldest run, or else a trial."""
        waiting = self._list_waiting()
        if waiting:
            while self._trials:
                _answer(self._trials.popleft(), None)
            if not _is_training_elsewhere(self._workspace):
                self._run, self._stop_seen_s = waiting[0], None
                worker.send(kind="train", run=waiting[0].id)
            return
        while self._trials:
            trial = self._trials.popleft()
            if not trial.answer.cancelled():  # whoever asked still waits
                self._trial = trial
                worker.send(kind="preview", config=write_config(trial.config))
                return

    def _list_waiting(self) -> list[RunStatus]:
        """Return the runs that wait, those first that a server left running when it ended."""
        waiting = []
        for status in self._list_open():
            if status.state is RunState.QUEUED:
                waiting.append(status)
            elif status.attempts < MAX_ATTEMPTS:
                again = replace(status, state=RunState.QUEUED, stage="", done=0, total=0)
                self._save(again)
                waiting.append(again)
            else:
                self._end(status, TWICE_LEFT)
        return waiting

    def _enforce_stop(self, worker: WorkerProcess, run: RunStatus) -> None:
        """End a worker that does not obey; it may be in the middle of a long computation."""
        folder = self._workspace.runs / run.id
        request = read_stop_request(folder)
        if request is None:
            return
        now_s = time.monotonic()
        self._stop_seen_s = self._stop_seen_s or now_s
        if now_s - self._stop_seen_s < GRACE_S:
            return
        status = self._find_open(run.id)
        last_stages = (Stage.TRAINING, Stage.TESTING, Stage.SAVING)
        if status is None or (request != DISCARD and status.stage in last_stages):
            return
        worker.kill()
        self._worker = self._run = None
        self._save(replace(status, state=RunState.DISCARDED, ended=_now()))

    def _bury(self, worker: WorkerProcess) -> None:
        """Note what became of the run of a worker that has died, and make way for another."""
        self._worker = None
        if not worker.is_ready:
            delay = RESTART_AFTER_S[min(self._n_failed_starts, len(RESTART_AFTER_S) - 1)]
            self._start_at_s = time.monotonic() + delay
            self._n_failed_starts += 1
        if self._trial is not None:
            _answer(self._trial, None)
            self._trial = None
        if self._run is not None:
            status = self._find_open(self._run.id)
            self._run = None
            if status is not None:
                self._end(status, _describe_death(worker.exit_code), worker.exit_code)

    def _end(self, status: RunStatus, message: str, exit_code: int | None = None) -> None:
        ended = replace(
            status, state=RunState.FAILED, ended=_now(), message=message, exit_code=exit_code
        )
        self._save(ended)

    def _save(self, status: RunStatus) -> None:
        # On a full disk the run stays as it was, and is met again as one left running.
        with contextlib.suppress(OSError):
            save_status(self._workspace, status)

    def _find_open(self, run_id: str) -> RunStatus | None:
        return next((status for status in self._list_open() if status.id == run_id), None)

    def _list_open(self) -> list[RunStatus]:
        """Return the runs that are not over, the oldest first; what is over is not read again."""
        found = []
        with contextlib.suppress(ClusterError):
            for run_id in list_run_ids(self._workspace):
                if run_id in self._over:
                    continue
                status = read_status(self._workspace.runs / run_id)
                if status.state.is_over:
                    self._over.add(run_id)
                else:
                    found.append(status)
        return found


def start_supervisor(workspace: Workspace) -> Supervisor:
    """Start the supervisor of this process, and return it."""
    global _current  # noqa: PLW0603 (pages find it here: they are run anew at every click)
    _current = Supervisor(workspace)
    return _current


def find_supervisor() -> Supervisor | None:
    """Return the supervisor of this process; None where training is not allowed."""
    return _current


_current: Supervisor | None = None


def _answer(trial: _Trial, evaluations: tuple[Evaluation, ...] | None) -> None:
    with contextlib.suppress(InvalidStateError):  # whoever asked waits no longer
        trial.answer.set_result(evaluations)


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _describe_death(exit_code: int | None) -> str:
    if exit_code == -signal.SIGKILL:
        return (
            "The process that trained was ended by the system, probably because memory ran out: "
            "try again with a smaller network, or close other programs first."
        )
    return (
        f"The process that trained ended unexpectedly (exit code {exit_code}): try again; the end "
        "of its log is below."
    )


def _try_to_lock(lock: filelock.BaseFileLock, workspace: Workspace) -> bool:
    try:
        workspace.root.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (filelock.Timeout, OSError):
        return False
    return True


def _is_training_elsewhere(workspace: Workspace) -> bool:
    """Tell whether a command line holds the workspace's training lock."""
    lock = filelock.FileLock(workspace.training_lock, blocking=False)
    if not _try_to_lock(lock, workspace):
        return True
    lock.release()
    return False
