"""The last sort from the page, so that it can be taken back after a reload."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass

from cluster_core.access import Access, Action
from cluster_core.storage.drafts import replacing
from cluster_core.workspace import Workspace

_MAX_RECORD_BYTES = 20_000


@dataclass(frozen=True)
class LastSort:
    """Where a sort took its pictures from, and where it put them.

    Attributes
    ----------
    folder, output : str
        Absolute paths.
    """

    folder: str
    output: str


def save_last_sort(access: Access, workspace: Workspace, last: LastSort) -> None:
    """Save which folder was sorted last; nothing is saved if the file cannot be written.

    Raises
    ------
    AccessError
        This server does not allow it.
    """
    access.require(Action.SORT_FILES)
    record = {"folder": last.folder, "output": last.output}
    with suppress(OSError, UnicodeError), replacing(workspace.last_sort) as draft:
        draft.write_text(json.dumps(record), "utf-8")


def load_last_sort(workspace: Workspace) -> LastSort | None:
    """Return what was sorted last; None if nothing was, or the record cannot be read."""
    path = workspace.last_sort
    try:
        if path.stat().st_size > _MAX_RECORD_BYTES:
            return None
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    match record:
        case {"folder": str() as folder, "output": str() as output}:
            return LastSort(folder, output)
    return None
