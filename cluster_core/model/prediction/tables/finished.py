"""Tell whether a finished table can get further rows, without labelling its pictures again."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from cluster_core.images import OBSERVATION_CARDS
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.tables.columns import AnswerTable, escape_unencodable
from cluster_core.model.prediction.tables.csv import escape_formula
from cluster_core.model.prediction.tables.json import format_json

_JSON_KEYS = ("path", "label", "score", "verdict", "novelty", "scores", "problem")
_NOTHING = FilePrediction("", None, None)  # leaves what every row repeats


def is_continuable(path: Path, table: AnswerTable, is_csv: bool) -> bool:
    """Tell whether every row of a table is complete, and from the same model and settings.

    Parameters
    ----------
    path : Path
        A finished CSV or JSON lines file.
    table : AnswerTable
        The columns that it should have.
    is_csv : bool
        Whether it is CSV; else JSON lines.

    Raises
    ------
    OSError
        It cannot be read.
    """
    with suppress(ValueError):  # it is not known when the model was trained
        if path.stat().st_mtime < datetime.fromisoformat(table.source.created).timestamp():
            return False  # another model was in the same folder
    is_row = _is_csv_table if is_csv else _is_json_table
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        last = ""

        def lines() -> Iterator[str]:
            nonlocal last
            for line in file:
                last = line
                yield line

        return is_row(lines(), table) and last.endswith("\n")


def _is_csv_table(lines: Iterable[str], table: AnswerTable) -> bool:
    names = [escape_unencodable(escape_formula(column.name)) for column in table.columns]
    cells = zip(table.columns, table.make_row(_NOTHING), strict=True)
    repeated = {
        at: escape_unencodable(escape_formula(column.format(value)))
        for at, (column, value) in enumerate(cells)
        if value not in ("", None)
    }
    rows = csv.reader(lines)
    try:
        return next(rows, None) == names and all(
            len(row) == len(names) and all(row[at] == text for at, text in repeated.items())
            for row in rows
        )
    except csv.Error:
        return False


def _is_json_table(lines: Iterable[str], table: AnswerTable) -> bool:
    repeated = json.loads(format_json(_NOTHING, table.source))
    del repeated["path"], repeated["problem"]
    more = {column.name for column in table.more}
    allowed = {*_JSON_KEYS, *repeated, *OBSERVATION_CARDS, *more}
    labels = list(table.source.labels)

    def is_row(line: str) -> bool:
        try:
            row: dict[str, Any] = json.loads(line)
            is_labelled = "scores" in row
            return (
                isinstance(row["path"], str)
                and row.keys() <= allowed
                and {key: row[key] for key in repeated} == repeated
                and (not is_labelled or (list(row["scores"]) == labels and more <= row.keys()))
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            return False

    return all(map(is_row, lines))
