"""Paths inside the workspace, and atomic replacement of files and folders."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

DEFAULT_ROOT = "tf_files"
DATASET_SUFFIX = "_photos"
ROOT_VARIABLE = "CLUSTER_LAB_WORKSPACE"
RETRAINED_LABELS = "retrained_labels.txt"


@dataclass(frozen=True)
class Workspace:
    """The user's data on disk.

    Attributes
    ----------
    root : Path
        The folder: `tf_files`, unless the environment variable
        CLUSTER_LAB_WORKSPACE names another one.
    """

    root: Path

    @classmethod
    def default(cls) -> Workspace:
        """Return the workspace named by CLUSTER_LAB_WORKSPACE, else ./tf_files."""
        return cls(Path(os.environ.get(ROOT_VARIABLE) or DEFAULT_ROOT))

    @property
    def cluster_photos(self) -> Path:
        """The default dataset: one sub-folder per class."""
        return self.root / "cluster_photos"

    @property
    def trash(self) -> Path:
        """Deleted files that can still be restored."""
        return self.root / ".trash"

    @property
    def incoming(self) -> Path:
        """Staging folder for archives being unpacked."""
        return self.root / ".incoming"

    @property
    def runs(self) -> Path:
        """Trainings started from the browser, one folder per run."""
        return self.root / "runs"

    @property
    def models(self) -> Path:
        """Pretrained weights, converted backbones and trained models."""
        return self.root / "models"

    @property
    def backbones(self) -> Path:
        """Backbones converted on this computer."""
        return self.models / "backbones"

    @property
    def bundles(self) -> Path:
        """Trained models, one folder per model."""
        return self.models / "bundles"

    @property
    def default_model(self) -> Path:
        """The user's choice of default model; missing until one is chosen."""
        return self.models / "default_model.json"

    @property
    def bottlenecks(self) -> Path:
        """The folder of the bottleneck cache."""
        return self.root / "bottlenecks"

    @property
    def training_summaries(self) -> Path:
        """Event files for TensorBoard, one folder per architecture or browser run."""
        return self.root / "training_summaries"

    @property
    def retrained_graph(self) -> Path:
        """The frozen graph of the latest retraining."""
        return self.root / "retrained_graph.pb"

    @property
    def retrained_labels(self) -> Path:
        """The class names of `retrained_graph`, one per line."""
        return self.root / RETRAINED_LABELS

    @property
    def intermediate_graphs(self) -> Path:
        """Frozen graphs stored during a training."""
        return self.root / "intermediate_graphs"

    @property
    def training_lock(self) -> Path:
        """Lock file of a running training."""
        return self.root / ".training.lock"

    def list_training_locks(self, count: int) -> tuple[Path, ...]:
        """Return one lock file for each of `count` concurrent trainings, at least one."""
        more = (self.root / f".training-{number}.lock" for number in range(2, count + 1))
        return (self.training_lock, *more)

    @property
    def export_lock(self) -> Path:
        """Lock file held while the graph and its labels are replaced."""
        return self.root / ".exporting.lock"


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a draft path to write to, and move it to `target` if the block succeeds.

    Parameters
    ----------
    target : Path
        A file or folder. An existing one stays untouched until it is replaced.

    Yields
    ------
    Path
        Where to write. It does not exist yet, but its parent folder does. For a
        device or pipe (/dev/null, /dev/stdout), which cannot be replaced, this is
        `target` itself.

    Raises
    ------
    OSError
        The parent folder cannot be created, or the draft cannot be moved; then
        `target` is unchanged.
    """
    if target.exists() and not (target.is_file() or target.is_dir()):
        yield target
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = _name_draft(target.parent, target.name, os.getpid(), uuid.uuid4().hex[:8])
    try:
        yield draft
        if target.is_dir():
            _swap_folder(draft, target)
        else:
            os.replace(draft, target)
    finally:
        _remove(draft)


def remove_drafts(folder: Path, process_id: int) -> None:
    """Delete the unfinished files that a killed process left in `folder`; see `replacing`."""
    for draft in folder.glob(_name_draft(Path(), "*", process_id, "*").name):
        with suppress(OSError):
            _remove(draft)


def _name_draft(folder: Path, name: str, process_id: int, suffix: str) -> Path:
    return folder / f".{name}.{process_id}.{suffix}.part"


def _swap_folder(draft: Path, target: Path) -> None:
    """Replace a folder in two renames; the system cannot rename onto a non-empty folder."""
    old = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.old"
    os.rename(target, old)
    try:
        os.rename(draft, target)
    except OSError:
        os.rename(old, target)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
