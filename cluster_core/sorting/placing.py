"""Put one file into its folder: copied, linked or moved, so that a kill loses nothing.

What is about to happen is logged, then the file gets its name by one rename that never replaces
another file, then that is logged. After a kill, `is_ours` tells whether the rename happened.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import has_image_suffix
from cluster_core.sorting.copying import sync, write_copy
from cluster_core.sorting.disk_errors import make_changed, make_unreadable
from cluster_core.sorting.log import SortLog
from cluster_core.sorting.records import FileFacts, SortedFile, Stage, Transfer
from cluster_core.storage.drafts import drafting
from cluster_core.storage.exclusive_rename import rename_exclusively
from cluster_core.storage.hashing import hash_file

_LOCKED = frozenset({errno.EACCES, errno.EPERM})


@dataclass(frozen=True)
class Order:
    """What to do with a file.

    Attributes
    ----------
    file : SortedFile
        Without `number`, `sha256` and `inode`, which are found while it is placed.
    answer : mapping of str to object
        Kept in the log for the table.
    rewrite : callable or None
        Returns the content of a copy for that of the original; None for the same content.
    """

    file: SortedFile
    answer: Mapping[str, Any]
    rewrite: Callable[[bytes], bytes] | None = None


def place_file(log: SortLog, output: Path, order: Order) -> None:
    """Put a file into its folder, which exists.

    Raises
    ------
    FileExistsError
        The place has just been taken; nothing was done.
    ImageError
        The file cannot be read or is not the one that was classified; it is where it was.
    OSError
        The folder, or the log, cannot be written.
    """
    if order.file.transfer is Transfer.LINK:
        _link(log, output, order)
    elif order.file.transfer is Transfer.COPY or not _rename(log, output, order):
        _copy(log, output, order)


def _link(log: SortLog, output: Path, order: Order) -> None:
    file = log.begin(order.file, order.answer)
    try:
        (output / file.place).symlink_to(file.source)
    except OSError as error:
        log.set_stage(file, Stage.OVER)
        if error.errno in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS):
            raise OSError(error.errno, "its disk has no links, so use --copy") from error
        raise
    log.set_stage(file, Stage.DONE)


def _rename(log: SortLog, output: Path, order: Order) -> bool:
    """Move a file by renaming it; return False if it is on another disk."""
    source, target = order.file.source, output / order.file.place
    status = _check_movable(source, order.file.original)
    if status.st_dev != target.parent.stat().st_dev:
        return False
    file = log.begin(
        replace(order.file, sha256=order.file.original.sha256, inode=status.st_ino), order.answer
    )
    try:
        rename_exclusively(source, target)
    except OSError as error:
        log.set_stage(file, Stage.OVER)
        if error.errno == errno.EXDEV:
            return False
        is_refused = error.errno in _LOCKED and os.access(target.parent, os.W_OK)
        if is_refused or not os.access(source.parent, os.W_OK):
            raise _make_immovable(source) from error
        raise
    log.set_stage(file, Stage.DONE)
    return True


def _copy(log: SortLog, output: Path, order: Order) -> None:
    """Copy a file, and if it is to be moved, remove the original once the copy is on disk."""
    source, target = order.file.source, output / order.file.place
    with drafting(target) as draft:
        sha256 = write_copy(source, draft, order.file.original, order.rewrite)
        file = log.begin(
            replace(order.file, sha256=sha256, inode=draft.stat().st_ino), order.answer
        )
        try:
            rename_exclusively(draft, target)
        except OSError:
            log.set_stage(file, Stage.OVER)
            raise
    if file.transfer is Transfer.MOVE and os.path.lexists(source):
        try:
            remove_original(file, target)
        except ImageError:
            target.unlink()
            log.set_stage(file, Stage.OVER)
            raise
    log.set_stage(file, Stage.DONE)


def remove_original(file: SortedFile, target: Path) -> None:
    """Remove the original of a moved file, once its copy is on disk, unless it is another file now.

    Raises
    ------
    ImageError
        It, or its folder, is write-protected.
    OSError
        The copy cannot be written to the disk.
    """
    sync(target)
    if file.source.is_symlink() or not has_original(file, target):
        return
    try:
        file.source.unlink()
    except OSError as error:
        raise _make_immovable(file.source) from error


def has_original(file: SortedFile, target: Path) -> bool:
    """Tell whether the original is there, unchanged, and not by a link to the sorted file."""
    try:
        if file.source.samefile(target):
            return False
        return file.source.is_file() and hash_file(file.source) == file.original.sha256
    except OSError:
        return False


def _check_movable(source: Path, original: FileFacts) -> os.stat_result:
    try:
        status = source.lstat()
    except OSError as error:
        raise make_unreadable(source, error) from error
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(
            f"{source.name} is a link, which would break if it were moved: use --copy, or sort "
            "the file that it leads to.",
            path=str(source),
            reason=ImageProblem.UNSUPPORTED,
        )
    if not has_image_suffix(source):  # `restore` moves back nothing else
        raise ImageError(
            f"{source.name} does not have the ending of a picture file, such as .jpg, and was left "
            "where it is: use --copy.",
            path=str(source),
            reason=ImageProblem.UNSUPPORTED,
        )
    if (status.st_size, status.st_mtime_ns) != (original.n_bytes, original.written_ns):
        raise make_changed(source)
    return status


def _make_immovable(source: Path) -> ImageError:
    return ImageError(
        f"{source.name} was left where it is, because it or its folder is write-protected: use "
        "--copy.",
        path=str(source),
        reason=ImageProblem.UNREADABLE,
    )


def is_in_place(file: SortedFile, target: Path) -> bool:
    """Tell whether what was put at a path is there, and has not been changed since.

    Raises
    ------
    OSError
        It cannot be read.
    """
    if file.transfer is Transfer.LINK:
        return target.is_symlink() and target.readlink() == file.source
    is_file = not target.is_symlink() and target.is_file()
    return is_file and hash_file(target) == file.sha256


def is_ours(file: SortedFile, target: Path) -> bool:
    """Tell, after a kill between two lines of the log, whether a file was put into place."""
    if not is_in_place(file, target):
        return False
    is_gone = file.transfer is Transfer.MOVE and not os.path.lexists(file.source)
    return file.inode in (0, target.lstat().st_ino) or is_gone
