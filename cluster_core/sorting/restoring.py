"""Take one file out of its folder again: what was made is removed, what was moved goes back."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from cluster_core.errors import ImageError
from cluster_core.images import has_image_suffix
from cluster_core.sorting.copying import sync, write_copy
from cluster_core.sorting.log import SortLog
from cluster_core.sorting.placing import has_original, is_in_place
from cluster_core.sorting.records import SortedFile, Stage, Transfer
from cluster_core.storage.drafts import drafting
from cluster_core.storage.exclusive_rename import rename_exclusively


def restore(log: SortLog, output: Path, file: SortedFile) -> str | None:
    """Undo the sorting of a file.

    Returns
    -------
    str or None
        Why it stays in its folder, in a sentence.

    Raises
    ------
    OSError
        The log cannot be written.
    """
    log.set_stage(file, Stage.UNDOING)
    try:
        problem = _undo(file, output / file.place)
    except ImageError as error:
        problem = str(error)
    except OSError as error:
        problem = f"{file.place} could not be put back ({error.strerror or error}): try again."
    log.set_stage(file, Stage.DONE if problem else Stage.OVER)
    return problem


def _undo(file: SortedFile, target: Path) -> str | None:
    is_move = file.transfer is Transfer.MOVE
    if not os.path.lexists(target):
        if is_move and not os.path.lexists(file.source):
            return f"{file.place} is no longer there: put it back, and then undo again."
        return None
    if target.parent.is_symlink() or not is_in_place(file, target):
        return f"{file.place} was changed after it was sorted, and stays."
    if is_move:
        return _move_back(file, target)
    if file.transfer is Transfer.COPY and not has_original(file, target):
        return f"{file.place} stays, because its original {file.source} has gone or changed."
    target.unlink()
    return None


def _move_back(file: SortedFile, target: Path) -> str | None:
    if not has_image_suffix(file.source):
        # A log that came from somebody else must not put a program somewhere.
        return (
            f"{file.place} stays, because {file.source} does not have the ending of a picture file."
        )
    if os.path.lexists(file.source):
        if file.source.is_symlink() or not has_original(file, target):
            return f"{file.place} stays, because another file is called {file.source} now."
        target.unlink()  # it was copied back to another disk before a kill
        return None
    file.source.parent.mkdir(parents=True, exist_ok=True)
    try:
        rename_exclusively(target, file.source)
    except FileExistsError:
        return f"{file.place} stays, because another file is called {file.source} now."
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with drafting(file.source) as draft:
            write_copy(target, draft, file.original)
            rename_exclusively(draft, file.source)
        sync(file.source)
        target.unlink()
    return None
