"""A run's settings, learning curve, result and reviewed mistakes, as JSON in its folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from cluster_core.data.splits import BY_FILE_NAME
from cluster_core.errors import BackboneError, ClusterError, RunError
from cluster_core.model.head.settings import Evaluation
from cluster_core.storage.drafts import replacing
from cluster_core.storage.saved_values import (
    MALFORMED_ERRORS,
    make_printable,
)
from cluster_core.training.choice.decision import NetworkChoice
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs.checks import (
    check_setting,
    check_texts,
    parse_evaluation,
)
from cluster_core.training.runs.paths import find_folder
from cluster_core.workspace import Workspace

CONFIG = "config.json"
CHOICE = "network_choice.json"
EVALUATIONS = "evaluations.jsonl"
REVIEWED = "reviewed.json"
READ_ERRORS = (OSError, *MALFORMED_ERRORS)
_MAX_DETAIL_LENGTH = 200


def save_config(folder: Path, config: TrainConfig) -> None:
    """Write the settings of a run to its folder.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    (folder / CONFIG).write_text(json.dumps(write_config(config), indent=1), "utf-8")


def write_config(config: TrainConfig) -> dict[str, Any]:
    """Return settings as a dict ready for JSON, with paths as strings."""
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in asdict(config).items()
    }


def read_config(record: Mapping[str, Any]) -> TrainConfig:
    """Return the settings that `write_config` was called with.

    Those of version 0.1 say nothing about the split, and keep the rule of that version.

    Raises
    ------
    ConfigError, BackboneError
        A value is out of its range, or the architecture is unknown.
    TypeError
        The record has unknown settings, or values of the wrong type.
    ValueError, OverflowError
        A value is not a path, or a number that is too large.
    """
    complete = {"split_version": BY_FILE_NAME, **record}
    return TrainConfig(**{name: check_setting(name, value) for name, value in complete.items()})


def load_config(workspace: Workspace, run_id: str) -> TrainConfig:
    """Return the settings of a run, with the dataset of that name in the workspace if it exists.

    Raises
    ------
    RunError
        There is no such run, or its settings cannot be read.
    """
    folder = find_folder(workspace, run_id)
    try:
        config = read_config(json.loads((folder / CONFIG).read_text("utf-8")))
    except (*READ_ERRORS, ClusterError) as error:
        detail = make_printable(str(error)[:_MAX_DETAIL_LENGTH])
        raise RunError(
            f"The settings of the training {run_id} cannot be read ({' '.join(detail.split())}): "
            "set up a new training instead."
        ) from error
    # The workspace may have been moved, or the server been started from another folder.
    dataset = workspace.root / config.image_dir.name
    return replace(config, image_dir=dataset) if dataset.is_dir() else config


def save_choice(folder: Path, choice: NetworkChoice) -> None:
    """Write to a run's folder which network was chosen for it.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    with replacing(folder / CHOICE) as draft:
        draft.write_text(json.dumps(choice.to_record()), "utf-8")


def load_choice(workspace: Workspace, run_id: str) -> NetworkChoice | None:
    """Return which network was chosen for a run; None unless its architecture is `auto`.

    Raises
    ------
    RunError
        There is no such run.
    """
    try:
        return NetworkChoice.from_record(
            json.loads((find_folder(workspace, run_id) / CHOICE).read_text("utf-8"))
        )
    except (*READ_ERRORS, BackboneError):
        return None


def format_evaluation(evaluation: Evaluation) -> str:
    """Return an evaluation as a line of a run's file of evaluations, with its line break."""
    return json.dumps(list(asdict(evaluation).values())) + "\n"


def load_evaluations(workspace: Workspace, run_id: str) -> tuple[Evaluation, ...]:
    """Return the evaluations of a run so far; empty before the first.

    Raises
    ------
    RunError
        There is no such run.
    """
    return EvaluationReader(workspace, run_id).read()


class EvaluationReader:
    """Reads a run's evaluations incrementally, for live learning curves.

    Parameters
    ----------
    workspace : Workspace
    run_id : str
        The run, which may still be queued.

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
        """Return all evaluations so far; reads only lines added since the last call.

        Damaged lines are left out.
        """
        try:
            with self._path.open("rb") as stream:
                if stream.seek(0, os.SEEK_END) < self._offset:  # the run was started again
                    self._offset, self._evaluations = 0, []
                stream.seek(self._offset)
                # Text after the last line break is still being written.
                whole, line_break, _ = stream.read().rpartition(b"\n")
        except OSError:
            return tuple(self._evaluations)  # missing: earlier evaluations remain valid
        self._evaluations += filter(None, map(parse_evaluation, whole.split(b"\n")))
        self._offset += len(whole) + len(line_break)
        return tuple(self._evaluations)


def load_reviewed(workspace: Workspace, run_id: str) -> frozenset[str]:
    """Return the SHA-256 hashes of the mistakes of a run whose labels were confirmed.

    Version 0.1 recorded them with the run; see `confirm_label` for those of today.

    Raises
    ------
    RunError
        There is no such run.
    """
    try:
        record = json.loads((find_folder(workspace, run_id) / REVIEWED).read_text())
        return frozenset(check_texts(record))
    except READ_ERRORS:
        return frozenset()
