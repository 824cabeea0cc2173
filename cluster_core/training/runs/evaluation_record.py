"""The evaluation of a run: its cross-validation, and all scores of its test pictures."""

from __future__ import annotations

import json
from pathlib import Path

from cluster_core.evaluation.model_evaluation import ModelEvaluation
from cluster_core.training.runs.paths import find_folder
from cluster_core.training.runs.records import READ_ERRORS
from cluster_core.workspace import Workspace, replacing

EVALUATION = "evaluation.json"
# 20,000 pictures of 100 classes take 50 MB.
MAX_BYTES = 200_000_000


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
    path = find_folder(workspace, run_id) / EVALUATION
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return ModelEvaluation.from_record(json.loads(path.read_text("utf-8")))
    except READ_ERRORS:
        return None
