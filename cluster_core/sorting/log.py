"""The log of a sorted folder: JSON lines, written before and after each change."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from cluster_core.sorting.records import LogState, SortedFile, Stage, Transfer
from cluster_core.storage.saved_values import MALFORMED_ERRORS

LOG, _CHECKSUM = "sort-log.jsonl", "crc"


class SortLog:
    """A log that is appended to. One process and thread may use it at a time.

    A line that a killed process wrote in part counts as not written.

    Parameters
    ----------
    output : Path
        The folder of sorted files, which exists.

    Attributes
    ----------
    state : LogState
        What the log says so far.

    Raises
    ------
    OSError
        The log cannot be opened.
    """

    def __init__(self, output: Path) -> None:
        self.path = output / LOG
        self.state = read_state(output)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        n_bytes = os.fstat(self._file).st_size
        if n_bytes and os.pread(self._file, 1, n_bytes - 1) != b"\n":
            os.write(self._file, b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def append(self, line: Mapping[str, Any]) -> None:
        """Write a line.

        Raises
        ------
        OSError
            It cannot be written, for example because the disk is full.
        """
        data = format_line(line)
        if os.write(self._file, data) < len(data):
            raise OSError(28, os.strerror(28), str(self.path))  # the disk is full
        _add(self.state, line)

    def begin(self, file: SortedFile, answer: Mapping[str, Any]) -> SortedFile:
        """Write what is about to be done with a file; a move waits until it is on the disk.

        Returns
        -------
        SortedFile
            The file with its number.
        """
        numbered = replace(file, number=self.state.last_number + 1)
        self.append(numbered.to_line(answer))
        if file.transfer is Transfer.MOVE:
            os.fsync(self._file)
        return numbered

    def set_stage(self, file: SortedFile, stage: Stage) -> None:
        """Write how far a file has got."""
        self.append({"stage": stage, "number": file.number})


def read_state(output: Path) -> LogState:
    """Return what the log of a folder says, without changing anything.

    Raises
    ------
    OSError
        It cannot be read.
    """
    state = LogState()
    for line in read_lines(output / LOG):
        _add(state, line)
    return state


def read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of a log that are not damaged; none if there is no log.

    Raises
    ------
    OSError
        It cannot be read.
    """
    try:
        lines = path.open("rb")
    except FileNotFoundError:
        return
    with lines:
        for text in lines:
            try:
                line = json.loads(text)
                checksum = line.pop(_CHECKSUM)
            except MALFORMED_ERRORS:
                continue
            if checksum == _compute_checksum(line):
                yield line


def format_line(line: Mapping[str, Any]) -> bytes:
    """Return a line of the log, with a checksum: a damaged path would lead a file astray."""
    return json.dumps({**line, _CHECKSUM: _compute_checksum(line)}).encode() + b"\n"


def _compute_checksum(line: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(line).encode())


def _add(state: LogState, line: Mapping[str, Any]) -> None:
    try:
        state.add(line)
    except MALFORMED_ERRORS:
        return
