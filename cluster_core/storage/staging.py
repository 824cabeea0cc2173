"""Temporary folders in `.incoming`; their locks show which were left by killed processes."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from cluster_core.workspace import Workspace


@contextmanager
def stage(workspace: Workspace) -> Iterator[Path]:
    """Yield a new temporary folder on the disk of the workspace, and remove it at the end.

    Raises
    ------
    OSError
        The folder cannot be created.
    """
    folder = workspace.incoming / uuid.uuid4().hex
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder):
        try:
            folder.mkdir()
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def claim(folder: Path) -> Iterator[bool]:
    """Lock a temporary folder, and yield whether that succeeded: no living process uses it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(_lock(folder))
        except OSError:  # held by another process (a TimeoutError), or write-protected
            yield False
            return
        yield True


def list_staged(workspace: Workspace) -> list[Path]:
    """Return the temporary folders of the workspace, also those in use."""
    try:
        # A kill can leave a lock without its folder.
        return sorted({path.with_suffix("") for path in workspace.incoming.iterdir()})
    except OSError:
        return []


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a temporary folder; the operating system frees it when a process ends.

    The lock file is beside the folder, so that the folder never exists without its lock.
    """
    import filelock  # takes 60 ms, and most commands find nothing to lock

    with filelock.FileLock(f"{folder}.lock", blocking=False) as lock:
        try:
            yield
        finally:
            if not folder.exists():
                with suppress(OSError):
                    os.unlink(lock.lock_file)  # noqa: PTH108 (a str)
