"""Move and write files and folders without ever overwriting any."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from cluster_core.errors import DatasetError
from cluster_core.workspace import DATASET_SUFFIX, replacing

_MAX_NAME_BYTES = 255
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_LOCKED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR})


@contextmanager
def explaining_disk_errors(what: str, path: Path) -> Iterator[None]:
    """Turn an OSError into a DatasetError that names the cause and the remedy.

    Parameters
    ----------
    what : str
        Beginning of the message: a sentence without its full stop, such as "The class
        open could not be added".
    path : Path
        The file or folder concerned, kept in the error.

    Raises
    ------
    DatasetError
        The block raised an OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            advice = "the disk is full: free some space, for example by emptying the trash"
        elif error.errno in _LOCKED:
            advice = "the folder is write-protected: allow Cluster Lab to write to it"
        elif error.errno in _GONE:
            advice = "a file or folder no longer exists: reload the page"
        elif error.errno == errno.EEXIST:
            advice = "that name is already taken: choose another name"
        else:
            advice = f"of a disk problem ({error.strerror or error}): check the disk"
        raise DatasetError(f"{what}, because {advice}.", path=path) from error


def move_without_overwriting(source: Path, target: Path) -> Path:
    """Move a file or folder to `target`, or to a numbered name if that is taken.

    Parameters
    ----------
    source : Path
        A file, a folder, or a link, which is moved itself.
    target : Path
        The preferred path, on the same disk.

    Returns
    -------
    Path
        The path it was moved to, such as `M 13 (2).jpg`.

    Raises
    ------
    FileNotFoundError
        `source`, or the folder of `target`, does not exist.
    OSError
        It cannot be moved; then `source` is unchanged.
    """
    is_folder = source.is_dir() and not source.is_symlink()
    path = _reserve(target, is_folder)
    try:
        os.rename(source, path)
    except OSError:
        _release(path, is_folder)
        raise
    return path


def write_new(target: Path, data: bytes) -> Path:
    """Write a new file atomically, at `target` or at a numbered name if that is taken.

    Returns
    -------
    Path
        The path of the file.

    Raises
    ------
    OSError
        It cannot be written; then no file is left behind.
    """
    path = _reserve(target, is_folder=False)
    try:
        with replacing(path) as draft:
            draft.write_bytes(data)
    except BaseException:
        _release(path, is_folder=False)
        raise
    return path


def _reserve(target: Path, is_folder: bool) -> Path:
    """Create an empty file or folder under the first free name; checking first would race."""
    for number in count(1):
        path = target
        if number > 1:
            path = target.with_name(_add_number(target.name, number, is_folder))
        try:
            if is_folder:
                path.mkdir()
            else:
                path.open("xb").close()
        except FileExistsError:
            continue
        return path
    raise AssertionError("unreachable")


def _add_number(name: str, number: int, is_folder: bool) -> str:
    if is_folder:
        suffix = DATASET_SUFFIX if name.endswith(DATASET_SUFFIX) else ""
    else:
        suffix = "".join(Path(name).suffixes[-2:]) if name.endswith(".gz") else Path(name).suffix
    stem, ending = name.removesuffix(suffix), f" ({number}){suffix}"
    while stem and len(os.fsencode(stem + ending)) > _MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem + ending


def _release(path: Path, is_folder: bool) -> None:
    if is_folder:
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
