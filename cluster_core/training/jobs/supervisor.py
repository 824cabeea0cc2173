"""Runs the queue of trainings in warm worker processes, for one server."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable
from functools import partial

import filelock

from cluster_core.access import Action, require
from cluster_core.model.head.settings import Evaluation
from cluster_core.training.config import TrainConfig
from cluster_core.training.jobs.endings import CANNOT_START
from cluster_core.training.jobs.queue import JobQueue
from cluster_core.training.jobs.trials import PreviewRequest
from cluster_core.training.jobs.worker_handle import WorkerHandle
from cluster_core.training.jobs.worker_slot import WorkerSlot
from cluster_core.training.locks import count_trainings_at_once, has_room, try_to_lock
from cluster_core.workspace import Workspace

POLL_S = 0.2
TRUSTED_STARTS = 3
LOCK = ".jobs.lock"

ELSEWHERE = "A training begun in a terminal is running: this one begins when there is room for it."
_logger = logging.getLogger(__name__)


class Supervisor:
    """Gives queued runs to workers, as many at a time as may, and sees what becomes of them.

    All its work is done in one thread, which also starts the workers: Linux ends
    a worker with the thread that started it. Of several servers on a workspace
    one has the queue, and when it ends the next takes over.

    Parameters
    ----------
    workspace : Workspace
        Whose runs.
    start_worker : callable, optional
        Makes a worker process.

    Raises
    ------
    ConfigError
        See `count_trainings_at_once`.
    """

    def __init__(
        self,
        workspace: Workspace,
        start_worker: Callable[[Workspace], WorkerHandle] | None = None,
    ) -> None:
        self._workspace = workspace
        self._queue = JobQueue(workspace)
        self._wake = threading.Event()
        self._is_closed = False
        self._lanes = tuple(
            WorkerSlot(workspace, self._queue, start_worker or WorkerHandle, self.wake)
            for _ in range(count_trainings_at_once())
        )
        self._trials: deque[PreviewRequest] = deque()
        self._thread = threading.Thread(target=self._work, name="supervisor", daemon=True)
        self._thread.start()

    @property
    def is_warm(self) -> bool:
        """Whether a worker has loaded all it needs and waits for work."""
        return any(lane.is_idle for lane in self._lanes)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The numbers of the workers in the system."""
        numbers = (lane.worker_pid for lane in self._lanes)
        return tuple(number for number in numbers if number is not None)

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
            None where all workers are busy or bottlenecks are not cached.

        Raises
        ------
        AccessError
            This server does not allow it.
        """
        require(Action.TRAIN)
        if not self.is_warm:
            return None
        trial = PreviewRequest(config)
        self._trials.append(trial)
        self.wake()
        trial.is_over.wait(timeout_s)
        trial.is_wanted = False
        return trial.evaluations

    def close(self) -> None:
        """End the workers; a run that is going on begins again with the next server."""
        self._is_closed = True
        self.wake()
        self._thread.join(timeout=10)
        with contextlib.suppress(ValueError):
            _supervisors.remove(self)

    def _work(self) -> None:
        lock = filelock.FileLock(self._workspace.root / LOCK, blocking=False)
        while not self._is_closed and not try_to_lock(lock, self._workspace):
            self._pause(1.0)
        duties: list[Callable[[], object]] = [
            partial(self._look_after, lane) for lane in self._lanes
        ]
        duties.append(self._give_work)
        try:
            self._attempt(self._queue.list_waiting)  # what was left running waits again
            while not self._is_closed:
                went_well = [self._attempt(duty) for duty in duties]
                self._pause(POLL_S if all(went_well) else 1.0)
        finally:
            for lane in self._lanes:
                self._attempt(lane.close)
            lock.release()

    def _attempt(self, do: Callable[[], object]) -> bool:
        """Do something, and tell whether it went well."""
        try:
            do()
        except Exception:  # one odd run must not end all trainings of a server
            _logger.exception("The queue of trainings met an error and goes on")
            return False
        return True

    def _pause(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _look_after(self, lane: WorkerSlot) -> None:
        exit_code = lane.look_after_worker()
        if exit_code is None:
            return
        # As long as one worker can start there is somebody to wait for.
        if all(other.n_failed_starts > TRUSTED_STARTS for other in self._lanes):
            for status in self._queue.list_waiting(self._list_given()):
                self._queue.fail(status.id, CANNOT_START, exit_code)

    def _give_work(self) -> None:
        """Give the oldest run to a worker that waits, or else a trial."""
        self._give_run()
        idle = [lane for lane in self._lanes if lane.is_idle]
        if not idle:
            while self._trials:
                self._trials.popleft().take(None)
        while idle and self._trials and not any(lane.trial for lane in self._lanes):
            trial = self._trials.popleft()
            if trial.is_wanted:
                idle[0].give_trial(trial)

    def _give_run(self) -> None:
        idle = [lane for lane in self._lanes if lane.is_idle]
        given = self._list_given()
        # One after the other: a worker that begins must not find its lock taken by `has_room`.
        if not idle or any(self._queue.is_beginning(run_id) for run_id in given):
            return
        waiting = self._queue.list_waiting(given)
        if waiting and has_room(self._workspace):
            min(idle, key=lambda lane: lane.trial is not None).give_run(waiting[0])
        elif waiting:
            self._queue.tell(waiting[0], ELSEWHERE)

    def _list_given(self) -> list[str]:
        return [lane.run.id for lane in self._lanes if lane.run is not None]


def start_supervisor(workspace: Workspace) -> Supervisor:
    """Start a supervisor that `find_supervisor` finds, until it is closed."""
    supervisor = Supervisor(workspace)
    _supervisors.append(supervisor)
    return supervisor


def find_supervisor() -> Supervisor | None:
    """Return the supervisor of this process; None where training is not allowed."""
    return _supervisors[-1] if _supervisors else None


_supervisors: list[Supervisor] = []
