"""The log of a queue: JSON lines, only appended to, under a lock.

Every change first reads what others appended, so any number of tabs and processes can work on one
queue.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock

from cluster_core.errors import ClusterError, DatasetError
from cluster_core.storage.saved_values import MALFORMED_ERRORS

LOG = "log.jsonl"
# Ten thousand pictures, and fifty decisions about each.
MAX_LOG_BYTES = 100_000_000
_LOCK = ".lock"
_LOCK_TIMEOUT_S = 10


class QueueLog:
    """The log in the folder of a queue. One thread may use an instance.

    Parameters
    ----------
    folder : Path
        The folder of the queue.
    apply : callable
        Called with every entry read, in the order of the log; raises one of `MALFORMED_ERRORS` or
        a `ClusterError` for a damaged entry, which is skipped.

    Attributes
    ----------
    n_read : int
        Length in bytes of what has been read.
    """

    def __init__(self, folder: Path, apply: Callable[[dict[str, Any]], None]) -> None:
        self._folder = folder
        self._apply = apply
        self.n_read = 0

    def exists(self) -> bool:
        """Return whether the log, and with it the queue, has not been deleted."""
        return (self._folder / LOG).is_file()

    def require(self) -> None:
        """Raise FileNotFoundError if the queue was deleted: nothing may be created in its place."""
        (self._folder / LOG).stat()

    def read(self) -> None:
        """Apply the entries appended since the last call, by this or another process.

        Raises
        ------
        OSError
            The log cannot be read.
        """
        with (self._folder / LOG).open("rb") as log:
            log.seek(self.n_read)
            data = log.read(MAX_LOG_BYTES)
        whole = data[: data.rfind(b"\n") + 1]
        self.n_read += len(whole)
        for line in whole.splitlines():
            with suppress(*MALFORMED_ERRORS, ClusterError):  # a damaged line is skipped
                self._apply(json.loads(line))

    @contextmanager
    def changing(self) -> Iterator[Callable[[Mapping[str, Any]], None]]:
        """Lock the queue, read what others changed, and yield a function that appends an entry.

        Raises
        ------
        DatasetError
            Another program keeps the lock, or the log is full.
        OSError
            The log cannot be read or written.
        """
        self.require()  # the lock would be created in a deleted queue's place
        with self._locking():
            self.read()
            yield self._append
            self.read()

    @contextmanager
    def _locking(self) -> Iterator[None]:
        try:
            with filelock.FileLock(self._folder / _LOCK, timeout=_LOCK_TIMEOUT_S):
                yield
        except FileNotFoundError:
            self._remove_lock_of_deleted()
            raise
        except filelock.Timeout as error:
            raise DatasetError(
                "The queue is in use by another program: try again in a moment.",
                path=self._folder,
            ) from error

    def _remove_lock_of_deleted(self) -> None:
        """Remove the folder that a lock made anew, so that the queue can be restored there."""
        if not self.exists():
            with suppress(OSError):  # it stays if there is anything else in it
                (self._folder / _LOCK).unlink()
                self._folder.rmdir()

    def _append(self, entry: Mapping[str, Any]) -> None:
        line = json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        with (self._folder / LOG).open("r+b") as log:
            if log.seek(0, os.SEEK_END) + len(line) > MAX_LOG_BYTES:
                raise DatasetError(
                    "Too much was changed in this queue: add its labelled pictures to a dataset, "
                    "and make a new queue of the others.",
                    path=self._folder,
                )
            log.seek(-1, os.SEEK_END)
            is_whole = log.read(1) == b"\n"  # not if a process was killed while it wrote
            log.write(line if is_whole else b"\n" + line)
