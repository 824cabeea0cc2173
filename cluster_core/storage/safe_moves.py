"""Move and write files and folders without ever overwriting any."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster_core.errors import DatasetError
from cluster_core.storage.drafts import drafting
from cluster_core.storage.exclusive_rename import rename_exclusively
from cluster_core.workspace import DATASET_SUFFIX

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


def move_without_overwriting(
    source: Path, target: Path, numbers: dict[Path, int] | None = None
) -> Path:
    """Move a file or folder to `target`, or to a numbered name if that is taken.

    A process that is killed leaves it either at its old or at its new path.

    Parameters
    ----------
    source : Path
        A file, a folder, or a link, which is moved itself.
    target : Path
        The preferred path, on the same disk.
    numbers : dict of Path to int, optional
        An empty dict, shared between many moves: it remembers the last number of each target,
        so that each of thousands of equal names is found at once.

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
    numbers = {} if numbers is None else numbers
    return _claim(target, is_folder, numbers, lambda path: rename_exclusively(source, path))


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
    with drafting(target) as draft:
        draft.write_bytes(data)
        return _claim(target, False, {}, lambda path: rename_exclusively(draft, path))


def _claim(
    target: Path, is_folder: bool, numbers: dict[Path, int], put: Callable[[Path], None]
) -> Path:
    """Call `put` with a free name until no other tab or command is quicker to take it."""
    while True:
        path = _find_free_name(target, is_folder, numbers)
        try:
            put(path)
        except FileExistsError:
            continue
        return path


def _find_free_name(target: Path, is_folder: bool, numbers: dict[Path, int]) -> Path:
    """Return `target`, or the numbered name after the taken ones.

    Numbers are doubled until one is free, then halved back, because thousands of pictures may
    have the same name, and trying every number for each of them would take minutes.
    """

    def number_name(number: int) -> Path:
        if number == 1:
            return target
        return target.with_name(_add_number(target.name, number, is_folder))

    taken = numbers.get(target, 0)
    free = taken + 1
    while os.path.lexists(number_name(free)):
        taken, free = free, 2 * free
    while free - taken > 1:
        middle = (taken + free) // 2
        if os.path.lexists(number_name(middle)):
            taken = middle
        else:
            free = middle
    numbers[target] = free
    return number_name(free)


def _add_number(name: str, number: int, is_folder: bool) -> str:
    if is_folder:
        suffix = DATASET_SUFFIX if name.endswith(DATASET_SUFFIX) else ""
    else:
        suffix = "".join(Path(name).suffixes[-2:]) if name.endswith(".gz") else Path(name).suffix
    stem, ending = name.removesuffix(suffix), f" ({number}){suffix}"
    while stem and len(os.fsencode(stem + ending)) > _MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem + ending
