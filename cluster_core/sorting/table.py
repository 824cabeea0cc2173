"""Write the table of sorted files beside their folders, from the log."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.prediction import Limits, Prediction
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.columns import AnswerTable, Column
from cluster_core.model.prediction.tables.csv import write_csv
from cluster_core.model.prediction.tables.sky import make_sky_values
from cluster_core.sorting.log import TABLE, SortLog, read_lines
from cluster_core.sorting.records import Stage
from cluster_core.storage.drafts import drafting
from cluster_core.storage.exclusive_rename import rename_exclusively
from cluster_core.storage.hashing import hash_file
from cluster_core.storage.saved_values import MALFORMED_ERRORS

_SORTED_TO = "sorted_to"


def write_table(
    log: SortLog, output: Path, source: AnswerSource, columns: Sequence[Column]
) -> Path:
    """Write a table of all sorted files, and of those that were left where they are.

    An earlier version is replaced, unless somebody changed it; then the table gets another name.

    Parameters
    ----------
    log : SortLog
    output : Path
        The folder of sorted files.
    source : AnswerSource
        The model that answered.
    columns : sequence of Column
        Columns beside `sorted_to` and those of the command classify.

    Returns
    -------
    Path
        The table.

    Raises
    ------
    OSError
        It cannot be written.
    """
    table = AnswerTable(source, (Column(_SORTED_TO), *columns))
    with drafting(output / TABLE) as draft:
        with draft.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            write = write_csv(stream, table)
            for line in read_lines(log.path):
                if _is_sorted(line, log):
                    with suppress(*MALFORMED_ERRORS):  # a damaged line has no row
                        write(_unpack_answer(line, source.labels))
            for path, problem in log.state.problems.items():
                write(FilePrediction(path, None, problem))
        sha256, number = hash_file(draft), 1
        while True:
            target = output / TABLE.replace(".", f" ({number})." if number > 1 else ".")
            number += 1
            if os.path.lexists(target) and not is_unchanged(log, target):
                continue
            log.append({"table": target.name, "sha256": sha256})
            if target.exists():
                os.replace(draft, target)
                return target
            try:
                rename_exclusively(draft, target)
            except FileExistsError:
                continue
            return target


def is_unchanged(log: SortLog, table: Path) -> bool:
    """Tell whether a file is a version of the table that was written here."""
    is_file = table.is_file() and not table.is_symlink()
    return is_file and hash_file(table) in log.state.tables.get(table.name, ())


def pack_answer(answer: FilePrediction) -> dict[str, Any]:
    """Return an answer as the log keeps it."""
    prediction = answer.prediction
    assert prediction
    limits = prediction.limits
    return {
        "scores": dict(prediction.scores),
        "novelty": prediction.novelty,
        "limits": [limits.unsure_below, limits.novel_above],
        "warning": prediction.warning,
        "cards": dict(answer.cards),
        "more": dict(make_sky_values(answer.sky)) if answer.sky else {},
    }


def _is_sorted(line: Mapping[str, Any], log: SortLog) -> bool:
    number = line.get("begin")
    return isinstance(number, int) and log.state.stages.get(number) is Stage.DONE


def _unpack_answer(line: Mapping[str, Any], labels: Sequence[str]) -> FilePrediction:
    """Return the answer of a line; raise one of `MALFORMED_ERRORS` if it is damaged."""
    kept = line["answer"]
    scores = {label: float(kept["scores"][label]) for label in labels}
    best = max(scores, key=scores.__getitem__)
    limits = Limits(*kept["limits"])
    prediction = Prediction(best, scores, 0.0, str(kept["warning"]), kept["novelty"], limits)
    more = {**kept["more"], _SORTED_TO: line["place"]}
    return FilePrediction(str(line["source"]), prediction, None, kept["cards"], None, more)
