"""Copy a file, and make sure that the copy is of the version that was classified."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from cluster_core.sorting.disk_errors import make_changed, make_unreadable
from cluster_core.sorting.records import FileFacts

_PIECE_BYTES = 1 << 20
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP})  # some network disks


def sync(path: Path) -> None:
    """Wait until a file and its name are on the disk itself, so that a power cut takes neither.

    Raises
    ------
    OSError
        They cannot be written.
    """
    with path.open("rb") as file:
        os.fsync(file.fileno())
    if os.name == "nt":  # Windows opens no folders, and writes names in order
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(folder)


def write_copy(
    source: Path,
    draft: Path,
    original: FileFacts,
    rewrite: Callable[[bytes], bytes] | None = None,
) -> str:
    """Write a copy of a file, with its times and permissions.

    Parameters
    ----------
    source, draft : Path
        The file, and the copy, which does not exist.
    original : FileFacts
        What the file is expected to be.
    rewrite : callable, optional
        Returns the content of the copy for that of the file.

    Returns
    -------
    str
        Hash of the copy.

    Raises
    ------
    ImageError
        The file cannot be read, or is not the one expected.
    OSError
        The copy cannot be written.
    """
    hashed, written = hashlib.sha256(), hashlib.sha256()
    with draft.open("xb") as copy:
        for piece in _read_pieces(source, whole=rewrite is not None):
            hashed.update(piece)
            new = piece
            if rewrite and hashed.hexdigest() == original.sha256:
                new = rewrite(piece)
            written.update(new)
            copy.write(new)
    if hashed.hexdigest() != original.sha256:
        raise make_changed(source)
    with suppress(OSError):  # some disks keep neither
        shutil.copystat(source, draft)
    return written.hexdigest()


def _read_pieces(source: Path, *, whole: bool) -> Iterator[bytes]:
    try:
        with source.open("rb") as file:
            while piece := file.read(-1 if whole else _PIECE_BYTES):
                yield piece
    except OSError as error:
        raise make_unreadable(source, error) from error
