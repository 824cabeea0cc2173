"""The SQLite file that caches everything the workspace can compute again."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from cluster_core.errors import RunError

FILE_NAME = "bottlenecks.sqlite"
BUSY_TIMEOUT_S = 30.0
MAX_PARAMETERS = 500

# Faults of the disk or of permissions, which leave the content intact.
_DISK_FAULTS = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_IN_USE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
# Extended codes of SQLITE_IOERR that mean damaged content after all.
_DAMAGED_READS = frozenset(
    {sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_DATA, sqlite3.SQLITE_IOERR_CORRUPTFS}
)


class CacheFile:
    """An SQLite cache shared by threads and processes; a crash loses at most the last write.

    Parameters
    ----------
    folder : Path
        Folder of the file; created if missing.

    Attributes
    ----------
    path : Path
        The SQLite file.

    Raises
    ------
    RunError
        The file cannot be opened. The methods raise it if the file cannot be
        read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._lock = threading.Lock()
        with self._plain_errors():
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT_S, check_same_thread=False
            )
            # A damaged text must not end the query: its row is recognised as damaged.
            self._connection.text_factory = _decode
            try:
                # Readers do not wait for a writer; a power cut loses only cache entries.
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=NORMAL")
            except (sqlite3.Error, UnicodeDecodeError):
                self._connection.close()
                raise

    def create_table(self, statement: str) -> None:
        """Run a CREATE TABLE IF NOT EXISTS statement.

        Raises
        ------
        RunError
            The file cannot be read or written.
        """
        with self._lock, self._plain_errors(), self._connection:
            self._connection.execute(statement)

    def write_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run an INSERT for many rows in one transaction.

        Parameters
        ----------
        statement : str
            SQL with one `?` per value of a row.
        rows : iterable of sequence
            The values. If the iterable raises, nothing is written.

        Raises
        ------
        RunError
            The file cannot be written.
        """
        with self._lock, self._plain_errors(), self._connection:
            self._connection.executemany(statement, rows)

    def read_in(
        self, statement: str, keys: Sequence[str], *fixed: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a SELECT ... IN query over any number of keys.

        Parameters
        ----------
        statement : str
            SQL with one `?` per value of `fixed`, followed by `IN ({keys})`.
        keys : sequence of str
            The keys, queried in portions of `MAX_PARAMETERS`.
        *fixed
            Values of the other parameters of the statement.

        Yields
        ------
        tuple
            The rows found, in no particular order.

        Raises
        ------
        RunError
            The file cannot be read.
        """
        for start in range(0, len(keys), MAX_PARAMETERS):
            portion = keys[start : start + MAX_PARAMETERS]
            marks = ",".join("?" * len(portion))
            with self._lock, self._plain_errors():
                rows = self._connection.execute(
                    statement.format(keys=marks), (*fixed, *portion)
                ).fetchall()
            yield from rows

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> CacheFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        # SQLite's message may quote damaged text that cannot be decoded.
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise RunError(self._explain(error)) from error
        except OSError as error:
            raise RunError(self._explain_disk_fault(error)) from error

    def _explain(self, error: sqlite3.DatabaseError | UnicodeDecodeError) -> str:
        code = getattr(error, "sqlite_errorcode", None)  # missing on errors of the Python module
        primary = None if code is None or code in _DAMAGED_READS else code & 0xFF
        if primary in _DISK_FAULTS:
            return self._explain_disk_fault(error)
        if primary in _IN_USE:
            return (
                f"The cache file {self.path} is in use by another program ({error}): wait until "
                "it has finished, then try again."
            )
        return (
            f"The cache file {self.path} is damaged ({error}). Delete it and try again; "
            "nothing is lost, because its content can be computed again."
        )

    def _explain_disk_fault(self, error: Exception) -> str:
        return (
            f"The cache file {self.path} could not be used ({error}). Make sure that its "
            "folder is writable and the disk is not full, then try again."
        )


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "replace")
