"""A table that is written beside its file, so that an interrupted run can be resumed."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, TextIO

from filelock import FileLock, Timeout

from cluster_core.errors import RunError
from cluster_core.model.prediction.tables.columns import AnswerTable, escape_unencodable
from cluster_core.model.prediction.tables.csv import escape_formula
from cluster_core.model.prediction.tables.finished import is_continuable
from cluster_core.sources.source import PictureSource
from cluster_core.storage.drafts import replacing


class DoneNames:
    """The names of pictures that already have a row, as hashes: a hundred thousand in 10 MB.

    Parameters
    ----------
    write_name : callable
        Returns a name as the table has it.
    """

    def __init__(self, write_name: Callable[[str], str] = str) -> None:
        self._write_name = write_name
        self._counts: Counter[int] = Counter()
        self.n = 0

    def add(self, written: str) -> None:
        """Count a row."""
        self._counts[hash(written)] += 1
        self.n += 1

    def leave_out(self, sources: Iterable[PictureSource]) -> Iterator[PictureSource]:
        """Yield the pictures without a row; one that is passed twice has two rows."""
        for source in sources:
            key = hash(self._write_name(source.name))
            if self._counts[key] > 0:
                self._counts[key] -= 1
            else:
                yield source


class UnfinishedTable:
    """The rows of a CSV or JSON lines file until it is complete.

    They are in a hidden file of their own next to it. Its name has a hash of the columns, the model
    and its settings, so that no table gets rows of two models.

    Parameters
    ----------
    output : Path
        The file to write.
    table : AnswerTable
        Its columns.
    is_csv : bool
        Whether it is CSV; else JSON lines.
    """

    def __init__(self, output: Path, table: AnswerTable, is_csv: bool) -> None:
        self._output, self._table, self._is_csv = output, table, is_csv
        self._n_columns = len(table.columns)
        names = [column.name for column in table.columns]
        source = table.source
        record = json.dumps([is_csv, names, dict(source.describe()), source.fingerprint])
        self._stem = f".{output.name}.unfinished-"
        digest = hashlib.sha256(record.encode(errors="backslashreplace")).hexdigest()
        self.path = output.with_name(f"{self._stem}{digest[:8]}")

    @contextmanager
    def writing(self, resume: bool) -> Iterator[tuple[TextIO, DoneNames]]:
        """Open the file, and move it to its place if the block succeeds.

        Parameters
        ----------
        resume : bool
            Whether to keep the rows of an earlier run, also of one that was finished; a last one
            that is cut off is dropped.

        Yields
        ------
        stream : text file
            Where to write rows.
        done : DoneNames
            The pictures that have rows already.

        Raises
        ------
        RunError
            Another run is writing this table, or the earlier one had another model or other
            settings, or the finished table was changed.
        OSError
            The file cannot be read or written.
        """
        self._output.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            done = DoneNames(_write_csv_name if self._is_csv else str)
            if not resume:
                self.path.unlink(missing_ok=True)
            else:
                if not self.path.exists():
                    self._require_no_other()
                    self._take_finished()
                if self.path.exists():
                    self._read(done)
            try:
                # A file name may be invalid UTF-8; such bytes are written as \x escapes.
                # Each row is flushed, so that a kill loses none.
                with self.path.open(
                    "a", buffering=1, encoding="utf-8", errors="backslashreplace", newline=""
                ) as stream:
                    yield stream, done
                os.replace(self.path, self._output)
            except BaseException:
                self._remove_if_useless()
                raise

    def _require_no_other(self) -> None:
        for other in sorted(self._output.parent.iterdir()):
            if other.name.startswith(self._stem) and not other.name.endswith(".lock"):
                raise RunError(
                    f"{self._output} was begun with another model or other settings: use these "
                    f"again, or delete {other} to start anew."
                )

    def _take_finished(self) -> None:
        """Begin with the rows of the finished table, if there is one: they are not made twice."""
        if not self._output.exists() or not self._output.stat().st_size:
            return
        if not is_continuable(self._output, self._table, self._is_csv):
            raise RunError(
                f"{self._output} was finished with another model or other settings, or changed "
                "since: choose another --output file, or leave out --resume to label all again."
            )
        with replacing(self.path) as draft:
            shutil.copyfile(self._output, draft)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = Path(f"{self.path}.lock")
        try:
            with FileLock(path, timeout=0):
                try:
                    yield
                finally:  # only by its holder: else a third run would lock a new file
                    with suppress(OSError):
                        path.unlink()
        except Timeout as error:
            TemporaryFile(dir=path.parent).close()  # raises if there can be no lock at all
            raise RunError(
                f"Another run is writing {self._output}: wait for it, or choose another --output "
                "file."
            ) from error

    def _read(self, done: DoneNames) -> None:
        """Count the complete rows, and cut the file off after them."""
        with self.path.open("rb+") as file:
            n_good = 0
            rows = self._read_csv if self._is_csv else _read_json
            for name, n_bytes in rows(file):
                if name is not None:
                    done.add(name)
                n_good = n_bytes
            file.truncate(n_good)

    def _read_csv(self, file: BinaryIO) -> Iterator[tuple[str | None, int]]:
        """Yield the name of each row and the bytes up to its end; None for the header."""
        n_read, is_whole = 0, True

        def lines() -> Iterator[str]:
            nonlocal n_read, is_whole
            for line in file:
                n_read += len(line)
                is_whole = line.endswith(b"\n")
                yield line.decode("utf-8", "replace")

        is_header = True
        with suppress(csv.Error):  # what a crash of the computer left
            for row in csv.reader(lines()):
                if len(row) != self._n_columns or not is_whole:
                    return
                yield None if is_header else row[0], n_read
                is_header = False

    def _remove_if_useless(self) -> None:
        """Delete the file if it has no row: there is nothing to resume."""
        n_least = 1 + self._is_csv  # its header
        with suppress(OSError):
            with self.path.open("rb") as file:
                n_lines = sum(1 for _, _ in zip(file, range(n_least), strict=False))
            if n_lines < n_least:
                self.path.unlink()


def _read_json(file: BinaryIO) -> Iterator[tuple[str, int]]:
    """Yield the name of each line and the bytes up to its end."""
    n_read = 0
    for line in file:
        n_read += len(line)
        try:
            name = json.loads(line)["path"]
        except (ValueError, TypeError, KeyError):
            return
        if not line.endswith(b"\n") or not isinstance(name, str):
            return
        yield name, n_read


def _write_csv_name(name: str) -> str:
    return escape_unencodable(escape_formula(name))
