"""Choose the format of a table of answers, and write it to a file or to standard output."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TextIO

from cluster_core.errors import ConfigError, RunError
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.tables.columns import AnswerTable
from cluster_core.model.prediction.tables.csv import write_csv
from cluster_core.model.prediction.tables.json import format_json
from cluster_core.model.prediction.tables.unfinished import DoneNames, UnfinishedTable
from cluster_core.storage.drafts import replacing

WriteRow = Callable[[FilePrediction], None]


class TableFormat(StrEnum):
    """The formats of a table."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"
    VOTABLE = "votable"
    ECSV = "ecsv"


_ENDINGS = {
    ".jsonl": TableFormat.JSON_LINES,
    ".ndjson": TableFormat.JSON_LINES,
    ".parquet": TableFormat.PARQUET,
    ".vot": TableFormat.VOTABLE,
    ".votable": TableFormat.VOTABLE,
    ".xml": TableFormat.VOTABLE,
    ".ecsv": TableFormat.ECSV,
}


def find_format(output: Path | None) -> TableFormat:
    """Return the format that the ending of a file name means; CSV for any other ending."""
    return _ENDINGS.get(output.suffix.lower() if output else "", TableFormat.CSV)


@dataclass(frozen=True)
class TableWriter:
    """An open table; called with a `FilePrediction`, it writes a row.

    Attributes
    ----------
    write : callable
        Writes a row.
    done : DoneNames
        The pictures that have a row of an earlier run.
    """

    write: WriteRow
    done: DoneNames = field(default_factory=DoneNames)

    def __call__(self, answer: FilePrediction) -> None:
        """Write a row."""
        self.write(answer)


@contextmanager
def writing_table(
    output: Path | None, table_format: TableFormat, table: AnswerTable, resume: bool = False
) -> Iterator[TableWriter]:
    """Write a table to standard output, or to a file that is only replaced once it is complete.

    The rows of an interrupted CSV or JSON lines file are kept beside it; see `UnfinishedTable`.

    Parameters
    ----------
    output : Path or None
        The file; None for standard output.
    table_format : TableFormat
        The format.
    table : AnswerTable
        The columns.
    resume : bool
        Whether to resume an interrupted run.

    Yields
    ------
    TableWriter
        Takes a `FilePrediction` and writes a row.

    Raises
    ------
    ConfigError
        Parquet cannot go to standard output, or such a table cannot be resumed.
    RunError
        The file cannot be written; then an older one is unchanged.
    """
    is_lines = table_format in (TableFormat.CSV, TableFormat.JSON_LINES)
    is_file = output is not None and (output.is_file() or not output.exists())
    _check_destination(output, table_format, resume, can_resume=is_lines and is_file)
    if output is None:
        with _writing_text(sys.stdout, table_format, table) as write:
            yield TableWriter(write)
        return
    try:
        if output.is_dir():
            raise RunError(f"{output} is a folder: add a file name to --output.")
        if is_lines and is_file:
            unfinished = UnfinishedTable(output, table, table_format is TableFormat.CSV)
            with (
                unfinished.writing(resume) as (stream, done),
                _writing_text(stream, table_format, table, is_begun=stream.tell() > 0) as write,
            ):
                yield TableWriter(write, done)
            return
        with (
            replacing(output) as draft,
            draft.open("wb") as file,
            writing_stream(file, table_format, table) as write,
        ):
            yield TableWriter(write)
    except OSError as error:
        raise RunError(
            f"{output} could not be written ({error.strerror or error}): check permissions and "
            "free disk space, or choose another --output file."
        ) from error


def _check_destination(
    output: Path | None, table_format: TableFormat, resume: bool, can_resume: bool
) -> None:
    """Check what `writing_table` was asked for, before anything is opened."""
    if resume and not can_resume:
        raise ConfigError(
            "Only a CSV or JSON lines file can be resumed: give --output such a name, or "
            "leave out --resume.",
            field="resume",
            received=table_format.value,
            allowed="csv or jsonl, with --output",
        )
    if output is None and table_format is TableFormat.PARQUET:
        raise ConfigError(
            "Parquet is not text: add --output with a file name.",
            field="output",
            received=None,
            allowed="a file name",
        )


@contextmanager
def writing_stream(
    stream: BinaryIO, table_format: TableFormat, table: AnswerTable
) -> Iterator[WriteRow]:
    """Write a table to an open file, which is complete when the block ends.

    Parameters
    ----------
    stream : binary file
        Open for writing; it stays open.
    table_format : TableFormat
        The format.
    table : AnswerTable
        The columns.

    Yields
    ------
    callable
        Takes a `FilePrediction` and writes a row.
    """
    if table_format is TableFormat.PARQUET:
        from cluster_core.model.prediction.tables.parquet import writing_parquet

        with writing_parquet(stream, table) as write:
            yield write
        return
    # A file name may be invalid UTF-8; such bytes are written as \x escapes.
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="")
    try:
        with _writing_text(text, table_format, table) as write:
            yield write
    finally:
        text.detach()  # which writes the rest


@contextmanager
def _writing_text(
    stream: TextIO, table_format: TableFormat, table: AnswerTable, is_begun: bool = False
) -> Iterator[WriteRow]:
    if table_format is TableFormat.CSV:
        yield write_csv(stream, table, with_header=False) if is_begun else write_csv(stream, table)
    elif table_format is TableFormat.JSON_LINES:
        yield lambda answer: print(format_json(answer, table.source), file=stream)
    else:
        from cluster_core.model.prediction.tables import astropy

        is_votable = table_format is TableFormat.VOTABLE
        writing = astropy.writing_votable if is_votable else astropy.writing_ecsv
        with writing(stream, table) as write:
            yield write
