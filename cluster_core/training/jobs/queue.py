"""The runs that are not over, as the one who works them off sees them."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from cluster_core.errors import ClusterError
from cluster_core.training.jobs.endings import TWICE_LEFT
from cluster_core.training.outputs import TrainingOutputs
from cluster_core.training.runs.folder import read_status, save_status
from cluster_core.training.runs.place import list_run_ids
from cluster_core.training.runs.records import load_config
from cluster_core.training.runs.status import RunState, RunStatus
from cluster_core.workspace import Workspace, remove_drafts

MAX_ATTEMPTS = 2


class JobQueue:
    """Finds the run that is next, and notes what becomes of runs when no worker can.

    What cannot be noted because the disk is full is remembered, and noted later.

    Parameters
    ----------
    workspace : Workspace
        Whose runs.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._over: set[str] = set()
        self._unsaved: dict[str, RunStatus] = {}

    def list_waiting(self, given: Collection[str] = ()) -> list[RunStatus]:
        """Return the runs that wait, the oldest first.

        Parameters
        ----------
        given : collection of str
            The runs that a worker has. Any other that says it is running was left by a server
            that ended, and waits again, or has failed if that happened too often.
        """
        waiting = []
        for status in self.list_open():
            if status.id in given:
                continue
            if status.state is RunState.QUEUED:
                waiting.append(status)
            elif status.attempts < MAX_ATTEMPTS:
                waiting.append(self.put_back(status))
            else:
                self.fail(status.id, TWICE_LEFT)
        return waiting

    def list_open(self) -> list[RunStatus]:
        """Return the runs that are not over, the oldest first; what is over is not read again."""
        for status in tuple(self._unsaved.values()):
            self._save(status)
        found = []
        with contextlib.suppress(ClusterError):
            for run_id in list_run_ids(self._workspace):
                if run_id in self._over:
                    continue
                status = self._unsaved.get(run_id) or read_status(self._workspace.runs / run_id)
                if not status.state.is_over:
                    found.append(status)
                elif run_id not in self._unsaved:
                    self._over.add(run_id)
        return found

    def find_open(self, run_id: str) -> RunStatus | None:
        """Return the status of a run that is not over, else None."""
        return next((status for status in self.list_open() if status.id == run_id), None)

    def is_beginning(self, run_id: str) -> bool:
        """Tell whether a run that was given to a worker has not come to its first stage yet."""
        status = self.find_open(run_id)
        return status is not None and not status.stage

    def put_back(self, status: RunStatus) -> RunStatus:
        """Have a run wait again that had begun."""
        again = replace(
            status, state=RunState.QUEUED, started=None, stage="", done=0, total=0, message=""
        )
        self._save(again)
        return again

    def tell(self, status: RunStatus, message: str) -> None:
        """Note why a run waits."""
        if status.message != message:
            self._save(replace(status, message=message))

    def fail(self, run_id: str, message: str, exit_code: int | None = None) -> None:
        """Note that a run that is not over has failed, and why."""
        self._end(run_id, RunState.FAILED, message, exit_code)

    def discard(self, run_id: str) -> None:
        """Note that a run that is not over was stopped, and nothing kept."""
        self._end(run_id, RunState.DISCARDED, "", None)

    def note(self, status: RunStatus) -> None:
        """Note how a run ended, as its worker told, unless the worker could write it down."""
        if self.find_open(status.id) is not None:
            self._save(status)

    def clear_away(self, run_id: str, process_id: int) -> None:
        """Delete what a worker that was killed in the middle of a run had half written."""
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
            return  # deleted meanwhile
        except OSError:
            self._unsaved[status.id] = status
