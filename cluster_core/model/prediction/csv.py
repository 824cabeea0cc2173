"""A table of answers as CSV, for the command line and the browser alike."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import TextIO

from cluster_core.model.prediction.batch import FilePrediction

# A cell that begins so is run as a formula by spreadsheets, by some also with the wide signs
# of Chinese and Japanese keyboards.
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_predictions_csv(
    stream: TextIO, labels: tuple[str, ...]
) -> Callable[[FilePrediction], None]:
    """Write the header of a table now, and return what writes a row.

    Parameters
    ----------
    stream : text file
        Open for writing, with newline=''.
    labels : tuple of str
        The model's classes; a column of scores for each.

    Returns
    -------
    callable
        Takes one FilePrediction: path, label, score, the scores of all classes, problem.
        Names that a spreadsheet would run as a formula get an apostrophe in front.
    """
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(["path", "label", "score", *map(_disarm, labels), "problem"])

    def write(answer: FilePrediction) -> None:
        path, found = _disarm(str(answer.path)), answer.prediction
        if found is None:
            problem = _disarm(answer.problem or "")
            rows.writerow([path, "", "", *("" for _ in labels), problem])
            return
        scores = [f"{found.scores[label]:.5f}" for label in labels]
        rows.writerow([path, _disarm(found.label), f"{found.score:.5f}", *scores, ""])

    return write


def _disarm(text: str) -> str:
    text = text.replace("\r", "\\r")  # which csv.writer does not quote, and readers end a row at
    return f"'{text}" if text.startswith(_FORMULA_BEGINS) else text
