"""The trash of a workspace: deleted files stay there, and can be restored, until it is emptied.

Files in `.trash/<id>/content/` keep their path relative to the workspace. The record is written
before anything is moved, so that a deletion cut short by a crash can still be undone. An entry
whose record is damaged is listed as unreadable, and kept unless it is named when emptying.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath

from cluster_core.access import Action, require
from cluster_core.errors import DatasetError
from cluster_core.storage.safe_moves import explaining_disk_errors, move_without_overwriting
from cluster_core.storage.saved_values import (
    MALFORMED_ERRORS,
    check_count,
    check_inner_path,
    check_shown_text,
    check_time,
    make_printable,
)
from cluster_core.workspace import Workspace, replacing

_RECORD = "record.json"
_CONTENT = "content"
_ID = re.compile(r"[0-9A-Za-z-]{1,80}")
# An unreadable entry may hold anything that can be deleted.
_DELETIONS = (Action.EDIT_DATASETS, Action.EDIT_MODELS, Action.TRAIN)


@dataclass(frozen=True)
class TrashEntry:
    """One deletion, which can be undone as a whole.

    Attributes
    ----------
    id : str
        Name of its folder in the trash.
    description : str
        What was deleted, as shown to the user.
    created : str
        Time of the deletion, ISO 8601, UTC.
    n_files : int
        Number of deleted files, not counting hidden ones.
    action : Action
        The permission required to undo the deletion or make it permanent.
    problem : str or None
        Why it cannot be restored, in a sentence; None if it can.
    """

    id: str
    description: str
    created: str
    n_files: int
    action: Action = Action.EDIT_DATASETS
    problem: str | None = None


def move_to_trash(
    workspace: Workspace,
    paths: Sequence[Path],
    description: str,
    *,
    action: Action = Action.EDIT_DATASETS,
) -> TrashEntry:
    """Move files and folders of the workspace to its trash.

    Parameters
    ----------
    workspace : Workspace
        The workspace that holds them.
    paths : sequence of Path
        Files or folders inside the workspace. Missing ones are skipped.
    description : str
        What is deleted, such as "The class open", to be shown next to the undo button.
    action : Action
        The permission required.

    Returns
    -------
    TrashEntry
        The deletion, to be undone with `restore`.

    Raises
    ------
    DatasetError
        A path leads out of the workspace, none of them exists any more, or the
        disk is full or write-protected. Files moved before the error are in the
        trash.
    AccessError
        This server does not allow `action`.
    """
    require(action)
    inside = _keep_outermost(_find_inside(workspace, path) for path in paths)
    present = [path for path in inside if os.path.lexists(workspace.root / path)]
    now = datetime.now(UTC)
    entry = TrashEntry(
        id=f"{now:%Y%m%d-%H%M%S-%f}-{uuid.uuid4().hex[:8]}",
        description=make_printable(description),
        created=now.isoformat(),
        n_files=sum(_count_files(workspace.root / path) for path in present),
        action=action,
    )
    folder = _find_trash(workspace) / entry.id
    with explaining_disk_errors(f"{description} could not be deleted", workspace.root):
        try:
            _write_record(folder, entry, present)
            _move_all(workspace, present, folder)
        finally:
            moved = [path for path in present if os.path.lexists(folder / _CONTENT / path)]
            if not moved:
                shutil.rmtree(folder, ignore_errors=True)
        if len(moved) < len(present):
            entry = replace(entry, n_files=_count_files(folder / _CONTENT))
            _write_record(folder, entry, moved)
    if not moved:
        raise DatasetError(
            f"{description} could not be deleted, because nothing is left to delete: reload the "
            "page.",
            path=workspace.root,
        )
    return entry


def restore(workspace: Workspace, entry_id: str) -> tuple[Path, ...]:
    """Move deleted files and folders back, to a numbered name if the old one is taken.

    Parameters
    ----------
    workspace : Workspace
        The workspace they were deleted from.
    entry_id : str
        The `id` of a `TrashEntry`.

    Returns
    -------
    tuple of Path
        The restored files and folders.

    Raises
    ------
    DatasetError
        There is no such entry, its record is damaged, or something cannot be moved
        and stays in the trash.
    AccessError
        This server does not allow the action of the entry.
    """
    folder = _find_trash(workspace) / entry_id
    found = _load_entry(folder) if _ID.fullmatch(entry_id) else None
    if found is None:
        raise DatasetError(
            "This is no longer in the trash: it was restored, or the trash was emptied.",
            path=workspace.trash,
        )
    entry, paths = found
    if entry.problem:
        raise DatasetError(entry.problem, path=folder)
    require(entry.action)
    restored = []
    with explaining_disk_errors(f"{entry.description} could not be restored", workspace.root):
        for path in paths:
            source, target = folder / _CONTENT / path, workspace.root / path
            if os.path.lexists(source):
                _find_inside(workspace, target)
                target.parent.mkdir(parents=True, exist_ok=True)
                restored.append(move_without_overwriting(source, target))
        if n_left := _count_files(folder / _CONTENT):
            raise DatasetError(
                f"{entry.description} could be restored only in part, because the record of the "
                f"deletion does not name all its files: move the other {n_left} out of "
                f"{folder / _CONTENT} yourself.",
                path=folder,
            )
        shutil.rmtree(folder)
    return tuple(restored)


def list_trash(workspace: Workspace) -> tuple[TrashEntry, ...]:
    """Return the deletions, newest first; an unreadable one has a `problem`.

    Raises
    ------
    DatasetError
        The trash is a link, or cannot be opened.
    """
    found = (_load_entry(folder) for folder in _list_folders(workspace))
    entries = [entry for entry, _ in filter(None, found)]
    return tuple(sorted(entries, key=lambda entry: (entry.created, entry.id), reverse=True))


def empty_trash(workspace: Workspace, unreadable: Collection[str] = ()) -> int:
    """Delete everything in the trash permanently, except unreadable entries that are not named.

    Parameters
    ----------
    workspace : Workspace
    unreadable : collection of str
        Ids of the unreadable entries to delete as well.

    Returns
    -------
    int
        Number of files deleted.

    Raises
    ------
    DatasetError
        Something cannot be deleted.
    AccessError
        This server does not allow it for every entry; nothing was deleted.
    """
    entries = list_trash(workspace)
    deleted = {entry.id for entry in entries if not entry.problem or entry.id in unreadable}
    readable = (entry.action for entry in entries if not entry.problem)
    for action in (Action.EDIT_DATASETS, *readable, *(_DELETIONS if unreadable else ())):
        require(action)
    n_files = 0
    with explaining_disk_errors("The trash could not be emptied", workspace.trash):
        for folder in _list_folders(workspace):
            if folder.name in deleted or not _count_files(folder):
                n_files += _count_files(folder / _CONTENT)
                shutil.rmtree(folder)
    return n_files


def _find_trash(workspace: Workspace) -> Path:
    if workspace.trash.is_symlink():
        raise DatasetError(
            f"The trash folder {workspace.trash} is a link to another folder: remove the link.",
            path=workspace.trash,
        )
    return workspace.trash


def _list_folders(workspace: Workspace) -> list[Path]:
    trash = _find_trash(workspace)
    with explaining_disk_errors("The trash could not be opened", trash):
        paths = list(trash.iterdir()) if trash.is_dir() else []
    return [path for path in paths if path.is_dir() and not path.is_symlink()]


def _keep_outermost(paths: Iterable[PurePath]) -> list[PurePath]:
    """Drop duplicates, and paths inside another one of the paths."""
    unique = dict.fromkeys(paths)
    return [path for path in unique if not any(parent in unique for parent in path.parents)]


def _move_all(workspace: Workspace, paths: Iterable[PurePath], folder: Path) -> None:
    for path in paths:
        target = folder / _CONTENT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # deleted by someone else
            os.rename(workspace.root / path, target)


def _count_files(path: Path) -> int:
    if not os.path.lexists(path):
        return 0
    if path.is_symlink() or not path.is_dir():
        return 1
    walk = os.walk(path)
    return sum(not name.startswith(".") for _, _, names in walk for name in names)


def _write_record(folder: Path, entry: TrashEntry, paths: Sequence[PurePath]) -> None:
    record = {
        "description": entry.description,
        "created": entry.created,
        "n_files": entry.n_files,
        "action": entry.action.name,
        "paths": [path.as_posix() for path in paths],
    }
    with replacing(folder / _RECORD) as draft, draft.open("w", encoding="ascii") as file:
        json.dump(record, file, indent=1)
        file.flush()
        os.fsync(file.fileno())  # the record must be on the disk before the files are moved


def _load_entry(folder: Path) -> tuple[TrashEntry, list[PurePath]] | None:
    """Return an entry and its paths, or None if the folder does not hold a deletion."""
    try:
        return _load_record(folder)
    except (OSError, *MALFORMED_ERRORS):
        content = folder / _CONTENT
        if not os.path.lexists(content) or not _ID.fullmatch(folder.name):
            return None
    with suppress(FileNotFoundError):  # restored or emptied in the meantime
        deleted = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        problem = (
            "This cannot be restored, because the record of the deletion is damaged: move its "
            f"files out of {content} yourself, or delete them permanently with Empty the trash."
        )
        n_files = _count_files(content)
        entry = TrashEntry(folder.name, "Unreadable", deleted.isoformat(), n_files, problem=problem)
        return entry, []
    return None


def _load_record(folder: Path) -> tuple[TrashEntry, list[PurePath]]:
    """Return an entry and its paths; raise an OSError or one of MALFORMED_ERRORS if damaged."""
    record = json.loads((folder / _RECORD).read_text("ascii"))
    entry = TrashEntry(
        folder.name,
        check_shown_text(record["description"]),
        check_time(record["created"]),
        check_count(record["n_files"]),
        Action[record.get("action", Action.EDIT_DATASETS.name)],
    )
    if not isinstance(record["paths"], list) or not record["paths"]:
        raise ValueError("a list of paths was expected")
    return entry, [PurePath(check_inner_path(path)) for path in record["paths"]]


def _find_inside(workspace: Workspace, path: Path) -> PurePath:
    """Return a path relative to the workspace, refusing any that leads out of it, even by links."""
    root = os.path.abspath(workspace.root)  # noqa: PTH100  resolve() would follow links
    inside = Path(os.path.relpath(os.path.abspath(path), root))  # noqa: PTH100
    within_trash = inside.parts[:1] == (workspace.trash.name,)
    real = (workspace.root.resolve() / inside).parent.resolve()
    if (
        ".." in path.parts
        or inside.parts[:1] in ((), ("..",))
        or within_trash
        or not real.is_relative_to(workspace.root.resolve())
    ):
        raise DatasetError(
            f"{path.name} cannot be deleted or restored, because it is outside {workspace.root} or "
            "reached through a link.",
            path=workspace.root,
        )
    return inside
