"""Small JSON files in a dataset's folder that remember what a person decided about its pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock

from cluster_core.access import Access, Action
from cluster_core.errors import DatasetError
from cluster_core.storage.drafts import replacing
from cluster_core.storage.safe_moves import explaining_disk_errors

MAX_BYTES = 50_000_000
DAMAGED = ".damaged"
_LOCK_TIMEOUT_S = 10.0


def load_record(path: Path) -> Any:
    """Return the content of a record; None if it is missing, damaged or implausibly large."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def change_record(access: Access, path: Path, edit: Callable[[], Any], failure: str) -> None:
    """Replace a record, while no other tab changes it.

    A record that cannot be understood is kept beside the new one, with the ending `DAMAGED`.

    Parameters
    ----------
    access : Access
    path : Path
        `image_dir/.<name>.json`.
    edit : callable
        Reads the present content and returns the new one, ready for JSON.
    failure : str
        First words of the message if the record cannot be written.

    Raises
    ------
    AccessError
        This server does not let its visitors edit datasets.
    DatasetError
        The record cannot be read or written, or another program holds it.
    """
    access.require(Action.EDIT_DATASETS, path)
    image_dir = path.parent
    with explaining_disk_errors(failure, image_dir):
        image_dir.stat()  # `replacing` would create the folder of a deleted dataset
        try:
            with filelock.FileLock(path.with_suffix(".lock"), timeout=_LOCK_TIMEOUT_S):
                _keep_damaged(path)
                with replacing(path) as draft:
                    draft.write_text(json.dumps(edit(), indent=0), "utf-8")
        except filelock.Timeout as error:
            raise DatasetError(
                f"{failure}, because another tab or program is changing {image_dir.name}: try "
                "again in a moment.",
                path=image_dir,
            ) from error


def _keep_damaged(path: Path) -> None:
    """Rename a record that cannot be understood; raise OSError if it cannot be read at all."""
    try:
        path.read_bytes()
    except FileNotFoundError:
        return
    if load_record(path) is None:
        path.replace(path.with_name(path.name + DAMAGED))
