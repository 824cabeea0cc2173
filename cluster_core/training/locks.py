"""Who may run trainings in a workspace; the system frees locks when a process dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from cluster_core.errors import ConfigError, RunError
from cluster_core.workspace import Workspace

AT_ONCE_VARIABLE = "CLUSTER_LAB_TRAININGS_AT_ONCE"
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
_SUMMARIES_LOCK = ".training.lock"


def count_trainings_at_once() -> int:
    """Return how many trainings may run at a time in a workspace: one, unless it was set.

    Raises
    ------
    ConfigError
        The environment variable CLUSTER_LAB_TRAININGS_AT_ONCE is no whole number from 1 to 8.
    """
    most = len(_NUMBERS)
    text = os.environ.get(AT_ONCE_VARIABLE) or "1"
    if text not in map(str, range(1, most + 1)):
        raise ConfigError(
            f"{AT_ONCE_VARIABLE} must be a whole number from 1 to {most}, and is {text[:20]!r}: "
            "set it to how many trainings may run at a time, or leave it out for one.",
            field=AT_ONCE_VARIABLE,
            received=text,
            allowed=f"a whole number from 1 to {most}",
        )
    return int(text)


def try_to_lock(lock: filelock.BaseFileLock, workspace: Workspace) -> bool:
    """Take a lock in a workspace, and tell whether that was possible."""
    try:
        workspace.root.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (filelock.Timeout, OSError):
        return False
    return True


def has_room(workspace: Workspace) -> bool:
    """Tell whether another training may begin in a workspace.

    For a moment this holds a lock itself, so it is not to be asked while a training of one's
    own is about to take one.
    """
    try:
        lock = _lock_first_free(workspace)
    except OSError:
        return False
    if lock is not None:
        lock.release()
    return lock is not None


@contextmanager
def training_in(workspace: Workspace) -> Iterator[None]:
    """Hold one of the workspace's training locks.

    Raises
    ------
    RunError
        As many trainings run as may, or the workspace cannot be written to.
    ConfigError
        See `count_trainings_at_once`.
    """
    try:
        lock = _lock_first_free(workspace)
    except OSError as error:
        raise RunError(
            f"The folder {workspace.root} cannot be written to ({error.strerror}): allow it, or "
            "give another in the environment variable CLUSTER_LAB_WORKSPACE."
        ) from error
    if lock is None:
        raise RunError(_describe_full(workspace))
    try:
        yield
    finally:
        lock.release()


@contextmanager
def summaries_in(folder: Path) -> Iterator[None]:
    """Keep other trainings from replacing the event files in a folder, which exists.

    Raises
    ------
    RunError
        Another training writes there.
    """
    lock = filelock.FileLock(folder / _SUMMARIES_LOCK, blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise RunError(
            f"Another training writes its summaries to {folder}: wait until it has ended, or give "
            "this one another folder with --summaries_dir."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _lock_first_free(workspace: Workspace) -> filelock.BaseFileLock | None:
    """Take one of the workspace's training locks; None if all are taken."""
    paths = workspace.list_training_locks(count_trainings_at_once())
    workspace.root.mkdir(parents=True, exist_ok=True)
    for path in paths:
        lock = filelock.FileLock(path, blocking=False)
        with suppress(filelock.Timeout):
            lock.acquire()
            return lock
    return None


def _describe_full(workspace: Workspace) -> str:
    count = count_trainings_at_once()
    if count == 1:
        return (
            f"Another training is running in {workspace.root}: wait until it has ended, or stop it."
        )
    return (
        f"{_NUMBERS[count - 1].capitalize()} other trainings are running in {workspace.root}, "
        "and no more may at a time: wait until one has ended, or stop one."
    )
