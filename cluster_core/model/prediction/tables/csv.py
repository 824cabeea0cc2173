"""Write answers as a CSV table, for the command line and the browser."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from typing import TextIO

from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.tables.columns import AnswerTable

# Spreadsheets run a cell with such a prefix as a formula; some also accept the full-width
# characters of Chinese and Japanese keyboards.
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# A number, or a coordinate such as -02 27 30.0 or +22:00:52.
_NUMBER = re.compile(
    r"[+-]([0-9]+[ :]){0,2}([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE
)


def write_csv(
    stream: TextIO, table: AnswerTable, with_header: bool = True
) -> Callable[[FilePrediction], None]:
    """Write the header of a table, and return a function that writes a row.

    Text that a spreadsheet would run as a formula is prefixed with an apostrophe.

    Parameters
    ----------
    stream : text file
        Open for writing, with newline=''.
    table : AnswerTable
        The columns.
    with_header : bool
        False to resume a table that has its header.

    Returns
    -------
    callable
        Takes a `FilePrediction` and writes a row.
    """
    rows = csv.writer(stream, lineterminator="\n")
    columns = table.columns
    if with_header:
        rows.writerow([escape_formula(column.name) for column in columns])

    def write_row(answer: FilePrediction) -> None:
        values = zip(columns, table.make_row(answer), strict=True)
        rows.writerow([escape_formula(column.format(value)) for column, value in values])

    return write_row


def escape_formula(text: str) -> str:
    """Return text that a spreadsheet does not run as a formula."""
    text = text.replace("\r", "\\r")  # csv.writer does not quote it, and readers end the row there
    is_formula = text.startswith(_FORMULA_PREFIXES) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text
