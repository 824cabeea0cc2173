"""Paths inside the workspace, and atomic replacement of files and folders."""

from __future__ import annotations

import functools
import os
import re
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
_LEFTOVER = re.compile(r"\.(.+)\.(\d{1,9})\.[0-9a-f]{8}\.(part|old)", re.DOTALL)
_active_drafts: set[str] = set()  # names; this process may spell their folder in two ways


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
    def answers(self) -> Path:
        """Pictures that visitors classify, and the answers, kept for a while."""
        return self.root / ".answers"

    @property
    def queues(self) -> Path:
        """Unlabelled pictures on their way into datasets, one folder per queue."""
        return self.root / "queues"

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
    def imported_backbones(self) -> Path:
        """Converted backbones that came with models from elsewhere; trainings never use them."""
        return self.backbones / "imported"

    @property
    def bundles(self) -> Path:
        """Trained models, one folder per model."""
        return self.models / "bundles"

    @property
    def published(self) -> Path:
        """Published models, one folder per alias."""
        return self.root / "published"

    @property
    def exports(self) -> Path:
        """Models in other formats, made on the pages and kept until they are downloaded."""
        return self.root / ".exports"

    @property
    def signed_out(self) -> Path:
        """Hashes of sign-ins that were ended before they expired, one empty file each."""
        return self.root / ".signed_out"

    @property
    def default_model(self) -> Path:
        """The user's choice of default model; missing until one is chosen."""
        return self.models / "default_model.json"

    @property
    def api_keys(self) -> Path:
        """Hashes of the keys for the REST API."""
        return self.root / "api_keys.json"

    @property
    def last_dataset(self) -> Path:
        """The dataset used last; missing until one is chosen or created on the pages."""
        return self.root / ".last_dataset.json"

    @property
    def last_sort(self) -> Path:
        """The folder that was sorted last on the Classify page; missing until one was."""
        return self.root / ".last_sort.json"

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
    with drafting(target) as draft:
        yield draft
        if target.is_dir():
            _swap_folder(draft, target)
        else:
            os.replace(draft, target)


@contextmanager
def drafting(target: Path) -> Iterator[Path]:
    """Yield a hidden path next to `target` to write to, and delete it if it is still there.

    The first draft of this process in a folder removes the drafts of killed processes there.

    Parameters
    ----------
    target : Path
        A file or folder in an existing folder.
    """
    _clean_once(target.parent)
    draft = _name_draft(target.parent, target.name, os.getpid(), uuid.uuid4().hex[:8])
    _active_drafts.add(draft.name)
    try:
        yield draft
    finally:
        _remove(draft)
        _active_drafts.discard(draft.name)


def remove_abandoned_drafts(folder: Path) -> None:
    """Delete the unfinished files in `folder` whose processes were killed; see `replacing`.

    A folder whose replacement was cut in half is put back. Nothing is raised.

    Parameters
    ----------
    folder : Path
        Its sub-folders are not cleaned.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            found = _LEFTOVER.fullmatch(path.name)
            if found and not _is_in_use(path, int(found[2])):
                with suppress(OSError):
                    _clean_up(path, folder / found[1])


def remove_all_abandoned_drafts(workspace: Workspace) -> None:
    """Clean every folder of a workspace; see `remove_abandoned_drafts`."""
    for folder, _, _ in os.walk(workspace.root):
        remove_abandoned_drafts(Path(folder))


_clean_once = functools.lru_cache(maxsize=1024)(remove_abandoned_drafts)


def _is_in_use(path: Path, process_id: int) -> bool:
    # After a restart in a container, this process may have the number of the killed one.
    if process_id == os.getpid():
        return path.with_suffix(".part").name in _active_drafts
    if os.name == "nt":  # where os.kill would end the process
        return True
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except OSError:  # a process of another user
        return True
    return True


def _clean_up(path: Path, target: Path) -> None:
    if path.suffix == ".old" and not os.path.lexists(target):
        os.rename(path, target)
    else:
        _remove(path)


def remove_drafts(folder: Path, process_id: int) -> None:
    """Delete the unfinished files that a killed process left in `folder`; see `replacing`."""
    for draft in folder.glob(_name_draft(Path(), "*", process_id, "*").name):
        with suppress(OSError):
            _remove(draft)


def name_target(path: str) -> str:
    """Return a path with each draft in it called as what it is a draft of; see `drafting`."""
    found = [(part, _LEFTOVER.fullmatch(part)) for part in Path(path).parts]
    return str(Path(*(match[1] if match else part for part, match in found)))


def _name_draft(folder: Path, name: str, process_id: int, suffix: str) -> Path:
    return folder / f".{name}.{process_id}.{suffix}.part"


def _swap_folder(draft: Path, target: Path) -> None:
    """Replace a folder in two renames; the system cannot rename onto a non-empty folder."""
    old = draft.with_suffix(".old")
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
