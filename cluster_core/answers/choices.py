"""Choices of pictures that are too long for an address, kept in their room under a short name."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress

from cluster_core.answers.room import AnswerRoom
from cluster_core.storage.drafts import replacing
from cluster_core.storage.safe_moves import explaining_disk_errors

_FOLDER = "choices"
_NAME = re.compile(r"[0-9a-f]{64}")
_MAX_KEPT = 20


def keep_choice(room: AnswerRoom, text: str) -> str:
    """Keep a choice, in place of the oldest if there are many; return its name.

    Parameters
    ----------
    room : AnswerRoom
    text : str
        ASCII, such as `1-3,7`.

    Raises
    ------
    DatasetError
        It cannot be written.
    """
    name = hashlib.sha256(text.encode("ascii")).hexdigest()
    path = room.folder / _FOLDER / name
    with explaining_disk_errors("The choice could not be kept", room.folder):
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            with replacing(path) as draft:
                draft.write_text(text, "ascii")
            for old in sorted(path.parent.iterdir(), key=os.path.getmtime)[:-_MAX_KEPT]:
                old.unlink(missing_ok=True)
    return name


def find_choice(room: AnswerRoom, name: str) -> str | None:
    """Return a choice that was kept; None if there is none of this name, which may be anything."""
    if _NAME.fullmatch(name):
        with suppress(OSError, ValueError):
            return (room.folder / _FOLDER / name).read_text("ascii")
    return None
