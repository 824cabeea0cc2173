"""The trash of a workspace: deleted files stay there, and can be restored, until it is emptied.

Files in `.trash/<id>/content/` keep their path relative to the workspace. The record is written
before anything is moved, so that a deletion cut short by a crash can still be undone. An entry
whose record is damaged is listed as unreadable, and kept unless it is named when emptying.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePath

from cluster_core.access import Access, Action
from cluster_core.errors import DatasetError
from cluster_core.storage.safe_moves import explaining_disk_errors, move_without_overwriting
from cluster_core.storage.saved_values import make_printable
from cluster_core.storage.trash_records import (
    CONTENT,
    ENTRY_ID,
    TrashEntry,
    count_files,
    load_entry,
    write_record,
)
from cluster_core.workspace import DATASET_SUFFIX, Workspace

# An unreadable entry may hold anything that can be deleted.
_DELETIONS = (Action.EDIT_DATASETS, Action.EDIT_MODELS, Action.TRAIN)


def move_to_trash(
    access: Access,
    workspace: Workspace,
    paths: Sequence[Path],
    description: str,
    *,
    action: Action = Action.EDIT_DATASETS,
) -> TrashEntry:
    """Move files and folders of the workspace to its trash.

    Parameters
    ----------
    access : Access
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
    access.require(action, workspace.root)
    inside = _keep_outermost(_find_inside(workspace, path) for path in paths)
    present = [path for path in inside if os.path.lexists(workspace.root / path)]
    now = datetime.now(UTC)
    entry = TrashEntry(
        id=f"{now:%Y%m%d-%H%M%S-%f}-{uuid.uuid4().hex[:8]}",
        description=make_printable(description),
        created=now.isoformat(),
        n_files=sum(count_files(workspace.root / path) for path in present),
        action=action,
    )
    folder = _find_trash(workspace) / entry.id
    with explaining_disk_errors(f"{description} could not be deleted", workspace.root):
        try:
            write_record(folder, entry, present)
            _move_all(workspace, present, folder)
        finally:
            moved = [path for path in present if os.path.lexists(folder / CONTENT / path)]
            if not moved:
                shutil.rmtree(folder, ignore_errors=True)
        if len(moved) < len(present):
            entry = replace(entry, n_files=count_files(folder / CONTENT))
            write_record(folder, entry, moved)
    if not moved:
        raise DatasetError(
            f"{description} could not be deleted, because nothing is left to delete: reload the "
            "page.",
            path=workspace.root,
        )
    return entry


def restore(access: Access, workspace: Workspace, entry_id: str) -> tuple[Path, ...]:
    """Move deleted files and folders back, to a numbered name if the old one is taken.

    Parameters
    ----------
    access : Access
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
        There is no such entry, its record is damaged, a visitor's workspace has no room for its
        pictures, or something cannot be moved and stays in the trash.
    AccessError
        This server does not allow the action of the entry.
    """
    folder = _find_trash(workspace) / entry_id
    found = load_entry(folder) if ENTRY_ID.fullmatch(entry_id) else None
    if found is None:
        raise DatasetError(
            "This is no longer in the trash: it was restored, or the trash was emptied.",
            path=workspace.trash,
        )
    entry, paths = found
    if entry.problem:
        raise DatasetError(entry.problem, path=folder)
    access.require(entry.action, workspace.root)
    restored = []
    with (
        access.alone(),
        explaining_disk_errors(f"{entry.description} could not be restored", workspace.root),
    ):
        access.require_room(n_pictures=_count_pictures(folder / CONTENT, paths))
        for path in paths:
            source, target = folder / CONTENT / path, workspace.root / path
            if os.path.lexists(source):
                _find_inside(workspace, target)
                target.parent.mkdir(parents=True, exist_ok=True)
                restored.append(move_without_overwriting(source, target))
        if n_left := count_files(folder / CONTENT):
            raise DatasetError(
                f"{entry.description} could be restored only in part, because the record of the "
                f"deletion does not name all its files: move the other {n_left} out of "
                f"{folder / CONTENT} yourself.",
                path=folder,
            )
        shutil.rmtree(folder)
    return tuple(restored)


def _count_pictures(content: Path, paths: Iterable[PurePath]) -> int:
    in_datasets = (path for path in paths if path.parts[0].endswith(DATASET_SUFFIX))
    return sum(count_files(content / path) for path in in_datasets)


def list_trash(workspace: Workspace) -> tuple[TrashEntry, ...]:
    """Return the deletions, newest first; an unreadable one has a `problem`.

    Raises
    ------
    DatasetError
        The trash is a link, or cannot be opened.
    """
    found = (load_entry(folder) for folder in _list_folders(workspace))
    entries = [entry for entry, _ in filter(None, found)]
    return tuple(sorted(entries, key=lambda entry: (entry.created, entry.id), reverse=True))


def empty_trash(access: Access, workspace: Workspace, unreadable: Collection[str] = ()) -> int:
    """Delete everything in the trash permanently, except unreadable entries that are not named.

    Parameters
    ----------
    access : Access
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
        access.require(action, workspace.root)
    n_files = 0
    with explaining_disk_errors("The trash could not be emptied", workspace.trash):
        for folder in _list_folders(workspace):
            if folder.name in deleted or not count_files(folder):
                n_files += count_files(folder / CONTENT)
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
        target = folder / CONTENT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # deleted by someone else
            os.rename(workspace.root / path, target)


def _find_inside(workspace: Workspace, path: Path) -> PurePath:
    """Return a path relative to the workspace, refusing any that leads out of it, even by links."""
    root = os.path.abspath(workspace.root)  # noqa: PTH100  resolve() would follow links
    inside = Path(os.path.relpath(os.path.abspath(path), root))  # noqa: PTH100
    within_trash = inside.parts[:1] == (workspace.trash.name,)
    if (
        ".." in path.parts
        or inside.parts[:1] in ((), ("..",))
        or within_trash
        or not _is_really_inside(workspace, inside)
    ):
        raise DatasetError(
            f"{path.name} cannot be deleted or restored, because it is outside {workspace.root} or "
            "reached through a link.",
            path=workspace.root,
        )
    return inside


def _is_really_inside(workspace: Workspace, inside: PurePath) -> bool:
    try:
        real = (workspace.root.resolve() / inside).parent.resolve()
        return real.is_relative_to(workspace.root.resolve())
    except (OSError, RuntimeError):  # a link to itself
        return False
