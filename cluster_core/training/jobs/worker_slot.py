"""One worker process and its assigned run; restarts the worker when it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cluster_core.events import report_event
from cluster_core.training.events import STAGES_WITH_A_HEAD
from cluster_core.training.jobs.failure_reasons import WORKER_NOT_RESPONDING, describe_exit
from cluster_core.training.jobs.preview_requests import PreviewRequest
from cluster_core.training.jobs.queue import JobQueue
from cluster_core.training.jobs.worker_handle import WorkerHandle
from cluster_core.training.runs.folder import KEEP_BEST, read_stop_request
from cluster_core.training.runs.records import write_config
from cluster_core.training.runs.status import RunState, RunStatus
from cluster_core.workspace import Workspace

# How long a worker may take to stop before its process is ended.
GRACE_S = 1.0
SILENCE_S = 60.0
# Delays before a worker that ended while loading is restarted; the last one repeats.
RESTART_AFTER_S = (0.0, 1.0, 5.0, 30.0)


class WorkerSlot:
    """Keeps one worker process running and assigns it one run at a time.

    Attributes
    ----------
    run : RunStatus or None
        The run in training, with its status from when it was assigned.
    preview : PreviewRequest or None
        The preview in progress, or about to be cut short by a run.
    n_failed_starts : int
        Consecutive workers that ended before they were ready.

    Parameters
    ----------
    workspace : Workspace
    queue : JobQueue
        Records how runs end.
    start_worker : callable
        Starts a worker process.
    on_message : callable
        Called from another thread when the worker has sent a message or ended.
    """

    def __init__(
        self,
        workspace: Workspace,
        queue: JobQueue,
        start_worker: Callable[[Workspace], WorkerHandle],
        on_message: Callable[[], None],
    ) -> None:
        self.run: RunStatus | None = None
        self.preview: PreviewRequest | None = None
        self.n_failed_starts = 0
        self._workspace = workspace
        self._queue = queue
        self._start_worker = start_worker
        self._on_message = on_message
        self._worker: WorkerHandle | None = None
        self._kill_reason = ""
        self._stop_seen_s: float | None = None
        self._start_at_s = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether the worker is ready and has no run."""
        worker = self._worker
        return worker is not None and worker.is_ready and worker.is_alive and self.run is None

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id; None without a worker."""
        worker = self._worker
        return None if worker is None else worker.pid

    def assign_run(self, run: RunStatus, queue: JobQueue) -> None:
        """Have an idle worker train; a preview in progress is cut short.

        Parameters
        ----------
        run : RunStatus
        queue : JobQueue
            The queue of the run, which may be in the workspace of a visitor.
        """
        assert self._worker is not None
        self.run, self._queue, self._stop_seen_s = run, queue, None
        report_event("training_started", network=run.architecture)
        self._worker.send(kind="train", run=run.id, workspace=str(queue.workspace.root))

    def assign_preview(self, preview: PreviewRequest) -> None:
        """Have an idle worker make a preview."""
        assert self._worker is not None
        self.preview = preview
        self._worker.send(kind="preview", config=write_config(preview.config))

    def check_worker(self) -> int | None:
        """Start a missing worker, handle its messages, and end one that does not respond.

        Returns
        -------
        int or None
            The exit code of a worker that ended before it was ready.
        """
        if self._worker is None and time.monotonic() >= self._start_at_s:
            self._kill_reason = ""
            self._worker = self._start_worker(self._workspace)
            self._worker.on_message = self._on_message
        worker = self._worker
        if worker is None:
            return None
        for message in worker.take_messages():
            self._handle(message)
        if not worker.is_alive:
            return self._handle_exit(worker)
        if worker.silent_s > SILENCE_S:
            self._kill_reason = WORKER_NOT_RESPONDING
            worker.kill()
        elif self.run is not None and self._was_deleted(self.run):
            self._end(worker)
            self.run = None
        elif self.run is not None:
            self._enforce_stop(worker, self.run)
        return None

    def close(self) -> None:
        """End the worker and put its run back into the queue for the next server."""
        worker, run = self._worker, self.run
        self.run = None
        if worker is None:
            return
        self._end(worker)
        if run is not None:
            self._queue.remove_drafts(run.id, worker.pid)
            status = self._queue.find_open(run.id)
            if status is not None:  # an interruption by the server is no failed attempt
                self._queue.requeue(replace(status, attempts=max(0, status.attempts - 1)))
                report_event("training_interrupted", network=run.architecture)

    def _handle(self, message: dict[str, Any]) -> None:
        if message["kind"] == "ready":
            self.n_failed_starts = 0
        elif message["kind"] == "done":
            self.run = None
            if message["status"] is not None:
                status = RunStatus.from_record(message["status"])
                self._queue.record(status)
                report_event("training_ended", network=status.architecture, state=status.state)
        elif message["kind"] == "preview" and self.preview is not None:
            self.preview.complete(message["evaluations"])
            self.preview = None

    def _was_deleted(self, run: RunStatus) -> bool:
        """Tell whether a run was deleted together with the workspace of its visitor."""
        workspace = self._queue.workspace
        return workspace != self._workspace and not (workspace.runs / run.id).is_dir()

    def _enforce_stop(self, worker: WorkerHandle, run: RunStatus) -> None:
        """End a worker that does not stop in time; it may be in a long native computation."""
        request = read_stop_request(self._queue.workspace.runs / run.id)
        if request is None:
            return
        now_s = time.monotonic()
        self._stop_seen_s = self._stop_seen_s or now_s
        if now_s - self._stop_seen_s < GRACE_S:
            return
        status = self._queue.find_open(run.id)
        if status and not (request == KEEP_BEST and status.stage in STAGES_WITH_A_HEAD):
            self._end(worker)
            self.run = None
            self._queue.remove_drafts(run.id, worker.pid)
            self._queue.discard(run.id)
            report_event("training_ended", network=run.architecture, state=RunState.DISCARDED)

    def _handle_exit(self, worker: WorkerHandle) -> int | None:
        """Fail the run of a worker that has ended, and schedule the next worker."""
        self._end(worker)
        if self.run is not None:
            run, self.run = self.run, None
            self._queue.remove_drafts(run.id, worker.pid)
            reason = self._kill_reason or describe_exit(worker.exit_code)
            self._queue.fail(run.id, reason, worker.exit_code)
            report_event("training_ended", network=run.architecture, state=RunState.FAILED)
        if worker.is_ready:
            return None
        delay_s = RESTART_AFTER_S[min(self.n_failed_starts, len(RESTART_AFTER_S) - 1)]
        self._start_at_s = time.monotonic() + delay_s
        self.n_failed_starts += 1
        return worker.exit_code

    def _end(self, worker: WorkerHandle) -> None:
        """End a worker process and give up its preview."""
        self._worker = None
        worker.kill()
        if self.preview is not None:
            self.preview.complete(None)
            self.preview = None
