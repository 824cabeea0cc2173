"""Put files and folders in place without ever overwriting one."""

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
    """Turn what the disk refuses into a DatasetError that begins with `what`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            advice = "the disk is full: free some space, for example by emptying the trash"
        elif error.errno in _LOCKED:
            advice = "it is write-protected: allow Cluster Lab to write there"
        elif error.errno in _GONE:
            advice = "it is no longer there: reload the page to see what is"
        elif error.errno == errno.EEXIST:
            advice = "something of that name is there already: choose another name"
        else:
            advice = f"{error.strerror or error}: check the disk it lies on"
        raise DatasetError(f"{what}, because {advice}.", path=path) from error


def move_without_overwriting(source: Path, target: Path) -> Path:
    """Move a file or folder to `target`, or to a numbered name beside what stands there.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    FileNotFoundError
        It is gone, or the folder it was to go to is.
    OSError
        It cannot be moved; then it is where it was.
    """
    is_folder = source.is_dir() and not source.is_symlink()
    place = _reserve(target, is_folder)
    try:
        os.rename(source, place)
    except OSError:
        _give_up(place, is_folder)
        raise
    return place


def write_new(target: Path, data: bytes) -> Path:
    """Write a file that appears whole, at `target` or a numbered name beside it.

    Raises
    ------
    OSError
        It cannot be written; then nothing of it is left.
    """
    place = _reserve(target, is_folder=False)
    try:
        with replacing(place) as draft:
            draft.write_bytes(data)
    except BaseException:
        _give_up(place, is_folder=False)
        raise
    return place


def _reserve(target: Path, is_folder: bool) -> Path:
    """Make something empty under the first free name: to look first and then move would race."""
    for number in count(1):
        place = target if number == 1 else target.with_name(_number(target.name, number, is_folder))
        try:
            if is_folder:
                place.mkdir()
            else:
                place.open("xb").close()
        except FileExistsError:
            continue
        return place
    raise AssertionError("unreachable")


def _number(name: str, number: int, is_folder: bool) -> str:
    if is_folder:
        suffix = DATASET_SUFFIX if name.endswith(DATASET_SUFFIX) else ""
    else:
        suffix = "".join(Path(name).suffixes[-2:]) if name.endswith(".gz") else Path(name).suffix
    stem, ending = name.removesuffix(suffix), f" ({number}){suffix}"
    while stem and len(os.fsencode(stem + ending)) > _MAX_NAME_BYTES:
        stem = stem[:-1]
    return stem + ending


def _give_up(place: Path, is_folder: bool) -> None:
    if is_folder:
        place.rmdir()
    else:
        place.unlink(missing_ok=True)
