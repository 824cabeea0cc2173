"""Files to sort, with answers that need no model."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.prediction import Limits, Prediction
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.sorting.answering import AnsweredFile
from cluster_core.sorting.records import FileFacts, Transfer
from cluster_core.sorting.sorter import Sorter, SortSettings
from tests.samples import OWNER

SOURCE = AnswerSource(("open", "globular"), "m1", "My model")
OPEN, GLOBULAR, UNSURE = 0.9, 0.1, 0.52


def answer(path: Path, score: float = OPEN, novelty: float | None = None) -> AnsweredFile:
    """Return an answer to the present content of a file; `score` is that of the class open."""
    scores = {"open": score, "globular": 1 - score}
    best = max(scores, key=scores.get)
    limits = Limits(novel_above=0.9)
    prediction = Prediction(best, scores, 0.0, novelty=novelty, limits=limits)
    status, sha256 = path.stat(), hashlib.sha256(path.read_bytes()).hexdigest()
    facts = FileFacts(status.st_size, status.st_mtime_ns, sha256)
    return AnsweredFile(path, FilePrediction(str(path), prediction, None, path=path), facts)


def write_files(folder: Path, *names: str) -> list[Path]:
    """Write files that contain their names."""
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"picture {path.name}", errors="replace")
    return paths


def sort(answers, output: Path, transfer=Transfer.COPY, **settings) -> Sorter:
    """Sort files that were not sorted before, and write the table."""
    with Sorter(OWNER, SortSettings(output, transfer, **settings), SOURCE) as sorter:
        for one in answers:
            if not sorter.is_sorted(one.path):
                sorter.sort(one)
        sorter.write_table()
    return sorter


def list_tree(folder: Path) -> dict[str, str]:
    """Return the contents of all files in a folder, by relative path, but not the lock."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return {path.relative_to(folder).as_posix(): path.read_text() for path in found}
