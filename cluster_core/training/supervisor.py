"""Runs the queue of trainings in one warm worker process, for one server."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import filelock

from cluster_core.access import Action, require
from cluster_core.model.head_settings import Evaluation
from cluster_core.training.config import TrainConfig
from cluster_core.training.endings import CANNOT_START, SILENT, describe_death
from cluster_core.training.events import STAGES_WITH_A_HEAD
from cluster_core.training.locks import is_training_elsewhere, try_to_lock
from cluster_core.training.run_queue import RunQueue
from cluster_core.training.runs.folder import KEEP_BEST, read_stop_request
from cluster_core.training.runs.records import write_config
from cluster_core.training.runs.status import RunStatus
from cluster_core.training.trials import Trial
from cluster_core.training.worker_process import WorkerProcess
from cluster_core.workspace import Workspace

POLL_S = 0.2
# A worker that was asked to stop and did not is ended.
GRACE_S = 1.0
SILENCE_S = 60.0
# A worker that cannot even start is tried again, but not for ever at the same pace.
RESTART_AFTER_S = (0.0, 1.0, 5.0, 30.0)
TRUSTED_STARTS = 3
LOCK = ".jobs.lock"

ELSEWHERE = "A training that was begun in a terminal is running: this one begins after it."
_logger = logging.getLogger(__name__)


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
        start_worker: Callable[[Workspace], WorkerProcess] | None = None,
    ) -> None:
        self._workspace = workspace
        self._start_worker = start_worker or WorkerProcess
        self._queue = RunQueue(workspace)
        self._wake = threading.Event()
        self._is_closed = False
        self._worker: WorkerProcess | None = None
        self._verdict = ""
        self._run: RunStatus | None = None
        self._stop_seen_s: float | None = None
        self._n_failed_starts = 0
        self._start_at_s = 0.0
        self._trials: deque[Trial] = deque()
        self._trial: Trial | None = None
        self._thread = threading.Thread(target=self._work, name="supervisor", daemon=True)
        self._thread.start()

    @property
    def is_warm(self) -> bool:
        """Whether the worker has loaded all it needs and waits for work."""
        worker = self._worker
        return worker is not None and worker.is_ready and self._run is None

    @property
    def worker_pid(self) -> int | None:
        """The worker's number in the system, while there is one."""
        worker = self._worker
        return None if worker is None else worker.pid

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

        Raises
        ------
        AccessError
            This server does not allow it.
        """
        require(Action.TRAIN)
        if not self.is_warm:
            return None
        trial = Trial(config)
        self._trials.append(trial)
        self.wake()
        trial.is_over.wait(timeout_s)
        trial.is_wanted = False
        return trial.evaluations

    def close(self) -> None:
        """End the worker; a run that is going on begins again with the next server."""
        self._is_closed = True
        self.wake()
        self._thread.join(timeout=10)
        with contextlib.suppress(ValueError):
            _supervisors.remove(self)

    def _work(self) -> None:
        lock = filelock.FileLock(self._workspace.root / LOCK, blocking=False)
        while not self._is_closed and not try_to_lock(lock, self._workspace):
            self._pause(1.0)
        try:
            self._attempt(self._queue.list_waiting)  # what was left running waits again
            while not self._is_closed:
                self._attempt(self._step)
                self._pause(POLL_S)
        finally:
            self._end_worker()
            lock.release()

    def _attempt(self, do: Callable[[], object]) -> None:
        try:
            do()
        except Exception:  # one odd run must not end all trainings of a server
            _logger.exception("The queue of trainings met an error and goes on")
            self._pause(1.0)

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
            self._verdict = SILENT
            worker.kill()
        elif self._run is not None:
            self._enforce_stop(worker, self._run)
        elif worker.is_ready:
            self._assign(worker)

    def _ensure_worker(self) -> None:
        if self._worker is None and time.monotonic() >= self._start_at_s:
            self._verdict = ""
            self._worker = self._start_worker(self._workspace)
            self._worker.on_answer = self.wake

    def _take(self, answer: dict[str, Any]) -> None:
        if answer["kind"] == "ready":
            self._n_failed_starts = 0
        elif answer["kind"] == "done":
            self._run = None
            if answer["status"] is not None:
                self._queue.note(RunStatus.from_record(answer["status"]))
        elif answer["kind"] == "preview" and self._trial is not None:
            self._trial.take(answer["evaluations"])
            self._trial = None

    def _assign(self, worker: WorkerProcess) -> None:
        """Give the worker the oldest run, or else a trial, which a run cuts short."""
        waiting = self._queue.list_waiting()
        if waiting and is_training_elsewhere(self._workspace):
            self._queue.tell(waiting[0], ELSEWHERE)
        elif waiting:
            while self._trials:
                self._trials.popleft().take(None)
            self._run, self._stop_seen_s = waiting[0], None
            worker.send(kind="train", run=waiting[0].id)
            return
        while self._trial is None and self._trials:
            trial = self._trials.popleft()
            if trial.is_wanted:
                self._trial = trial
                worker.send(kind="preview", config=write_config(trial.config))

    def _enforce_stop(self, worker: WorkerProcess, run: RunStatus) -> None:
        """End a worker that does not obey; it may be in the middle of a long computation."""
        request = read_stop_request(self._workspace.runs / run.id)
        if request is None:
            return
        now_s = time.monotonic()
        self._stop_seen_s = self._stop_seen_s or now_s
        if now_s - self._stop_seen_s < GRACE_S:
            return
        status = self._queue.find_open(run.id)
        if status and not (request == KEEP_BEST and status.stage in STAGES_WITH_A_HEAD):
            self._dismiss(worker)
            self._run = None
            self._queue.clear_away(run.id, worker.pid)
            self._queue.discard(run.id)

    def _bury(self, worker: WorkerProcess) -> None:
        """Note what became of the run of a worker that has died, and make way for another."""
        self._dismiss(worker)
        if self._run is not None:
            run, self._run = self._run, None
            self._queue.clear_away(run.id, worker.pid)
            verdict = self._verdict or describe_death(worker.exit_code)
            self._queue.fail(run.id, verdict, worker.exit_code)
        if not worker.is_ready:
            delay_s = RESTART_AFTER_S[min(self._n_failed_starts, len(RESTART_AFTER_S) - 1)]
            self._start_at_s = time.monotonic() + delay_s
            self._n_failed_starts += 1
            if self._n_failed_starts > TRUSTED_STARTS:
                for status in self._queue.list_waiting():
                    self._queue.fail(status.id, CANNOT_START, worker.exit_code)

    def _dismiss(self, worker: WorkerProcess) -> None:
        """End a worker; whoever waits for its trial waits no longer."""
        self._worker = None
        worker.kill()
        if self._trial is not None:
            self._trial.take(None)
            self._trial = None

    def _end_worker(self) -> None:
        """End the worker with its server, and have its run wait for the next."""
        worker, run = self._worker, self._run
        self._run = None
        if worker is None:
            return
        self._dismiss(worker)
        if run is not None:
            self._queue.clear_away(run.id, worker.pid)
            status = self._queue.find_open(run.id)
            if status is not None:  # that it was cut short is not its fault
                self._queue.put_back(replace(status, attempts=max(0, status.attempts - 1)))


def start_supervisor(workspace: Workspace) -> Supervisor:
    """Start a supervisor that `find_supervisor` finds, until it is closed."""
    supervisor = Supervisor(workspace)
    _supervisors.append(supervisor)
    return supervisor


def find_supervisor() -> Supervisor | None:
    """Return the supervisor of this process; None where training is not allowed."""
    return _supervisors[-1] if _supervisors else None


_supervisors: list[Supervisor] = []
