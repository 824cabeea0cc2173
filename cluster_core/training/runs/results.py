"""The result of a run: its final test, the split, and the files that could not be used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster_core.data.index import DatasetIndex
from cluster_core.data.splits import Side, Split
from cluster_core.evaluation.scores import Metrics
from cluster_core.storage.drafts import replacing
from cluster_core.storage.saved_values import check_count, check_text
from cluster_core.training.novelty import describe_rejections
from cluster_core.training.runs.checks import check_counts, check_metrics, check_texts
from cluster_core.training.runs.paths import find_folder
from cluster_core.training.runs.records import READ_ERRORS
from cluster_core.workspace import Workspace

RESULT = "result.json"


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Attributes
    ----------
    metrics : Metrics
        Result of the final test; picture paths are relative to the dataset's folder.
    counts : mapping of str to mapping of str to int
        Number of pictures by side of the split (a value of `Side`), then by class.
    rejected : tuple of (str, str)
        Files that could not be used, as `class/name`, each with the reason.
    notes : tuple of str
        Remarks on the split, in sentences.
    steps_run, step_kept : int
        Number of steps run, and the step whose head was kept.
    """

    metrics: Metrics
    counts: Mapping[str, Mapping[str, int]]
    rejected: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    steps_run: int
    step_kept: int

    @classmethod
    def of(
        cls, metrics: Metrics, index: DatasetIndex, split: Split, recorded: Mapping[str, Any]
    ) -> RunResult:
        """Make the result of a finished training.

        Parameters
        ----------
        metrics : Metrics
            Result of the final test.
        index : DatasetIndex
            The dataset.
        split : Split
            Its division into sides.
        recorded : mapping
            The metrics of the `ModelBundle`.
        """
        sides = {
            Side.TRAINING: split.training,
            Side.VALIDATION: split.validation,
            Side.TESTING: split.testing,
            Side.SET_ASIDE: split.set_aside,
        }
        counts = {
            str(side): {
                label: sum(picture.label == label for picture in pictures) for label in index.labels
            }
            for side, pictures in sides.items()
        }
        rejected = tuple((f"{file.label}/{file.path.name}", file.reason) for file in index.rejected)
        notes = (*split.notes, *filter(None, [describe_rejections(recorded)]))
        return cls(metrics, counts, rejected, notes, recorded["steps_run"], recorded["step_kept"])


def save_result(folder: Path, result: RunResult, image_dir: Path) -> None:
    """Write the result of a run to its folder.

    Parameters
    ----------
    folder : Path
        The run's folder.
    result : RunResult
        The result, with absolute picture paths.
    image_dir : Path
        The dataset's folder, which picture paths are saved relative to.

    Raises
    ------
    OSError
        The file cannot be written.
    ValueError
        A picture is not in `image_dir`.
    """
    pictures = [
        [
            picture.path.relative_to(image_dir).as_posix(),
            picture.sha256,
            picture.label,
            picture.predicted,
            picture.score,
        ]
        for picture in result.metrics.pictures
    ]
    record = {
        "labels": result.metrics.labels,
        "pictures": pictures,
        "n_independent": result.metrics.n_independent,
        "counts": result.counts,
        "rejected": result.rejected,
        "notes": result.notes,
        "steps_run": result.steps_run,
        "step_kept": result.step_kept,
    }
    with replacing(folder / RESULT) as draft:
        draft.write_text(json.dumps(record), "utf-8")


def load_result(workspace: Workspace, run_id: str) -> RunResult | None:
    """Return the result of a run; None if it produced no model, or the file is damaged.

    Raises
    ------
    RunError
        There is no such run.
    """
    try:
        record = json.loads((find_folder(workspace, run_id) / RESULT).read_text("utf-8"))
        return RunResult(
            check_metrics(record),
            check_counts(record["counts"]),
            tuple((check_text(path), check_text(reason)) for path, reason in record["rejected"]),
            check_texts(record["notes"]),
            check_count(record["steps_run"]),
            check_count(record["step_kept"]),
        )
    except READ_ERRORS:
        return None
