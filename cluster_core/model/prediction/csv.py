"""Write predictions as a CSV table, for the command line and the browser."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import TextIO

from cluster_core.model.prediction.batch import FilePrediction

# Spreadsheets run a cell with such a prefix as a formula; some also accept the full-width
# characters of Chinese and Japanese keyboards.
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_predictions_csv(
    stream: TextIO, labels: tuple[str, ...]
) -> Callable[[FilePrediction], None]:
    """Write the header of a table, and return a function that writes a row.

    The columns are path, label, score, one score per class, and problem. Text that a
    spreadsheet would run as a formula is prefixed with an apostrophe.

    Parameters
    ----------
    stream : text file
        Open for writing, with newline=''.
    labels : tuple of str
        The model's classes.

    Returns
    -------
    callable
        Takes a `FilePrediction` and writes its row.
    """
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(["path", "label", "score", *map(_escape, labels), "problem"])

    def write_row(answer: FilePrediction) -> None:
        path, prediction = _escape(str(answer.path)), answer.prediction
        if prediction is None:
            problem = _escape(answer.problem or "")
            rows.writerow([path, "", "", *("" for _ in labels), problem])
            return
        scores = [f"{prediction.scores[label]:.5f}" for label in labels]
        label, score = _escape(prediction.label), f"{prediction.score:.5f}"
        rows.writerow([path, label, score, *scores, ""])

    return write_row


def _escape(text: str) -> str:
    text = text.replace("\r", "\\r")  # csv.writer does not quote it, and readers end the row there
    return f"'{text}" if text.startswith(_FORMULA_PREFIXES) else text
