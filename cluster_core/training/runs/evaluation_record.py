"""The evaluation of a run: its cross-validation, and all scores of its test pictures."""

from __future__ import annotations

import functools
import json
from contextlib import suppress
from pathlib import Path

from cluster_core.evaluation.model_evaluation import ModelEvaluation
from cluster_core.model.bundle.accuracy import Accuracy
from cluster_core.storage.drafts import replacing
from cluster_core.training.runs.paths import find_folder
from cluster_core.training.runs.records import READ_ERRORS
from cluster_core.training.runs.results import load_result
from cluster_core.workspace import Workspace

EVALUATION = "evaluation.json"
# 20,000 pictures of 100 classes take 50 MB.
MAX_BYTES = 200_000_000
_MAX_CACHED = 256


def save_evaluation(folder: Path, evaluation: ModelEvaluation) -> None:
    """Write the evaluation of a run to its folder.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    with replacing(folder / EVALUATION) as draft:
        draft.write_text(json.dumps(evaluation.to_record()), "utf-8")


def load_evaluation(workspace: Workspace, run_id: str) -> ModelEvaluation | None:
    """Return the evaluation of a run; None if it has none, as in version 0.1, or it is damaged.

    Raises
    ------
    RunError
        There is no such run.
    """
    return _read(find_folder(workspace, run_id) / EVALUATION)


def load_accuracy(workspace: Workspace, run_id: str) -> Accuracy | None:
    """Return the best that is known of the accuracy of a run's model.

    Returns
    -------
    Accuracy or None
        From the cross-validation; without one, from the test; None without either.

    Raises
    ------
    RunError
        There is no such run.
    """
    if validated := load_cross_validation(workspace, run_id):
        return validated
    result = load_result(workspace, run_id)
    return result.metrics.summary if result else None


def load_cross_validation(workspace: Workspace, run_id: str) -> Accuracy | None:
    """Return the cross-validated accuracy of a run, or None; its file is read once per change.

    Raises
    ------
    RunError
        There is no such run.
    """
    path = find_folder(workspace, run_id) / EVALUATION
    with suppress(OSError):
        status = path.stat()
        return _read_accuracy(path, status.st_mtime_ns, status.st_size)
    return None


@functools.lru_cache(maxsize=_MAX_CACHED)
def _read_accuracy(path: Path, written_ns: int, n_bytes: int) -> Accuracy | None:
    evaluation = _read(path)
    validated = evaluation.cross_validation if evaluation else None
    return validated.summary if validated else None


def _read(path: Path) -> ModelEvaluation | None:
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return ModelEvaluation.from_record(json.loads(path.read_text("utf-8")))
    except READ_ERRORS:
        return None
