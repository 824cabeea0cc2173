"""Write answers as VOTable or ECSV, the tables of astronomers' programs, row by row.

astropy writes the head of the file, with names, types and units. It would keep all rows in memory,
so that they are added here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO
from xml.sax.saxutils import escape

from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.tables.columns import AnswerTable, Value, escape_unencodable

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TABLE_END = "</TABLE>"


@contextmanager
def writing_votable(
    stream: TextIO, table: AnswerTable
) -> Iterator[Callable[[FilePrediction], None]]:
    """Write a VOTable [1]_, which is complete when the block ends.

    Parameters
    ----------
    stream : text file
        Open for writing in UTF-8.
    table : AnswerTable
        The columns: `unicodeChar` and `double`.

    Yields
    ------
    callable
        Takes a `FilePrediction` and writes a row.

    References
    ----------
    .. [1] Ochsenbein, F., et al. 2019, "VOTable Format Definition", version 1.4, IVOA.
    """
    head, end, tail = _make_votable(table).partition(_TABLE_END)
    stream.write(f"{head.rstrip()}\n<DATA><TABLEDATA>\n")

    def write_row(answer: FilePrediction) -> None:
        cells = "".join(f"<TD>{_escape(value)}</TD>" for value in table.make_row(answer))
        stream.write(f"<TR>{cells}</TR>\n")

    yield write_row
    stream.write(f"</TABLEDATA></DATA>\n{end}{tail}")


def _make_votable(table: AnswerTable) -> str:
    from astropy.io.votable import tree

    document = tree.VOTableFile()
    resource, empty = tree.Resource(), tree.TableElement(document)
    document.resources.append(resource)
    resource.tables.append(empty)
    for column in table.columns:
        is_number = column.kind is float
        field = tree.Field(
            document,
            ID=_make_id(column.name, {field.ID for field in empty.fields}),
            name=_NOT_IN_XML.sub("?", column.name),
            datatype="double" if is_number else "unicodeChar",
            arraysize=None if is_number else "*",
            unit=column.unit or None,
        )
        empty.fields.append(field)
    file = io.BytesIO()
    document.to_xml(file)
    return file.getvalue().decode()


def _make_id(name: str, taken: set[str]) -> str:
    """Return the name by which astropy calls a column: letters, digits and underscores."""
    made = re.sub(r"\W|^(?=\d)", "_", name, flags=re.ASCII)
    while made in taken:
        made += "_"
    return made


def _escape(value: Value) -> str:
    """Return a value as the text of an XML element; empty without one."""
    if value is None:
        return ""
    text = escape_unencodable(str(value))
    return escape(_NOT_IN_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", text))


@contextmanager
def writing_ecsv(stream: TextIO, table: AnswerTable) -> Iterator[Callable[[FilePrediction], None]]:
    """Write an ECSV table [1]_.

    Parameters
    ----------
    stream : text file
        Open for writing, with newline=''.
    table : AnswerTable
        The columns: `string` and `float64`.

    Yields
    ------
    callable
        Takes a `FilePrediction` and writes a row.

    References
    ----------
    .. [1] Aldcroft, T. 2017, "Enhanced Character Separated Values table format", APE 6.
    """
    from astropy.table import Column, Table

    empty = Table()
    for column in table.columns:
        kind = "f8" if column.kind is float else "str"
        empty[column.name] = Column([], dtype=kind, unit=column.unit or None)
    empty.write(stream, format="ascii.ecsv", delimiter=",")
    # A name that begins with # would be a comment without quotes.
    rows = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)

    def write_row(answer: FilePrediction) -> None:
        # astropy reads line by line, whatever the quotes.
        rows.writerow(
            value.replace("\n", "\\n").replace("\r", "\\r") if isinstance(value, str) else value
            for value in table.make_row(answer)
        )

    yield write_row
