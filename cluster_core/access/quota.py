"""How much a visitor's throw-away workspace may hold, and how long it may train."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import filelock

from cluster_core.errors import DatasetError
from cluster_core.events import report_event
from cluster_core.workspace import DATASET_SUFFIX, Workspace

MAX_PICTURES = 400
MAX_FILES = 4_000
MAX_BYTES = 200_000_000
MAX_TRAINING_S = 600.0
MAX_STEPS = 10_000
# Held by every new file, so that small ones are limited too.
_FILES_PER_PICTURE = 2
_LOCK = ".room.lock"
_LOCK_TIMEOUT_S = 60
_POLL_S = 0.005
_ADVICE = "delete pictures, trainings or models, then empty the trash on the Dataset page."


@dataclass(frozen=True)
class Usage:
    """What a workspace holds.

    Attributes
    ----------
    n_files, n_bytes : int
        Number and total size of all files, with those in the trash.
    n_pictures : int
        Files in datasets, without those in the trash.
    """

    n_files: int
    n_bytes: int
    n_pictures: int


def measure(workspace: Workspace) -> Usage:
    """Return what a workspace holds; files that vanish meanwhile do not count."""
    n_files = n_bytes = n_pictures = 0
    for path in _list_files(workspace.root):
        with suppress(OSError):
            n_bytes += path.lstat().st_size
            n_files += 1
            is_in_dataset = path.relative_to(workspace.root).parts[0].endswith(DATASET_SUFFIX)
            n_pictures += is_in_dataset and not path.name.startswith(".")
    return Usage(n_files, n_bytes, n_pictures)


def find_excess(workspace: Workspace, n_pictures: int = 0, n_bytes: int = 0) -> str | None:
    """Return why a workspace cannot hold this much more, in a sentence; None if it can."""
    usage = measure(workspace)
    if usage.n_pictures + n_pictures > MAX_PICTURES:
        left = max(0, MAX_PICTURES - usage.n_pictures)
        return (
            f"Your workspace holds up to {MAX_PICTURES} pictures, so there is room for {left} "
            "more: add fewer, or delete some."
        )
    if usage.n_bytes + n_bytes > MAX_BYTES:
        return f"Your workspace holds up to {MAX_BYTES // 1_000_000} MB: {_ADVICE}"
    if usage.n_files + _FILES_PER_PICTURE * n_pictures > MAX_FILES:
        return f"Your workspace holds up to {MAX_FILES:,} files: {_ADVICE}"
    return None


def drop_byproducts(workspace: Workspace) -> None:
    """Delete what a training left beside its model, which its visitor can neither see nor free."""
    shutil.rmtree(workspace.training_summaries, ignore_errors=True)
    for path in (workspace.retrained_graph, workspace.retrained_labels):
        path.unlink(missing_ok=True)
    if find_excess(workspace):
        shutil.rmtree(workspace.bottlenecks, ignore_errors=True)  # computed again when needed


def require_room(workspace: Workspace, n_pictures: int = 0, n_bytes: int = 0) -> None:
    """Check that a workspace can hold this much more.

    Raises
    ------
    DatasetError
        It cannot.
    """
    if problem := find_excess(workspace, n_pictures, n_bytes):
        report_event("refused", reason="full workspace of a visitor")
        raise DatasetError(problem, path=workspace.root)


@contextmanager
def keep_others_out(workspace: Workspace) -> Iterator[None]:
    """Let nobody else add to a workspace, so that what is measured stays true until it is used.

    Raises
    ------
    DatasetError
        The workspace was deleted, or somebody adds to it for longer than a minute.
    """
    if not workspace.root.is_dir():  # the lock would create it
        raise DatasetError("Your workspace was deleted: reload this page.", path=workspace.root)
    lock = filelock.FileLock(workspace.root / _LOCK, _LOCK_TIMEOUT_S, poll_interval=_POLL_S)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise DatasetError(
            "Something else is being added to your workspace: try again when that has ended.",
            path=workspace.root,
        ) from None
    try:
        yield
    finally:
        lock.release()


def _list_files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names if name != _LOCK)
