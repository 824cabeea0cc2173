"""Trainings in the throw-away workspaces of visitors, from the supervisor's side.

One of them runs at a time, whatever their number, and only while the owner has none waiting.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cluster_core.access import Access
from cluster_core.access.quota import MAX_TRAINING_S, drop_byproducts, find_excess
from cluster_core.access.visitor_workspaces import (
    count_visitor_workspaces,
    list_expired,
    list_visitor_workspaces,
    remove_if_expired,
)
from cluster_core.errors import ClusterError
from cluster_core.training.jobs.queue import JobQueue
from cluster_core.training.jobs.visitor_turns import VisitorRun
from cluster_core.training.runs.folder import (
    STOP_REQUEST,
    list_runs,
    load_status,
    request_stop,
    save_status,
)
from cluster_core.training.runs.status import RunState, RunStatus
from cluster_core.training.runs.visitor_limits import (
    add_training_s,
    explain_owner_stop,
    explain_used_time,
    read_training_s,
)
from cluster_core.workspace import Workspace

SWEEP_EVERY_S = 60.0
# How long a workspace waits for its training to end before it is deleted.
_STOPPING_S = 30.0
_MEASURE_EVERY_S = 2.0


class VisitorRuns:
    """Finds the next training of a visitor, and stops it at the visitor's limits.

    Parameters
    ----------
    server : Workspace
        The owner's workspace, in which those of visitors are kept.
    """

    def __init__(self, server: Workspace) -> None:
        self._server = server
        self._queues: dict[Path, JobQueue] = {}
        self._active: _ActiveRun | None = None
        self._last_sweep_s = float("-inf")

    def find_next(self) -> tuple[RunStatus, JobQueue] | None:
        """Return a visitor's waiting training with its queue, if none is active.

        It is of the visitor who has trained least, and of these the oldest.
        """
        if self._active is not None or not count_visitor_workspaces():
            return None
        waiting = []
        for status, queue in self._list_waiting():
            if read_training_s(queue.workspace) >= MAX_TRAINING_S:
                queue.discard(status.id, explain_used_time(has_model=False))
            else:
                waiting.append((status, queue))
        return min(waiting, key=lambda one: VisitorRun(one[1].workspace, one[0]).turn, default=None)

    def fail_waiting(self, message: str, exit_code: int) -> None:
        """Record that no waiting training can start, and why."""
        if self._active is None and count_visitor_workspaces():
            for status, queue in self._list_waiting():
                queue.fail(status.id, message, exit_code)

    def begin(self, run: RunStatus, queue: JobQueue) -> None:
        """Take note that a worker has a training."""
        self._active = _ActiveRun(run.id, queue)

    def check(self) -> None:
        """Stop the active training at its limits, and delete expired workspaces once a minute."""
        if self._active is not None and self._active.has_ended():
            self._active = None
        if time.monotonic() - self._last_sweep_s > SWEEP_EVERY_S:
            self._last_sweep_s = time.monotonic()
            sweep_visitor_workspaces(self._server)

    def _list_waiting(self) -> list[tuple[RunStatus, JobQueue]]:
        workspaces = list_visitor_workspaces(self._server)
        self._queues = {one.root: self._queues.get(one.root) or JobQueue(one) for one in workspaces}
        return [
            (status, queue) for queue in self._queues.values() for status in queue.list_waiting()
        ]


class _ActiveRun:
    """The training that a worker has, with the time that is left for it."""

    def __init__(self, run_id: str, queue: JobQueue) -> None:
        self._run_id, self._queue = run_id, queue
        self._start_s = self._last_measured_s = time.monotonic()
        self._left_s = MAX_TRAINING_S - read_training_s(queue.workspace)
        self._is_over_time = False
        self._reason = ""

    def has_ended(self) -> bool:
        """Tell whether it has ended, and record its time; stop it if it is over a limit."""
        workspace, now_s = self._queue.workspace, time.monotonic()
        if self._queue.find_open(self._run_id) is None:
            self._record(now_s)
            self._note_reason()
            with suppress(OSError):
                drop_byproducts(workspace)
            return True
        is_stopping = self._is_over_time or self._reason
        if not is_stopping and now_s - self._start_s > self._left_s:
            self._is_over_time = True
            self._stop(keep_best=True)
        elif now_s - self._last_measured_s > _MEASURE_EVERY_S:
            self._record(now_s)  # now, as a server that is killed cannot
            if not is_stopping and (problem := find_excess(workspace)):
                self._reason = problem
                self._stop(keep_best=False)
        return False

    def _record(self, now_s: float) -> None:
        add_training_s(self._queue.workspace, now_s - self._last_measured_s)
        self._last_measured_s = now_s

    def _stop(self, *, keep_best: bool) -> None:
        with suppress(ClusterError):  # it has just ended
            request_stop(Access.owner(), self._queue.workspace, self._run_id, keep_best)

    def _note_reason(self) -> None:
        with suppress(ClusterError, OSError):
            status = load_status(self._queue.workspace, self._run_id)
            has_model = status.state is RunState.STOPPED
            reason = self._reason
            if self._is_over_time:
                reason = explain_used_time(has_model)
            elif not reason:
                reason = explain_owner_stop(self._queue.workspace, self._run_id, has_model)
            if reason and status.state in (RunState.STOPPED, RunState.DISCARDED):
                save_status(self._queue.workspace, replace(status, message=reason))


def sweep_visitor_workspaces(server: Workspace) -> None:
    """Delete the workspaces that were not used for too long; their trainings are ended first.

    Nothing is raised.

    Parameters
    ----------
    server : Workspace
        The owner's workspace, in which they are kept.
    """
    for workspace in list_expired(server):
        with suppress(ClusterError, OSError):
            stopping = [_stop(workspace, run) for run in list_runs(workspace)]
            if any(stopping):
                continue
        remove_if_expired(workspace)


def _stop(workspace: Workspace, run: RunStatus) -> bool:
    """Ask a training to stop; return whether to wait for its end."""
    if run.state.is_over:
        return False
    request = workspace.runs / run.id / STOP_REQUEST
    if not request.exists():
        request_stop(Access.owner(), workspace, run.id, keep_best=False)
    return run.state is RunState.RUNNING and time.time() - request.stat().st_mtime < _STOPPING_S
