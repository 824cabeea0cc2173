"""The only place that knows the paths under tf_files/, and how files get there whole."""

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
        The folder, `tf_files` unless the environment variable
        CLUSTER_LAB_WORKSPACE names another.
    """

    root: Path

    @classmethod
    def default(cls) -> Workspace:
        """Return the workspace that the environment names, else ./tf_files."""
        return cls(Path(os.environ.get(ROOT_VARIABLE) or DEFAULT_ROOT))

    @property
    def cluster_photos(self) -> Path:
        """The default dataset: one sub-folder a class."""
        return self.root / "cluster_photos"

    @property
    def trash(self) -> Path:
        """What was deleted and may be brought back."""
        return self.root / ".trash"

    @property
    def incoming(self) -> Path:
        """Archives while they are unpacked."""
        return self.root / ".incoming"

    @property
    def runs(self) -> Path:
        """Trainings asked for in the browser, a folder each."""
        return self.root / "runs"

    @property
    def models(self) -> Path:
        """Where pretrained weights are looked for and downloaded to."""
        return self.root / "models"

    @property
    def backbones(self) -> Path:
        """Backbones converted for this machine."""
        return self.models / "backbones"

    @property
    def bundles(self) -> Path:
        """Trained models, a folder each."""
        return self.models / "bundles"

    @property
    def default_model(self) -> Path:
        """Which model answers where none is named, if somebody chose one."""
        return self.models / "default_model.json"

    @property
    def bottlenecks(self) -> Path:
        """The folder of the bottleneck cache."""
        return self.root / "bottlenecks"

    @property
    def training_summaries(self) -> Path:
        """Event files for TensorBoard, a folder an architecture, or a run of the browser."""
        return self.root / "training_summaries"

    @property
    def retrained_graph(self) -> Path:
        """The frozen graph of the last retraining."""
        return self.root / "retrained_graph.pb"

    @property
    def retrained_labels(self) -> Path:
        """Its class names, a line each."""
        return self.root / RETRAINED_LABELS

    @property
    def intermediate_graphs(self) -> Path:
        """Frozen graphs stored while a training goes on."""
        return self.root / "intermediate_graphs"

    @property
    def training_lock(self) -> Path:
        """Held by a training that runs in this workspace."""
        return self.root / ".training.lock"

    def list_training_locks(self, count: int) -> tuple[Path, ...]:
        """Return the locks of so many trainings that may run at a time."""
        more = (self.root / f".training-{number}.lock" for number in range(2, count + 1))
        return (self.training_lock, *more)

    @property
    def export_lock(self) -> Path:
        """Held while graph and labels are replaced."""
        return self.root / ".exporting.lock"


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a path beside `target` to write to; put it in place when the block ends well.

    Parameters
    ----------
    target : Path
        A file or folder. Where something stands there already it is replaced,
        and until then stays as it was.

    Yields
    ------
    Path
        Where to write. It does not exist yet; its folder does. A device or a
        pipe (/dev/null, /dev/stdout) cannot be replaced: that is `target` itself.
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
    """Delete what a process that was killed had begun to write to a folder with `replacing`."""
    for draft in folder.glob(_name_draft(Path(), "*", process_id, "*").name):
        with suppress(OSError):
            _remove(draft)


def _name_draft(folder: Path, name: str, process_id: int, code: str) -> Path:
    return folder / f".{name}.{process_id}.{code}.part"


def _swap_folder(draft: Path, target: Path) -> None:
    """Replace a folder; a rename onto a folder with files in it is refused by the system."""
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
