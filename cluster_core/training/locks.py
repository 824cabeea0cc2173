"""Who may run trainings in a workspace; the system frees locks when a process dies."""

from __future__ import annotations

import filelock

from cluster_core.workspace import Workspace


def try_to_lock(lock: filelock.BaseFileLock, workspace: Workspace) -> bool:
    """Take a lock in a workspace, and tell whether that was possible."""
    try:
        workspace.root.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (filelock.Timeout, OSError):
        return False
    return True


def is_training_elsewhere(workspace: Workspace) -> bool:
    """Tell whether a command line holds the workspace's training lock."""
    lock = filelock.FileLock(workspace.training_lock, blocking=False)
    if not try_to_lock(lock, workspace):
        return True
    lock.release()
    return False
