"""Remember the SHA-256 of files by their metadata, so that unchanged files are not read again.

Replacing a file changes its inode, and changing its bytes or dates changes its ctime, which cannot
be set back. A file whose device, inode, size and dates are known therefore has known content.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.checksums import seal, unseal

# Two changes within one clock tick leave the same dates, and some disks tick every 2 seconds.
SETTLED_NS = 3_000_000_000

# The table `file_hashes` of version 0.1 has no checksums and is no longer read.
_CREATE = """CREATE TABLE IF NOT EXISTS sealed_file_hashes (
    file TEXT PRIMARY KEY, state TEXT, sha256 BLOB) WITHOUT ROWID"""
_INSERT = "INSERT OR REPLACE INTO sealed_file_hashes VALUES (?, ?, ?)"
_SELECT = "SELECT file, state, sha256 FROM sealed_file_hashes WHERE file IN ({keys})"


@dataclass(frozen=True)
class FileStamp:
    """Identity and state of a file at one moment.

    Attributes
    ----------
    file : str
        Device and inode: unchanged by a move, and unique to the file.
    state : str
        Size in bytes, and dates in nanoseconds.
    is_settled : bool
        Whether the last change was long enough ago that another one would change
        the dates.
    """

    file: str
    state: str
    is_settled: bool

    @classmethod
    def of(cls, status: os.stat_result) -> FileStamp:
        """Return the stamp of a file with this status."""
        changed_ns = max(status.st_mtime_ns, status.st_ctime_ns)
        return cls(
            f"{status.st_dev}:{status.st_ino}",
            f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}",
            time.time_ns() - changed_ns > SETTLED_NS,
        )


def take_stamp(path: Path) -> FileStamp | None:
    """Return the stamp of a file, or None if it does not exist; call this before reading it."""
    try:
        return FileStamp.of(path.stat())
    except OSError:
        return None


class FileHashes:
    """Cache of SHA-256 hashes, keyed by `FileStamp`.

    Parameters
    ----------
    file : CacheFile
        Where the hashes are stored.

    Raises
    ------
    RunError
        The cache file cannot be written. The methods raise it if it cannot be
        read or written.
    """

    def __init__(self, file: CacheFile) -> None:
        self._file = file
        file.create_table(_CREATE)

    def load(self, stamps: Iterable[FileStamp]) -> Mapping[FileStamp, str]:
        """Return the known hashes of files whose state has not changed.

        Returns
        -------
        mapping of FileStamp to str
            Hexadecimal SHA-256; unknown and changed files, and damaged entries, are missing.
        """
        wanted = {(stamp.file, stamp.state): stamp for stamp in stamps}
        rows = self._file.read_in(_SELECT, [file for file, _ in wanted])
        found: dict[FileStamp, str] = {}
        for file, state, sealed in rows:
            sha256 = unseal(sealed, file, state)
            if sha256 is not None and (file, state) in wanted:
                found[wanted[file, state]] = sha256.decode()
        return found

    def save(self, hashes: Iterable[tuple[FileStamp, str]]) -> None:
        """Store hashes of files, except files that are not settled yet."""
        rows = [
            (stamp.file, stamp.state, seal(sha256.encode(), stamp.file, stamp.state))
            for stamp, sha256 in hashes
            if stamp.is_settled
        ]
        if rows:
            self._file.write_many(_INSERT, rows)
