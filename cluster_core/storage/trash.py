"""What was deleted stays in the workspace, with a record of where it was, until it is emptied.

Below `.trash/<id>/content/` everything lies under the path that it had in the workspace. The
record is written first, so that whatever a crash leaves there can be brought back.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

from cluster_core.access import Action, require
from cluster_core.errors import DatasetError
from cluster_core.storage.safe_moves import explaining_disk_errors, move_without_overwriting
from cluster_core.workspace import Workspace, replacing

_RECORD = "record.json"
_CONTENT = "content"
_ID = re.compile(r"[0-9A-Za-z-]{1,80}")


@dataclass(frozen=True)
class TrashEntry:
    """One deletion, which can be undone as a whole.

    Attributes
    ----------
    id : str
        Name of its folder in the trash.
    description : str
        What was deleted, as the user was told.
    created : str
        When, ISO 8601, UTC.
    n_files : int
        How many files were deleted, hidden ones not counted.
    action : Action
        What had to be allowed for it, and has to be to undo it or make it final.
    """

    id: str
    description: str
    created: str
    n_files: int
    action: Action = Action.EDIT_DATASETS


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
        Where they lie.
    paths : sequence of Path
        Files or folders inside the workspace. Those that are gone already are
        passed over.
    description : str
        What is deleted, in words, to be shown where it can be undone.
    action : Action
        What must be allowed for it.

    Raises
    ------
    DatasetError
        A path leads out of the workspace, none is there any more, or the disk is
        full or locked. What was moved till then is in the trash.
    AccessError
        This server does not allow it.
    """
    require(action)
    inside = _keep_outermost(_find_inside(workspace, path) for path in paths)
    present = [path for path in inside if os.path.lexists(workspace.root / path)]
    now = datetime.now(UTC)
    entry = TrashEntry(
        id=f"{now:%Y%m%d-%H%M%S-%f}-{uuid.uuid4().hex[:8]}",
        description=description,
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
            f"{description} could not be deleted, because nothing of it is there any more: "
            "reload the page to see what is.",
            path=workspace.root,
        )
    return entry


def restore(workspace: Workspace, entry_id: str) -> tuple[Path, ...]:
    """Move what was deleted back to where it was; under a free name where that is taken.

    Returns
    -------
    tuple of Path
        Where the files and folders are now.

    Raises
    ------
    DatasetError
        There is no such entry, or something cannot be moved; that stays in the trash.
    AccessError
        This server does not allow it.
    """
    folder = _find_trash(workspace) / entry_id
    record = _load_record(folder) if _ID.fullmatch(entry_id) else None
    if record is None:
        raise DatasetError(
            "That is not in the trash any more: it was restored or the trash was emptied.",
            path=workspace.trash,
        )
    entry, paths = record
    require(entry.action)
    restored = []
    with explaining_disk_errors(f"{entry.description} could not be restored", workspace.root):
        for path in paths:
            source, target = folder / _CONTENT / path, workspace.root / path
            if os.path.lexists(source):
                _find_inside(workspace, target)
                target.parent.mkdir(parents=True, exist_ok=True)
                restored.append(move_without_overwriting(source, target))
        shutil.rmtree(folder)
    return tuple(restored)


def list_trash(workspace: Workspace) -> tuple[TrashEntry, ...]:
    """Return what can be restored, newest first."""
    records = (_load_record(folder) for folder in _list_folders(workspace))
    entries = [record[0] for record in records if record]
    return tuple(sorted(entries, key=lambda entry: (entry.created, entry.id), reverse=True))


def empty_trash(workspace: Workspace) -> int:
    """Delete everything in the trash for good.

    Returns
    -------
    int
        How many files were deleted.

    Raises
    ------
    DatasetError
        Something cannot be deleted.
    AccessError
        This server does not allow it for all that is in the trash; nothing was deleted.
    """
    for action in (Action.EDIT_DATASETS, *(entry.action for entry in list_trash(workspace))):
        require(action)
    n_files = 0
    with explaining_disk_errors("The trash could not be emptied", workspace.trash):
        for folder in _list_folders(workspace):
            n_files += _count_files(folder / _CONTENT)
            shutil.rmtree(folder)
    return n_files


def _find_trash(workspace: Workspace) -> Path:
    if workspace.trash.is_symlink():
        raise DatasetError(
            f"The trash {workspace.trash} is a link to another folder: remove the link.",
            path=workspace.trash,
        )
    return workspace.trash


def _list_folders(workspace: Workspace) -> list[Path]:
    trash = _find_trash(workspace)
    with explaining_disk_errors("The trash could not be opened", trash):
        return [path for path in trash.iterdir() if path.is_dir()] if trash.is_dir() else []


def _keep_outermost(paths: Iterable[PurePath]) -> list[PurePath]:
    """Leave out repetitions, and what lies in another one of the paths."""
    unique = dict.fromkeys(paths)
    return [path for path in unique if not any(parent in unique for parent in path.parents)]


def _move_all(workspace: Workspace, paths: Iterable[PurePath], folder: Path) -> None:
    for path in paths:
        target = folder / _CONTENT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # deleted meanwhile
            os.rename(workspace.root / path, target)


def _count_files(path: Path) -> int:
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
        os.fsync(file.fileno())  # it must be on the disk before the files are moved


def _load_record(folder: Path) -> tuple[TrashEntry, list[PurePath]] | None:
    """Return None where there is none, or none that can be believed."""
    try:
        record: dict[str, Any] = json.loads((folder / _RECORD).read_text("ascii"))
        paths = [PurePath(path) for path in record["paths"]]
        entry = TrashEntry(
            folder.name,
            str(record["description"]),
            str(record["created"]),
            int(record["n_files"]),
            Action[record.get("action", Action.EDIT_DATASETS.name)],
        )
    except (OSError, ValueError, TypeError, LookupError):
        return None
    leads_out = any(".." in path.parts or path.is_absolute() for path in paths)
    return None if leads_out else (entry, paths)


def _find_inside(workspace: Workspace, path: Path) -> PurePath:
    """Return a path relative to the workspace; no link on the way to it may lead out."""
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
            f"{path.name} lies outside of {workspace.root}, or is reached through a link: only "
            "what lies in it can be deleted and restored.",
            path=workspace.root,
        )
    return inside
