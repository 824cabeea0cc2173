"""Assigns queued trainings to warm worker processes, for one server."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from functools import partial

import filelock

from cluster_core.access import Access, Action
from cluster_core.model.head.settings import Evaluation
from cluster_core.training.config import TrainConfig
from cluster_core.training.jobs.failure_reasons import WORKER_CANNOT_START
from cluster_core.training.jobs.preview_requests import PreviewRequest
from cluster_core.training.jobs.queue import JobQueue
from cluster_core.training.jobs.visitor_runs import VisitorRuns
from cluster_core.training.jobs.worker_handle import WorkerHandle
from cluster_core.training.jobs.worker_slot import WorkerSlot
from cluster_core.training.locks import can_start_training, count_trainings_at_once, try_lock
from cluster_core.workspace import Workspace

POLL_S = 0.2
# Queued runs fail only after more failed starts than this, in every slot.
MAX_FAILED_STARTS = 3
LOCK = ".jobs.lock"

TERMINAL_TRAINING_RUNNING = (
    "A training started in a terminal is running; this one will start as soon as one finishes."
)
_logger = logging.getLogger(__name__)


class Supervisor:
    """Assigns queued runs to worker processes, up to the limit of concurrent trainings.

    One thread does all the work and also starts the workers, because Linux ends a worker
    together with the thread that started it. Of several servers that share a workspace, one
    holds the queue's lock; when it ends, another takes over.

    Parameters
    ----------
    workspace : Workspace
        The workspace with the runs.
    start_worker : callable, optional
        Starts a worker process; tests pass a fake.

    Raises
    ------
    ConfigError
        CLUSTER_LAB_TRAININGS_AT_ONCE is not a whole number from 1 to 8.
    """

    def __init__(
        self,
        workspace: Workspace,
        start_worker: Callable[[Workspace], WorkerHandle] | None = None,
    ) -> None:
        self._workspace = workspace
        self._queue = JobQueue(workspace)
        self._visitors = VisitorRuns(workspace)
        self._wake = threading.Event()
        self._is_closed = False
        self._slots = tuple(
            WorkerSlot(workspace, self._queue, start_worker or WorkerHandle, self.wake)
            for _ in range(count_trainings_at_once())
        )
        self._previews: deque[PreviewRequest] = deque()
        self._thread = threading.Thread(target=self._work, name="supervisor", daemon=True)
        self._thread.start()

    @property
    def is_warm(self) -> bool:
        """Whether a worker is ready and idle."""
        return any(slot.is_idle for slot in self._slots)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The process ids of the workers."""
        pids = (slot.worker_pid for slot in self._slots)
        return tuple(pid for pid in pids if pid is not None)

    def wake(self) -> None:
        """Check for work now instead of at the next poll."""
        self._wake.set()

    def preview(
        self, access: Access, config: TrainConfig, timeout_s: float = 10.0
    ) -> tuple[Evaluation, ...] | None:
        """Return the learning curve of a short trial training that saves nothing.

        Parameters
        ----------
        access : Access
        config : TrainConfig
            Settings to preview.
        timeout_s : float
            Longest wait, in seconds.

        Returns
        -------
        tuple of Evaluation or None
            None if all workers are busy, bottlenecks are not cached, or the wait timed out.

        Raises
        ------
        AccessError
            This server does not let its visitors train.
        """
        access.require(Action.TRAIN)
        if not self.is_warm:
            return None
        preview = PreviewRequest(config)
        self._previews.append(preview)
        self.wake()
        preview.is_completed.wait(timeout_s)
        preview.is_wanted = False
        return preview.evaluations

    def close(self) -> None:
        """End the workers; an active run starts again with the next server."""
        self._is_closed = True
        self.wake()
        self._thread.join(timeout=10)
        with contextlib.suppress(ValueError):
            _supervisors.remove(self)

    def _work(self) -> None:
        lock = filelock.FileLock(self._workspace.root / LOCK, blocking=False)
        while not self._is_closed and not try_lock(lock, self._workspace):
            self._pause(1.0)
        tasks: list[Callable[[], object]] = [partial(self._check, slot) for slot in self._slots]
        tasks += [self._visitors.check, self._assign_work]
        try:
            self._attempt(self._queue.list_waiting)  # requeues runs that a server left running
            while not self._is_closed:
                succeeded = [self._attempt(task) for task in tasks]
                self._pause(POLL_S if all(succeeded) else 1.0)
        finally:
            for slot in self._slots:
                self._attempt(slot.close)
            lock.release()

    def _attempt(self, task: Callable[[], object]) -> bool:
        """Run a task and return whether it succeeded; errors are logged."""
        try:
            task()
        except Exception:  # one faulty run must not end all trainings of a server
            _logger.exception("The training queue met an error and continues")
            return False
        return True

    def _pause(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _check(self, slot: WorkerSlot) -> None:
        exit_code = slot.check_worker()
        if exit_code is None:
            return
        # Runs keep waiting as long as any worker can start.
        if all(other.n_failed_starts > MAX_FAILED_STARTS for other in self._slots):
            for status in self._queue.list_waiting(self._list_assigned()):
                self._queue.fail(status.id, WORKER_CANNOT_START, exit_code)
            self._visitors.fail_waiting(WORKER_CANNOT_START, exit_code)

    def _assign_work(self) -> None:
        """Assign the oldest run to an idle worker, then a preview if a worker is still idle."""
        self._assign_run()
        idle = [slot for slot in self._slots if slot.is_idle]
        if not idle:
            while self._previews:
                self._previews.popleft().complete(None)
        while idle and self._previews and not any(slot.preview for slot in self._slots):
            preview = self._previews.popleft()
            if preview.is_wanted:
                idle[0].assign_preview(preview)

    def _assign_run(self) -> None:
        idle = [slot for slot in self._slots if slot.is_idle]
        assigned = self._list_assigned()
        # One start at a time: `can_start_training` briefly holds the lock a starting run needs.
        if not idle or any(self._queue.is_starting(run_id) for run_id in assigned):
            return
        waiting = self._queue.list_waiting(assigned)
        visitors = None if waiting else self._visitors.find_next()
        run, queue = visitors or (waiting[0] if waiting else None, self._queue)
        if run is None:
            return
        if not can_start_training(self._workspace):
            queue.set_message(run, TERMINAL_TRAINING_RUNNING)
            return
        min(idle, key=lambda slot: slot.preview is not None).assign_run(run, queue)
        if visitors:
            self._visitors.begin(run, queue)

    def _list_assigned(self) -> list[str]:
        return [slot.run.id for slot in self._slots if slot.run is not None]


def start_supervisor(workspace: Workspace) -> Supervisor:
    """Start a supervisor and register it for `find_supervisor` until it is closed.

    Raises
    ------
    ConfigError
        CLUSTER_LAB_TRAININGS_AT_ONCE is not a whole number from 1 to 8.
    """
    supervisor = Supervisor(workspace)
    _supervisors.append(supervisor)
    return supervisor


def find_supervisor() -> Supervisor | None:
    """Return this process's supervisor, or None if this server does not allow training."""
    return _supervisors[-1] if _supervisors else None


_supervisors: list[Supervisor] = []
