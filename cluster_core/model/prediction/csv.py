"""Write predictions as a CSV table, for the command line and the browser."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from typing import TextIO

from cluster_core.images import OBSERVATION_CARDS
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.source import AnswerSource

# Spreadsheets run a cell with such a prefix as a formula; some also accept the full-width
# characters of Chinese and Japanese keyboards.
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# A number, or a coordinate such as -02 27 30.0 or +22:00:52.
_NUMBER = re.compile(
    r"[+-]([0-9]+[ :]){0,2}([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE
)
_FIRST, _PROBLEM = ("path", "label", "score", "verdict", "novelty"), "problem"


def write_predictions_csv(
    stream: TextIO, source: AnswerSource, more: tuple[str, ...] = ()
) -> Callable[..., None]:
    """Write the header of a table, and return a function that writes a row.

    The columns are path, label, score, verdict, novelty (empty if it was not measured), one score
    per class, problem, those of `AnswerSource.describe`, one per card of `OBSERVATION_CARDS`,
    and `more`. Text that a spreadsheet would run as a formula is prefixed with an apostrophe.
    A column after problem whose name is also that of a class ends in an underscore, so that
    every class is found by its name.

    Parameters
    ----------
    stream : text file
        Open for writing, with newline=''.
    source : AnswerSource
        The model that answered.
    more : tuple of str
        Names of further columns.

    Returns
    -------
    callable
        Takes a `FilePrediction`, and optionally a mapping with values for `more`, and writes
        a row.
    """
    labels, described = source.labels, source.describe()
    rows = csv.writer(stream, lineterminator="\n")
    added = [*described, *OBSERVATION_CARDS, *more]
    names = [f"{name}_" if name in labels else name for name in added]
    rows.writerow([*_FIRST, *map(_escape, labels), _PROBLEM, *names])

    def write_row(answer: FilePrediction, extra: Mapping[str, str] | None = None) -> None:
        prediction = answer.prediction
        if prediction is None:
            found = ["", "", "", "", *("" for _ in labels)]
        else:
            scores = [f"{prediction.scores[label]:.5f}" for label in labels]
            novelty = "" if prediction.novelty is None else f"{prediction.novelty:.5f}"
            found = [prediction.label, f"{prediction.score:.5f}", prediction.verdict.value, novelty]
            found += scores
        values = {**described, **answer.cards, **(extra or {})}
        rest = [str(values.get(name, "")) for name in added]
        problem = answer.problem or (prediction.warning if prediction else "")
        cells = [str(answer.path), *found, problem, *rest]
        rows.writerow(map(_escape, cells))

    return write_row


def _escape(text: str) -> str:
    text = text.replace("\r", "\\r")  # csv.writer does not quote it, and readers end the row there
    is_formula = text.startswith(_FORMULA_PREFIXES) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text
