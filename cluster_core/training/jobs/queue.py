"""Queued and active runs, from the supervisor's side."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from cluster_core.errors import ClusterError
from cluster_core.storage.drafts import remove_drafts
from cluster_core.training.jobs.failure_reasons import SERVER_ENDED_TWICE
from cluster_core.training.outputs import TrainingOutputs
from cluster_core.training.runs.folder import read_status, save_status
from cluster_core.training.runs.paths import list_run_ids
from cluster_core.training.runs.records import load_config
from cluster_core.training.runs.status import RunState, RunStatus
from cluster_core.workspace import Workspace

MAX_ATTEMPTS = 2


class JobQueue:
    """Finds the next run, and records how runs end when their worker cannot.

    A status that cannot be saved, because the disk is full, is kept in memory and saved later.

    Parameters
    ----------
    workspace : Workspace
        The workspace with the runs.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._ended: set[str] = set()
        self._unsaved: dict[str, RunStatus] = {}

    @property
    def workspace(self) -> Workspace:
        """The workspace with the runs."""
        return self._workspace

    def list_waiting(self, assigned: Collection[str] = ()) -> list[RunStatus]:
        """Return the runs that wait for a worker, the oldest first.

        Parameters
        ----------
        assigned : collection of str
            Ids of the runs that a worker has. Any other run in the state "running" was
            interrupted by the end of its server: it is queued again, or fails after
            `MAX_ATTEMPTS` attempts.
        """
        waiting = []
        for status in self.list_open():
            if status.id in assigned:
                continue
            if status.state is RunState.QUEUED:
                waiting.append(status)
            elif status.attempts < MAX_ATTEMPTS:
                waiting.append(self.requeue(status))
            else:
                self.fail(status.id, SERVER_ENDED_TWICE)
        return waiting

    def list_open(self) -> list[RunStatus]:
        """Return the runs that have not ended, the oldest first.

        The status of an ended run is not read again.
        """
        for status in tuple(self._unsaved.values()):
            self._save(status)
        found = []
        with contextlib.suppress(ClusterError):
            for run_id in list_run_ids(self._workspace):
                if run_id in self._ended:
                    continue
                status = self._unsaved.get(run_id) or read_status(self._workspace.runs / run_id)
                if not status.state.is_over:
                    found.append(status)
                elif run_id not in self._unsaved:
                    self._ended.add(run_id)
        return found

    def find_open(self, run_id: str) -> RunStatus | None:
        """Return the status of a run, or None if it has ended or does not exist."""
        return next((status for status in self.list_open() if status.id == run_id), None)

    def is_starting(self, run_id: str) -> bool:
        """Return whether an assigned run has not reached its first stage yet."""
        status = self.find_open(run_id)
        return status is not None and not status.stage

    def requeue(self, status: RunStatus) -> RunStatus:
        """Reset an interrupted run to the state "queued" and return its new status."""
        again = replace(
            status, state=RunState.QUEUED, started=None, stage="", done=0, total=0, message=""
        )
        self._save(again)
        return again

    def set_message(self, status: RunStatus, message: str) -> None:
        """Record why a run is waiting."""
        if status.message != message:
            self._save(replace(status, message=message))

    def fail(self, run_id: str, message: str, exit_code: int | None = None) -> None:
        """Record that a run has failed, and why; does nothing if the run has ended."""
        self._end(run_id, RunState.FAILED, message, exit_code)

    def discard(self, run_id: str, message: str = "") -> None:
        """Record that a run was stopped with nothing kept; does nothing if the run has ended."""
        self._end(run_id, RunState.DISCARDED, message, None)

    def record(self, status: RunStatus) -> None:
        """Save the final status that a worker sent, unless the worker has saved it already."""
        if self.find_open(status.id) is not None:
            self._save(status)

    def remove_drafts(self, run_id: str, process_id: int) -> None:
        """Delete the half-written files of a worker that was killed during a run."""
        workspace = self._workspace
        folders = {workspace.root, workspace.bundles, workspace.backbones, workspace.models}
        folders.add(workspace.runs / run_id)
        with contextlib.suppress(ClusterError):
            outputs = TrainingOutputs.of(load_config(workspace, run_id), workspace)
            folders |= {outputs.output_graph.parent, outputs.output_labels.parent}
            folders |= {outputs.model_dir, outputs.intermediate_output_graphs_dir}
            folders |= {outputs.saved_model_dir.parent} if outputs.saved_model_dir else set()
        for folder in folders:
            remove_drafts(folder, process_id)

    def _end(self, run_id: str, state: RunState, message: str, exit_code: int | None) -> None:
        status = self.find_open(run_id)
        if status is not None:
            ended = datetime.now(UTC).isoformat()
            status = replace(status, state=state, ended=ended, message=message, exit_code=exit_code)
            self._save(status)

    def _save(self, status: RunStatus) -> None:
        self._unsaved.pop(status.id, None)
        try:
            save_status(self._workspace, status)
        except FileNotFoundError:
            return  # the run was deleted
        except OSError:
            self._unsaved[status.id] = status
