"""The log of a room, which is only appended to: a click writes a line, a reload reads the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cluster_core.errors import DatasetError
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.storage.saved_values import MALFORMED_ERRORS

LOG = "log.jsonl"
# Answers with 1,000 classes to 4,000 pictures; reading it takes half a gigabyte.
MAX_LOG_BYTES = 50_000_000


class AnswerLog:
    """The lines of a log, as far as they have been read.

    Parameters
    ----------
    folder : Path
        The folder of the room.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_bytes = 0

    def exists(self) -> bool:
        """Return whether the room has not been cleared or swept."""
        return (self._folder / LOG).is_file()

    def read_new(self) -> Iterator[dict[str, Any]]:
        """Yield the lines that were appended since, by this or another tab or process."""
        with suppress(OSError), (self._folder / LOG).open("rb") as log:
            n_new = os.fstat(log.fileno()).st_size - self._read_bytes
            if n_new <= 0:
                return
            log.seek(self._read_bytes)
            data = log.read(min(n_new, MAX_LOG_BYTES))
            whole = data[: data.rfind(b"\n") + 1]
            self._read_bytes += len(whole)
            for line in whole.splitlines():
                with suppress(*MALFORMED_ERRORS):  # a damaged line is skipped
                    yield json.loads(line)

    def append(self, entry: Mapping[str, Any]) -> None:
        """Append a line.

        Raises
        ------
        DatasetError
            The log is full, or cannot be written.
        """
        line = json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        with explaining_disk_errors("The answers could not be kept", self._folder):
            # Without O_CREAT: a room that was cleared in another tab must not come back half.
            target = os.open(self._folder / LOG, os.O_WRONLY | os.O_APPEND)
            with os.fdopen(target, "ab") as log:
                if log.tell() + len(line) > MAX_LOG_BYTES:
                    raise DatasetError(
                        "Too much was changed to keep it all: clear the answers, and start again.",
                        path=self._folder,
                    )
                log.write(line)
