"""Where a training writes, checked before it begins."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cluster_core.errors import ConfigError, RunError
from cluster_core.training.config import TrainConfig
from cluster_core.workspace import Workspace


@dataclass(frozen=True)
class TrainingOutputs:
    """The files and folders of one training, those of the workspace filled in."""

    model_dir: Path
    bottleneck_dir: Path
    summaries_dir: Path
    output_graph: Path
    output_labels: Path
    intermediate_output_graphs_dir: Path
    saved_model_dir: Path | None

    @classmethod
    def of(cls, config: TrainConfig, workspace: Workspace) -> TrainingOutputs:
        """Return where a training with these settings writes."""
        return cls(
            model_dir=config.model_dir or workspace.models,
            bottleneck_dir=config.bottleneck_dir or workspace.bottlenecks,
            summaries_dir=config.summaries_dir
            or workspace.training_summaries / config.architecture,
            output_graph=config.output_graph or workspace.retrained_graph,
            output_labels=config.output_labels or workspace.retrained_labels,
            intermediate_output_graphs_dir=config.intermediate_output_graphs_dir
            or workspace.intermediate_graphs,
            saved_model_dir=config.saved_model_dir,
        )

    def check(self) -> None:
        """Raise now what would otherwise be found out after the training.

        Raises
        ------
        ConfigError
            A file is asked for where a folder stands, or a SavedModel where
            something else lies that would be lost.
        RunError
            A folder cannot be made or written to.
        """
        for name in ("output_graph", "output_labels"):
            path: Path = getattr(self, name)
            if path.is_dir():
                raise ConfigError(
                    f"{name} must be a file, and {path} is a folder: add a file name to it.",
                    field=name,
                    received=path,
                    allowed="the path of a file",
                )
            _require_writable(path.parent)
        _require_writable(self.summaries_dir)
        folder = self.saved_model_dir
        if folder:
            _require_writable(folder.parent)
        if folder and folder.exists() and not _may_be_replaced(folder):
            raise ConfigError(
                f"saved_model_dir must be a new or empty folder or an older SavedModel, and "
                f"{folder} holds something else: give another folder.",
                field="saved_model_dir",
                received=folder,
                allowed="a new or empty folder, or a SavedModel",
            )


def _may_be_replaced(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    return (folder / "saved_model.pb").is_file() or not any(folder.iterdir())


def _require_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"The folder {folder} could not be made ({error.strerror}): choose another, or allow "
            "writing there."
        ) from error
    if not os.access(folder, os.W_OK):
        raise RunError(f"The folder {folder} cannot be written to: choose another, or allow it.")
