"""Throw-away workspaces of a demo's visitors: created, found by their key, and deleted.

The key is 128 random bits, kept in a cookie of the visitor's browser and nowhere else. The folder
is named after its hash, so that a message, log or screenshot with a path opens nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import filelock

from cluster_core.access.modes import Mode, read_mode
from cluster_core.errors import AccessError, ConfigError
from cluster_core.events import report_event
from cluster_core.workspace import Workspace

# How many of a demo's visitors may have a workspace at once; without it, none may.
WORKSPACES_VARIABLE = "CLUSTER_LAB_VISITOR_WORKSPACES"
MOST_AT_ONCE = 100
# Seconds since the last use.
LIFETIME_S = 2 * 3600
# Seconds since something was added or removed, while it is empty: nobody keeps others out by that.
EMPTY_LIFETIME_S = 15 * 60
# Seconds since it was created, however much it is used.
WHOLE_LIFETIME_S = 8 * 3600
_KEY = re.compile(r"[0-9a-f]{32}")
_KEY_BYTES = 16
# Modified at each use; when it is created only.
_USED, _CREATED = ".used", ".created"
_LOCK = ".lock"
_LOCK_TIMEOUT_S = 10


def count_visitor_workspaces() -> int:
    """Return how many visitors may have a workspace at once; 0 unless a demo offers them.

    Raises
    ------
    ConfigError
        The environment variable is not a whole number from 0 to 100.
    """
    text = os.environ.get(WORKSPACES_VARIABLE) or "0"
    if not re.fullmatch("[0-9]{1,3}", text) or int(text) > MOST_AT_ONCE:
        raise ConfigError(
            f"{WORKSPACES_VARIABLE} must be a whole number from 0 to {MOST_AT_ONCE}, not "
            f"{text[:20]!r}: set it to the number of visitors who may train at once.",
            field=WORKSPACES_VARIABLE,
            received=text,
            allowed=f"a whole number from 0 to {MOST_AT_ONCE}",
        )
    return int(text) if read_mode() is Mode.DEMO else 0


def create_visitor_workspace(server: Workspace) -> str:
    """Create a workspace for a visitor and return its key, which only they must get to know.

    Parameters
    ----------
    server : Workspace
        The owner's workspace, in which it is kept.

    Raises
    ------
    AccessError
        This server offers none, or all are in use.
    OSError
        The folder cannot be created.
    """
    most = count_visitor_workspaces()
    if not most:
        _refuse("none are offered", "This server has no workspaces for visitors.")
    folder = server.visitors
    folder.mkdir(parents=True, exist_ok=True)
    os.chmod(folder, 0o700)  # noqa: PTH101
    with _lock(folder):
        if len(list_visitor_workspaces(server)) >= most:
            _refuse(
                "all are in use",
                "All workspaces of this server are in use: try again in a few minutes.",
            )
        key = secrets.token_hex(_KEY_BYTES)
        own = folder / _name_folder(key)
        own.mkdir(mode=0o700)
        (own / _CREATED).touch()
        (own / _USED).touch()
    report_event("visitor_workspace_created")
    return key


def find_visitor_workspace(server: Workspace, key: str) -> Workspace | None:
    """Return a visitor's workspace, or None if no workspace has this key.

    Parameters
    ----------
    server : Workspace
        The owner's workspace.
    key : str
        From a cookie: anything but 32 hexadecimal digits is None.
    """
    if not is_workspace_key(key) or not count_visitor_workspaces():
        return None
    folder = server.visitors / _name_folder(key)
    if folder.is_symlink() or not (folder / _USED).is_file():
        return None
    return Workspace(folder)


def mark_used(workspace: Workspace) -> None:
    """Keep a visitor's workspace for longer; does nothing if it was deleted."""
    with suppress(OSError), _lock(workspace.root.parent):
        os.utime(workspace.root / _USED)


def end_visitor_workspace(workspace: Workspace) -> None:
    """Let a visitor's workspace expire now: the next sweep ends its training and deletes it."""
    with suppress(OSError):
        os.utime(workspace.root / _CREATED, (0, 0))


def find_end_s(workspace: Workspace) -> float:
    """Return when a visitor's workspace expires unless it is used, in seconds since 1970."""
    folder = workspace.root
    try:
        used_s = (folder / _USED).stat().st_mtime  # else it was written to after it was deleted
        created_s = _read_time_s(folder / _CREATED, folder)
        if all(path.name.startswith(".") for path in folder.iterdir()):
            end_s = folder.stat().st_mtime + EMPTY_LIFETIME_S
        else:
            end_s = used_s + LIFETIME_S
    except OSError:
        return 0.0
    return min(end_s, created_s + WHOLE_LIFETIME_S)


def is_workspace_key(text: str) -> bool:
    """Tell whether a text could be the key of a visitor's workspace."""
    return _KEY.fullmatch(text) is not None


def list_visitor_workspaces(server: Workspace) -> list[Workspace]:
    """Return the workspaces of all visitors, for the server's own work."""
    return [Workspace(path) for path in _list_folders(server)]


def list_expired(server: Workspace) -> list[Workspace]:
    """Return the workspaces that have not been used for too long."""
    now_s = time.time()
    return [one for one in list_visitor_workspaces(server) if now_s > find_end_s(one)]


def remove_if_expired(workspace: Workspace) -> None:
    """Delete a visitor's workspace unless it was used since it was listed. Nothing is raised."""
    with suppress(OSError), _lock(workspace.root.parent):
        if time.time() > find_end_s(workspace):
            remove_visitor_workspace(workspace)


def remove_visitor_workspace(workspace: Workspace) -> None:
    """Delete a visitor's workspace. Nothing is raised: what is left is deleted the next time."""
    gone = workspace.root.with_name(f".gone-{secrets.token_hex(_KEY_BYTES)}")
    with suppress(OSError):
        os.rename(workspace.root, gone)
        report_event("visitor_workspace_deleted")
    for leftover in workspace.root.parent.glob(".gone-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _lock(folder: Path) -> filelock.BaseFileLock:
    """Return the lock for whatever creates, prolongs or deletes a workspace."""
    return filelock.FileLock(folder / _LOCK, timeout=_LOCK_TIMEOUT_S)


def _name_folder(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[: 2 * _KEY_BYTES]


def _list_folders(server: Workspace) -> Iterator[Path]:
    with suppress(OSError):
        for path in server.visitors.iterdir():
            if _KEY.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
                yield path


def _read_time_s(mark: Path, folder: Path) -> float:
    return (mark if mark.exists() else folder).stat().st_mtime


def _refuse(reason: str, sentence: str) -> NoReturn:
    report_event("refused", reason=f"workspace for a visitor: {reason}")
    raise AccessError(sentence, action="train models")
