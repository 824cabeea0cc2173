"""Trainings of visitors from the side of the pages: how many there are, and whose turn is next."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from cluster_core.access import Access, Action
from cluster_core.access.visitor_workspaces import count_visitor_workspaces, list_visitor_workspaces
from cluster_core.errors import ClusterError, RunError
from cluster_core.training.locks import count_trainings_at_once
from cluster_core.training.runs.folder import STOP_REQUEST, list_runs, request_stop
from cluster_core.training.runs.status import RunState, RunStatus
from cluster_core.training.runs.visitor_limits import note_owner_stop, read_training_s
from cluster_core.workspace import Workspace


@dataclass(frozen=True)
class VisitorRun:
    """A training in the throw-away workspace of a visitor.

    Attributes
    ----------
    workspace : Workspace
        The visitor's.
    status : RunStatus
    """

    workspace: Workspace
    status: RunStatus

    @property
    def turn(self) -> tuple[float, str]:
        """What waiting trainings are sorted by: the visitor's time so far in seconds, then age."""
        return read_training_s(self.workspace), self.status.id

    @property
    def is_stopping(self) -> bool:
        """Whether somebody asked for its end."""
        return (self.workspace.runs / self.status.id / STOP_REQUEST).exists()


@dataclass(frozen=True)
class TrainingLine:
    """The trainings that wait, in the order in which they start.

    Attributes
    ----------
    waiting : tuple of str
        Ids of runs: the owner's, then those of visitors.
    is_free : bool
        Whether a visitor's training can start as soon as none waits before it.
    """

    waiting: tuple[str, ...]
    is_free: bool

    def find_place(self, run_id: str) -> int:
        """Return a waiting training's place, 1 for the next; 0 if it starts now or has started."""
        if run_id not in self.waiting:
            return 0
        place = self.waiting.index(run_id) + 1
        return 0 if place == 1 and self.is_free else place


def list_visitor_runs(workspace: Workspace) -> list[VisitorRun]:
    """Return the trainings of all visitors; none unless this server lets them train.

    Parameters
    ----------
    workspace : Workspace
        The owner's, in which those of visitors are kept.
    """
    found: list[VisitorRun] = []
    for own in list_visitor_workspaces(workspace) if count_visitor_workspaces() else ():
        with suppress(ClusterError):  # it cannot be read, or was deleted since it was listed
            found += [VisitorRun(own, status) for status in list_runs(own)]
    return found


def count_visitor_runs(workspace: Workspace) -> Counter[RunState]:
    """Return how many trainings of visitors are in each state; see `list_visitor_runs`."""
    return Counter(run.status.state for run in list_visitor_runs(workspace))


def read_line(workspace: Workspace) -> TrainingLine:
    """Return the trainings of the owner and of visitors that wait.

    Parameters
    ----------
    workspace : Workspace
        The owner's.

    Raises
    ------
    RunError
        The owner's trainings cannot be read.
    ConfigError
        CLUSTER_LAB_TRAININGS_AT_ONCE is not a whole number from 1 to 8.
    """
    owners, theirs = list_runs(workspace), list_visitor_runs(workspace)
    waiting = sorted(run.id for run in owners if run.state is RunState.QUEUED)
    queued = [run for run in theirs if run.status.state is RunState.QUEUED]
    waiting += [run.status.id for run in sorted(queued, key=lambda run: run.turn)]
    n_running = sum(run.state is RunState.RUNNING for run in owners)
    is_free = n_running < count_trainings_at_once() and not _list_running(theirs)
    return TrainingLine(tuple(waiting), is_free)


def find_run_ahead_of_owner(workspace: Workspace) -> VisitorRun | None:
    """Return the running training of a visitor, if the owner's next one has to wait for its end.

    Parameters
    ----------
    workspace : Workspace
        The owner's.

    Raises
    ------
    RunError
        The owner's trainings cannot be read.
    ConfigError
        CLUSTER_LAB_TRAININGS_AT_ONCE is not a whole number from 1 to 8.
    """
    running = _list_running(list_visitor_runs(workspace))
    n_running = len(running) + sum(run.state is RunState.RUNNING for run in list_runs(workspace))
    return running[0] if running and n_running >= count_trainings_at_once() else None


def stop_visitor_run(access: Access, workspace: Workspace, run_id: str) -> None:
    """Request that a visitor's training stops, for the owner's; its best model so far is kept.

    Parameters
    ----------
    access : Access
    workspace : Workspace
        The owner's.
    run_id : str
        The visitor's training.

    Raises
    ------
    AccessError
        Only the owner may.
    RunError
        There is no such run, it has ended, or the request cannot be saved.
    """
    access.require(Action.TRAIN, workspace.root)
    for run in list_visitor_runs(workspace):
        if run.status.id == run_id:
            if run.status.state.is_over:
                raise RunError("This visitor's training has already ended.")
            if run.is_stopping:  # by the visitor, who may want no model, or an earlier click
                return
            note_owner_stop(run.workspace, run_id)
            request_stop(access, run.workspace, run_id, keep_best=True)
            return
    raise RunError("This visitor's training was deleted, so it cannot be stopped.")


def _list_running(runs: list[VisitorRun]) -> list[VisitorRun]:
    return [run for run in runs if run.status.state is RunState.RUNNING]
