"""What a run was asked to do, how it learned, and what came of it, as JSON in its folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from cluster_core.access import Action, require
from cluster_core.data.index import DatasetIndex
from cluster_core.data.splits import Side, Split
from cluster_core.errors import ClusterError, RunError
from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.model.head.settings import Evaluation
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs.place import find_folder
from cluster_core.workspace import Workspace, replacing

CONFIG = "config.json"
EVALUATIONS = "evaluations.jsonl"
RESULT = "result.json"
REVIEWED = "reviewed.json"
_PATHS = frozenset(field.name for field in fields(TrainConfig) if "Path" in str(field.type))
_DAMAGE = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


@dataclass(frozen=True)
class RunResult:
    """What a run found out.

    Attributes
    ----------
    metrics : Metrics
        The final test; paths of its pictures are relative to the dataset's folder.
    counts : mapping of str to mapping of str to int
        Pictures by side of the split (a value of `Side`), then by class.
    rejected : tuple of (str, str)
        Files that could not be used, `class/name`, and why.
    notes : tuple of str
        What there is to know about the split, in sentences.
    steps_run, step_kept : int
        Steps that were run, and the one whose head was kept.
    """

    metrics: Metrics
    counts: Mapping[str, Mapping[str, int]]
    rejected: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    steps_run: int
    step_kept: int

    @classmethod
    def of(
        cls, metrics: Metrics, index: DatasetIndex, split: Split, learned: Mapping[str, Any]
    ) -> RunResult:
        """Gather what a training returned; `learned` is its bundle's metrics."""
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
        return cls(
            metrics, counts, rejected, split.notes, learned["steps_run"], learned["step_kept"]
        )


def save_config(folder: Path, config: TrainConfig) -> None:
    """Write the settings of a run."""
    (folder / CONFIG).write_text(json.dumps(write_config(config), indent=1), "utf-8")


def write_config(config: TrainConfig) -> dict[str, Any]:
    """Return settings as JSON takes them."""
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in asdict(config).items()
    }


def read_config(record: Mapping[str, Any]) -> TrainConfig:
    """Return what `write_config` was given; ConfigError, TypeError for anything else."""
    values: dict[str, Any] = {
        name: Path(value) if name in _PATHS and value is not None else value
        for name, value in record.items()
    }
    return TrainConfig(**values)


def load_config(workspace: Workspace, run_id: str) -> TrainConfig:
    """Return the settings of a run.

    Raises
    ------
    RunError
        There is no such run, or its settings cannot be read.
    """
    folder = find_folder(workspace, run_id)
    try:
        return read_config(json.loads((folder / CONFIG).read_text("utf-8")))
    except (*_DAMAGE, ClusterError) as error:
        raise RunError(
            f"The settings of the training {run_id} cannot be read ({error}): train again with "
            "new ones."
        ) from error


def format_evaluation(evaluation: Evaluation) -> str:
    """Return a line of the record of evaluations."""
    return json.dumps(list(asdict(evaluation).values())) + "\n"


def load_evaluations(workspace: Workspace, run_id: str) -> tuple[Evaluation, ...]:
    """Return how a run learned so far; empty before its first evaluation.

    Raises
    ------
    RunError
        There is no such run.
    """
    return EvaluationReader(workspace, run_id).read()


class EvaluationReader:
    """Reads how a run learns, each time from where it stopped: for curves that are drawn live.

    Parameters
    ----------
    workspace : Workspace
    run_id : str
        The run, which need not have begun.

    Raises
    ------
    RunError
        There is no such run.
    """

    def __init__(self, workspace: Workspace, run_id: str) -> None:
        self._path = find_folder(workspace, run_id) / EVALUATIONS
        self._offset = 0
        self._evaluations: list[Evaluation] = []

    def read(self) -> tuple[Evaluation, ...]:
        """Return all evaluations until now."""
        try:
            with self._path.open("rb") as stream:
                if stream.seek(0, os.SEEK_END) < self._offset:  # the run was begun anew
                    self._offset, self._evaluations = 0, []
                stream.seek(self._offset)
                # What stands after the last line break is being written.
                whole, line_break, _ = stream.read().rpartition(b"\n")
            self._evaluations += [Evaluation(*json.loads(line)) for line in whole.splitlines()]
            self._offset += len(whole) + len(line_break)
        except _DAMAGE:
            pass  # not there yet, or damaged: what was read still holds
        return tuple(self._evaluations)


def save_result(folder: Path, result: RunResult, image_dir: Path) -> None:
    """Write what came of a run."""
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
        "counts": result.counts,
        "rejected": result.rejected,
        "notes": result.notes,
        "steps_run": result.steps_run,
        "step_kept": result.step_kept,
    }
    with replacing(folder / RESULT) as draft:
        draft.write_text(json.dumps(record), "utf-8")


def load_result(workspace: Workspace, run_id: str) -> RunResult | None:
    """Return what came of a run; None if it made no model, or the record is damaged.

    Raises
    ------
    RunError
        There is no such run.
    """
    try:
        record = json.loads((find_folder(workspace, run_id) / RESULT).read_text("utf-8"))
        pictures = tuple(TestedPicture(Path(path), *values) for path, *values in record["pictures"])
        return RunResult(
            Metrics(tuple(record["labels"]), pictures),
            record["counts"],
            tuple((path, reason) for path, reason in record["rejected"]),
            tuple(record["notes"]),
            record["steps_run"],
            record["step_kept"],
        )
    except _DAMAGE:
        return None


def mark_reviewed(workspace: Workspace, run_id: str, sha256: str) -> None:
    """Note that somebody looked at a mistake of a run and found the picture's label right.

    Raises
    ------
    AccessError
        This server does not allow it.
    RunError
        There is no such run, or it cannot be noted.
    """
    require(Action.EDIT_DATASETS)
    known = load_reviewed(workspace, run_id)
    try:
        with replacing(find_folder(workspace, run_id) / REVIEWED) as draft:
            draft.write_text(json.dumps(sorted(known | {sha256})))
    except OSError as error:
        raise RunError(
            f"That could not be noted ({error.strerror or error}): make sure that the disk has "
            "room, then try again."
        ) from error


def load_reviewed(workspace: Workspace, run_id: str) -> frozenset[str]:
    """Return the hashes of mistakes that somebody found to be labelled right."""
    try:
        return frozenset(json.loads((find_folder(workspace, run_id) / REVIEWED).read_text()))
    except _DAMAGE:
        return frozenset()
