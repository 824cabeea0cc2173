"""Entries of the trash on disk: a record of each deletion beside the deleted files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath

from cluster_core.access import Action
from cluster_core.storage.drafts import replacing
from cluster_core.storage.saved_values import (
    MALFORMED_ERRORS,
    check_count,
    check_inner_path,
    check_shown_text,
    check_time,
)

CONTENT = "content"
ENTRY_ID = re.compile(r"[0-9A-Za-z-]{1,80}")
_RECORD = "record.json"


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


def count_files(path: Path) -> int:
    """Return the number of files in a folder, not counting hidden ones; 1 for a file."""
    if not os.path.lexists(path):
        return 0
    if path.is_symlink() or not path.is_dir():
        return 1
    walk = os.walk(path)
    return sum(not name.startswith(".") for _, _, names in walk for name in names)


def write_record(folder: Path, entry: TrashEntry, paths: Sequence[PurePath]) -> None:
    """Write the record of a deletion, and return once it is on the disk.

    Parameters
    ----------
    folder : Path
        Folder of the entry.
    entry : TrashEntry
    paths : sequence of PurePath
        What is deleted, relative to the workspace.

    Raises
    ------
    OSError
        The record cannot be written.
    """
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


def load_entry(folder: Path) -> tuple[TrashEntry, list[PurePath]] | None:
    """Return an entry and its paths, or None if the folder does not hold a deletion."""
    try:
        return _load_record(folder)
    except (OSError, *MALFORMED_ERRORS):
        content = folder / CONTENT
        if not os.path.lexists(content) or not ENTRY_ID.fullmatch(folder.name):
            return None
    with suppress(FileNotFoundError):  # restored or emptied in the meantime
        deleted = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        problem = (
            "This cannot be restored, because the record of the deletion is damaged: move its "
            f"files out of {content} yourself, or delete them permanently with Empty the trash."
        )
        n_files = count_files(content)
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
