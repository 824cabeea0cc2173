"""The one SQLite file of a workspace that keeps what can be computed again."""

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


class CacheFile:
    """A SQLite file shared by threads and processes; a crash loses at most the last write.

    Parameters
    ----------
    folder : Path
        Made when missing.

    Raises
    ------
    RunError
        The file cannot be opened, read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._lock = threading.Lock()
        with self._plain_errors():
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT_S, check_same_thread=False
            )
            try:
                # Readers do not wait for a writer; a power cut loses a cache entry, no more.
                self._connection.execute("PRAGMA journal_mode=WAL")
                self._connection.execute("PRAGMA synchronous=NORMAL")
            except sqlite3.Error:
                self._connection.close()
                raise

    def create_table(self, statement: str) -> None:
        """Run a CREATE TABLE IF NOT EXISTS statement."""
        with self._lock, self._plain_errors(), self._connection:
            self._connection.execute(statement)

    def write_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run an INSERT for many rows in one transaction."""
        with self._lock, self._plain_errors(), self._connection:
            self._connection.executemany(statement, rows)

    def read_in(
        self, statement: str, keys: Sequence[str], *fixed: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a SELECT whose `{keys}` stands for a list of keys.

        Parameters
        ----------
        statement : str
            SQL with `?` for each of `fixed`, then `IN ({keys})` last.
        keys : sequence of str
            Any number; asked for in portions.
        *fixed
            Values for the statement's own parameters.
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
        """Close the file."""
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
        except (sqlite3.OperationalError, OSError) as error:
            raise RunError(
                f"The bottleneck cache {self.path} could not be used ({error}): make sure that "
                "its folder can be written to and that the disk has room, then run again."
            ) from error
        except sqlite3.DatabaseError as error:
            raise RunError(
                f"The bottleneck cache {self.path} is damaged ({error}): delete it and run "
                "again; it only holds what can be computed again."
            ) from error
