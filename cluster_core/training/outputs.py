"""The paths a training writes to, checked before it starts."""

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
    """The files and folders of one training, with the workspace's for those not configured.

    Attributes
    ----------
    model_dir, bottleneck_dir, summaries_dir, output_graph, output_labels,
    intermediate_output_graphs_dir, saved_model_dir
        As in `TrainConfig`; only `saved_model_dir` may be None.
    bundles, backbones : Path
        The workspace's folders of models and of converted backbones.
    stores_graphs : bool
        Whether intermediate graphs are written.
    """

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
        """Return the paths of a training with these settings in a workspace."""
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
        """Check now what would otherwise fail only after the training; make missing folders.

        Raises
        ------
        ConfigError
            The path of a file is a folder, a SavedModel would replace something else, or two
            outputs overlap.
        RunError
            A folder cannot be made or written to.
        """
        self._check_overlaps()
        for name in ("output_graph", "output_labels"):
            path: Path = getattr(self, name)
            _require_writable(path.parent)
            if path.is_dir():
                raise ConfigError(
                    f"{name} must be a file, but {path} is a folder: add a file name.",
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
        if folder and folder.exists() and not _is_replaceable(folder):
            raise ConfigError(
                f"saved_model_dir must be a new or empty folder or an older SavedModel, but "
                f"{folder} contains something else: choose another folder.",
                field="saved_model_dir",
                received=folder,
                allowed="a new or empty folder, or a SavedModel",
            )

    def _check_overlaps(self) -> None:
        """Refuse an output that is the same as another, or contains it."""
        names = [
            field.name for field in fields(self) if isinstance(getattr(self, field.name), Path)
        ]
        for name, other in itertools.product(
            ("output_graph", "output_labels", "saved_model_dir"), names
        ):
            path, inside = getattr(self, name), getattr(self, other)
            if name == other or path is None or _is_device(path):
                continue
            if _resolve(inside).is_relative_to(_resolve(path)):
                raise ConfigError(
                    f"{name} ({path}) and {other} ({inside}) cannot both be written, because one "
                    "would replace the other: choose separate paths.",
                    field=name,
                    received=path,
                    allowed=f"a path that does not contain {other}",
                )


def _resolve(path: Path) -> Path:
    """Follow links as `Path.resolve` does, which fails on a link to itself before Python 3.13."""
    return Path(os.path.realpath(path))


def _is_device(path: Path) -> bool:
    """Return whether a path is a device, such as /dev/null, that outputs may share."""
    return path.exists() and not (path.is_file() or path.is_dir())


def _is_replaceable(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    return (folder / "saved_model.pb").is_file() or not any(folder.iterdir())


def _require_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"The folder {folder} could not be made ({error.strerror}): choose another, or allow "
            "write access."
        ) from error
    if not os.access(folder, os.W_OK):
        raise RunError(
            f"The folder {folder} cannot be written to: choose another, or allow write access."
        )
