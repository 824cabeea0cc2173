"""The content of files that were read before, told by what the system notes of a file.

A file's inode changes when it is replaced, and its ctime whenever its bytes or its dates do, which
nobody can set back. So size, dates and inode that are known mean bytes that are known.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster_core.storage.cache_file import CacheFile

# Two changes within a tick of the clock leave the same dates, and some disks count in 2 seconds.
SETTLED_NS = 3_000_000_000

_CREATE = """CREATE TABLE IF NOT EXISTS file_hashes (
    file TEXT PRIMARY KEY, state TEXT, sha256 TEXT) WITHOUT ROWID"""
_INSERT = "INSERT OR REPLACE INTO file_hashes VALUES (?, ?, ?)"
_SELECT = "SELECT file, state, sha256 FROM file_hashes WHERE file IN ({keys})"


@dataclass(frozen=True)
class FileStamp:
    """What the system notes of a file at one moment.

    Attributes
    ----------
    file : str
        Device and inode: the same after a move, never the same for two files.
    state : str
        Size and dates, to the nanosecond.
    is_settled : bool
        Whether its last change was so long ago that the next one will show.
    """

    file: str
    state: str
    is_settled: bool


def take_stamp(path: Path) -> FileStamp | None:
    """Return the stamp of a file, to be taken before it is read; None if there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    changed_ns = max(status.st_mtime_ns, status.st_ctime_ns)
    return FileStamp(
        f"{status.st_dev}:{status.st_ino}",
        f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}",
        time.time_ns() - changed_ns > SETTLED_NS,
    )


class FileHashes:
    """SHA-256 by the stamp of a file."""

    def __init__(self, file: CacheFile) -> None:
        self._file = file
        file.create_table(_CREATE)

    def load(self, stamps: Iterable[FileStamp]) -> Mapping[FileStamp, str]:
        """Return the hashes that are known of these files as they are."""
        wanted = {(stamp.file, stamp.state): stamp for stamp in stamps}
        rows = self._file.read_in(_SELECT, [file for file, _ in wanted])
        return {
            wanted[file, state]: sha256 for file, state, sha256 in rows if (file, state) in wanted
        }

    def save(self, hashes: Iterable[tuple[FileStamp, str]]) -> None:
        """Keep the hashes of files; those that were changed a moment ago are left out."""
        rows = [(stamp.file, stamp.state, sha256) for stamp, sha256 in hashes if stamp.is_settled]
        if rows:
            self._file.write_many(_INSERT, rows)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
