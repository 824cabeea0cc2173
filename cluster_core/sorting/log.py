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
from cluster_core.storage.hashing import hash_file
from cluster_core.storage.saved_values import MALFORMED_ERRORS

LOG, TABLE, _CHECKSUM = "sort-log.jsonl", "answers.csv", "crc"
_NAMED = 3  # of the files that a damaged log does not have


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
    unknown : list of str
        `folder/name` of each file that damaged lines may be about, and the others are not.

    Raises
    ------
    OSError
        The log cannot be opened.
    """

    def __init__(self, output: Path) -> None:
        self.path = output / LOG
        self.state = read_state(output)
        self.unknown = list_unknown(output, self.state)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        n_bytes = os.fstat(self._file).st_size
        if self.state.n_cut_bytes and not self.unknown:
            os.ftruncate(self._file, n_bytes - self.state.n_cut_bytes)
        elif n_bytes and os.pread(self._file, 1, n_bytes - 1) != b"\n":
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
        n_written = os.write(self._file, data)
        if n_written < len(data):
            os.ftruncate(self._file, os.fstat(self._file).st_size - n_written)
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

    def describe_damage(self) -> str | None:
        """Say how many lines are damaged, and which files are unknown for that, or None."""
        n_lines = self.state.n_damaged + bool(self.state.n_cut_bytes and self.unknown)
        if not n_lines:
            return None
        lines = "1 line" if n_lines == 1 else f"{n_lines:,} lines"
        damage = f"{lines} of {LOG} {'is' if n_lines == 1 else 'are'} damaged"
        n_files = len(self.unknown)
        if not n_files:
            return f"{damage}, but every sorted file is known."
        files = "1 file comes" if n_files == 1 else f"{n_files:,} files come"
        names = [*self.unknown[:_NAMED], *(["…"] if n_files > _NAMED else [])]
        return f"{damage}, so it does not say where {files} from: {', '.join(names)}."


def read_state(output: Path) -> LogState:
    """Return what the log of a folder says, without changing anything.

    Raises
    ------
    OSError
        It cannot be read.
    """
    state = LogState()
    for text, line in _parse_lines(output / LOG):
        if line is not None and _add(state, line):
            continue
        if text.endswith(b"\n"):
            state.n_damaged += 1
        else:
            state.n_cut_bytes = len(text)
    return state


def read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of a log that are not damaged; none if there is no log.

    Raises
    ------
    OSError
        It cannot be read.
    """
    return (line for _, line in _parse_lines(path) if line is not None)


def list_unknown(output: Path, state: LogState) -> list[str]:
    """Return the files in the folders of a sorted folder that lines lost from its log may be about.

    Returns
    -------
    list of str
        `folder/name`, sorted.

    Raises
    ------
    OSError
        A folder cannot be read.
    """
    if not state.n_damaged and not (state.n_cut_bytes and _has_lost_table(output, state)):
        return []
    known = {file.place for file in state.files.values()}
    folders = (each for each in output.iterdir() if each.is_dir() and not each.is_symlink())
    places = [f"{each.name}/{name}" for each in folders for name in os.listdir(each)]  # noqa: PTH208
    return sorted(place for place in places if place not in known and "/." not in place)


def _has_lost_table(output: Path, state: LogState) -> bool:
    """Tell whether more is lost than the line that a killed process wrote: that of the table."""
    table = output / TABLE
    return table.is_file() and hash_file(table) not in state.tables.get(TABLE, ())


def _parse_lines(path: Path) -> Iterator[tuple[bytes, Mapping[str, Any] | None]]:
    """Yield each line of a log with what it says, which is None if it is damaged."""
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
                yield text, None
            else:
                yield text, line if checksum == _compute_checksum(line) else None


def format_line(line: Mapping[str, Any]) -> bytes:
    """Return a line of the log, with a checksum: a damaged path would lead a file astray."""
    return json.dumps({**line, _CHECKSUM: _compute_checksum(line)}).encode() + b"\n"


def _compute_checksum(line: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(line).encode())


def _add(state: LogState, line: Mapping[str, Any]) -> bool:
    """Add a line; return False if it is damaged."""
    try:
        state.add(line)
    except MALFORMED_ERRORS:
        return False
    return True
