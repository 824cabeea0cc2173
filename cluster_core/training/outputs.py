"""Where a training writes, checked before it begins."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, fields
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
    bundles: Path
    backbones: Path
    stores_graphs: bool

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
            bundles=workspace.bundles,
            backbones=workspace.backbones,
            stores_graphs=config.intermediate_store_frequency > 0,
        )

    def check(self) -> None:
        """Raise now what would otherwise be found out after the training.

        Raises
        ------
        ConfigError
            A file is asked for where a folder stands, a SavedModel where
            something else lies that would be lost, or two outputs in one place.
        RunError
            A folder cannot be made or written to.
        """
        self._check_apart()
        for name in ("output_graph", "output_labels"):
            path: Path = getattr(self, name)
            _require_writable(path.parent)
            if path.is_dir():
                raise ConfigError(
                    f"{name} must be a file, and {path} is a folder: add a file name to it.",
                    field=name,
                    received=path,
                    allowed="the path of a file",
                )
        for folder in (self.summaries_dir, self.bundles, self.backbones):
            _require_writable(folder)
        if self.stores_graphs:
            _require_writable(self.intermediate_output_graphs_dir)
        self._check_saved_model_dir()

    def _check_saved_model_dir(self) -> None:
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

    def _check_apart(self) -> None:
        """Refuse what would replace another output, or be replaced with it."""
        names = [
            field.name for field in fields(self) if isinstance(getattr(self, field.name), Path)
        ]
        for name, other in itertools.product(
            ("output_graph", "output_labels", "saved_model_dir"), names
        ):
            path, inside = getattr(self, name), getattr(self, other)
            if name == other or path is None or _is_device(path):
                continue
            if inside.resolve().is_relative_to(path.resolve()):
                raise ConfigError(
                    f"{name} and {other} cannot both be written, because one is {path} and the "
                    f"other {inside}: give them places apart from each other.",
                    field=name,
                    received=path,
                    allowed=f"a path apart from {other}",
                )


def _is_device(path: Path) -> bool:
    """Tell whether a path is such as /dev/null, which any number of outputs may go to."""
    return path.exists() and not (path.is_file() or path.is_dir())


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
