"""Locks that limit concurrent trainings; the operating system frees them when a process ends."""

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
    """Return the limit of concurrent trainings in a workspace: 1 unless the environment sets it.

    Raises
    ------
    ConfigError
        The environment variable CLUSTER_LAB_TRAININGS_AT_ONCE is not a whole number from 1 to 8.
    """
    most = len(_NUMBERS)
    text = os.environ.get(AT_ONCE_VARIABLE) or "1"
    if text not in map(str, range(1, most + 1)):
        raise ConfigError(
            f"{AT_ONCE_VARIABLE} must be a whole number from 1 to {most}, not {text[:20]!r}: set "
            "it to the number of trainings that may run at the same time, or remove it for one.",
            field=AT_ONCE_VARIABLE,
            received=text,
            allowed=f"a whole number from 1 to {most}",
        )
    return int(text)


def try_lock(lock: filelock.BaseFileLock, workspace: Workspace) -> bool:
    """Acquire a lock in a workspace without waiting, and return whether that succeeded."""
    try:
        workspace.root.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (filelock.Timeout, OSError):
        return False
    return True


def can_start_training(workspace: Workspace) -> bool:
    """Return whether the limit of concurrent trainings leaves room for another.

    This briefly acquires a training lock, so do not call it while a training that should get that
    lock is starting.

    Raises
    ------
    ConfigError
        CLUSTER_LAB_TRAININGS_AT_ONCE is not a whole number from 1 to 8.
    """
    try:
        lock = _acquire_free_lock(workspace)
    except OSError:
        return False
    if lock is not None:
        lock.release()
    return lock is not None


@contextmanager
def hold_training_lock(workspace: Workspace) -> Iterator[None]:
    """Hold one of the workspace's training locks.

    Raises
    ------
    RunError
        The limit of concurrent trainings is reached, or the workspace cannot be written to.
    ConfigError
        CLUSTER_LAB_TRAININGS_AT_ONCE is not a whole number from 1 to 8.
    """
    try:
        lock = _acquire_free_lock(workspace)
    except OSError as error:
        raise RunError(
            f"The folder {workspace.root} cannot be written to ({error.strerror}): allow write "
            "access to it, or name another in the environment variable CLUSTER_LAB_WORKSPACE."
        ) from error
    if lock is None:
        raise RunError(_describe_limit(workspace))
    try:
        yield
    finally:
        lock.release()


@contextmanager
def hold_summaries_lock(folder: Path) -> Iterator[None]:
    """Keep other trainings from replacing the event files in an existing folder.

    Raises
    ------
    RunError
        Another training is writing its event files there.
    """
    lock = filelock.FileLock(folder / _SUMMARIES_LOCK, blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise RunError(
            f"Another training writes its summaries to {folder}: wait until it finishes, or choose "
            "another folder with --summaries_dir."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _acquire_free_lock(workspace: Workspace) -> filelock.BaseFileLock | None:
    """Acquire one of the workspace's training locks; return None if none is free."""
    paths = workspace.list_training_locks(count_trainings_at_once())
    workspace.root.mkdir(parents=True, exist_ok=True)
    for path in paths:
        lock = filelock.FileLock(path, blocking=False)
        with suppress(filelock.Timeout):
            lock.acquire()
            return lock
    return None


def _describe_limit(workspace: Workspace) -> str:
    count = count_trainings_at_once()
    if count == 1:
        return (
            f"Another training is running in {workspace.root}: wait until it finishes, or stop it."
        )
    return (
        f"{_NUMBERS[count - 1].capitalize()} other trainings are running in {workspace.root}, "
        "which is the limit: wait until one finishes, or stop one."
    )
