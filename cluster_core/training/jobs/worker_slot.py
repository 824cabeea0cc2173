"""One worker, the run it has, and what becomes of both."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cluster_core.training.events import STAGES_WITH_A_HEAD
from cluster_core.training.jobs.endings import SILENT, describe_death
from cluster_core.training.jobs.queue import JobQueue
from cluster_core.training.jobs.trials import PreviewRequest
from cluster_core.training.jobs.worker_handle import WorkerHandle
from cluster_core.training.runs.folder import KEEP_BEST, read_stop_request
from cluster_core.training.runs.records import write_config
from cluster_core.training.runs.status import RunStatus
from cluster_core.workspace import Workspace

# A worker that was asked to stop and did not is ended.
GRACE_S = 1.0
SILENCE_S = 60.0
# A worker that cannot even start is tried again, but not for ever at the same pace.
RESTART_AFTER_S = (0.0, 1.0, 5.0, 30.0)


class WorkerSlot:
    """Keeps one worker going, one run at a time.

    Attributes
    ----------
    run : RunStatus or None
        What its worker is training, as it was when it was given.
    trial : PreviewRequest or None
        The preview that its worker makes, or is about to break off for a run.
    n_failed_starts : int
        How often in a row its worker ended before it was ready.

    Parameters
    ----------
    workspace : Workspace
    queue : JobQueue
        Told how runs end.
    start_worker : callable
        Makes the worker process.
    on_answer : callable
        Called, in another thread, when the worker has something to tell.
    """

    def __init__(
        self,
        workspace: Workspace,
        queue: JobQueue,
        start_worker: Callable[[Workspace], WorkerHandle],
        on_answer: Callable[[], None],
    ) -> None:
        self.run: RunStatus | None = None
        self.trial: PreviewRequest | None = None
        self.n_failed_starts = 0
        self._workspace = workspace
        self._queue = queue
        self._start_worker = start_worker
        self._on_answer = on_answer
        self._worker: WorkerHandle | None = None
        self._verdict = ""
        self._stop_seen_s: float | None = None
        self._start_at_s = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether the worker has loaded all it needs and has no run."""
        worker = self._worker
        return worker is not None and worker.is_ready and worker.is_alive and self.run is None

    @property
    def worker_pid(self) -> int | None:
        """The worker's number in the system, while there is one."""
        worker = self._worker
        return None if worker is None else worker.pid

    def give_run(self, run: RunStatus) -> None:
        """Have an idle worker train; a trial that it is at ends early."""
        assert self._worker is not None
        self.run, self._stop_seen_s = run, None
        self._worker.send(kind="train", run=run.id)

    def give_trial(self, trial: PreviewRequest) -> None:
        """Have an idle worker try settings out."""
        assert self._worker is not None
        self.trial = trial
        self._worker.send(kind="preview", config=write_config(trial.config))

    def look_after_worker(self) -> int | None:
        """Start a worker where there is none, hear what it says, and end one that does not obey.

        Returns
        -------
        int or None
            The exit code of a worker that has ended before it was ready.
        """
        if self._worker is None and time.monotonic() >= self._start_at_s:
            self._verdict = ""
            self._worker = self._start_worker(self._workspace)
            self._worker.on_answer = self._on_answer
        worker = self._worker
        if worker is None:
            return None
        for answer in worker.take_answers():
            self._take(answer)
        if not worker.is_alive:
            return self._bury(worker)
        if worker.silent_s > SILENCE_S:
            self._verdict = SILENT
            worker.kill()
        elif self.run is not None:
            self._enforce_stop(worker, self.run)
        return None

    def close(self) -> None:
        """End the worker with its server, and have its run wait for the next."""
        worker, run = self._worker, self.run
        self.run = None
        if worker is None:
            return
        self._dismiss(worker)
        if run is not None:
            self._queue.clear_away(run.id, worker.pid)
            status = self._queue.find_open(run.id)
            if status is not None:  # that it was cut short is not its fault
                self._queue.put_back(replace(status, attempts=max(0, status.attempts - 1)))

    def _take(self, answer: dict[str, Any]) -> None:
        if answer["kind"] == "ready":
            self.n_failed_starts = 0
        elif answer["kind"] == "done":
            self.run = None
            if answer["status"] is not None:
                self._queue.note(RunStatus.from_record(answer["status"]))
        elif answer["kind"] == "preview" and self.trial is not None:
            self.trial.take(answer["evaluations"])
            self.trial = None

    def _enforce_stop(self, worker: WorkerHandle, run: RunStatus) -> None:
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
            self.run = None
            self._queue.clear_away(run.id, worker.pid)
            self._queue.discard(run.id)

    def _bury(self, worker: WorkerHandle) -> int | None:
        """Note what became of the run of a worker that has died, and make way for another."""
        self._dismiss(worker)
        if self.run is not None:
            run, self.run = self.run, None
            self._queue.clear_away(run.id, worker.pid)
            verdict = self._verdict or describe_death(worker.exit_code)
            self._queue.fail(run.id, verdict, worker.exit_code)
        if worker.is_ready:
            return None
        delay_s = RESTART_AFTER_S[min(self.n_failed_starts, len(RESTART_AFTER_S) - 1)]
        self._start_at_s = time.monotonic() + delay_s
        self.n_failed_starts += 1
        return worker.exit_code

    def _dismiss(self, worker: WorkerHandle) -> None:
        """End a worker; whoever waits for its trial waits no longer."""
        self._worker = None
        worker.kill()
        if self.trial is not None:
            self.trial.take(None)
            self.trial = None
