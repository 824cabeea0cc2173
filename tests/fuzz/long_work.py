"""Work that takes time, as a process of its own that is killed in the middle of it.

`python -m tests.fuzz.long_work WORK FOLDER [N]` prints a line when it is ready to start, and one
with the number of file operations when it is over; with N, it kills itself before the Nth.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cluster_core import classify, retrain
from cluster_core.data.archives.dataset_archive import import_archive
from cluster_core.data.editing.pictures import delete_pictures, move_pictures
from cluster_core.storage.trash import list_trash, restore
from cluster_core.workspace import ROOT_VARIABLE, Workspace
from tests.samples import OWNER

DATASET_DIR, UNPACKED_DIR = "many_photos", "unpacked_photos"
FULL, EMPTY = "full", "empty"
ARCHIVE, ANSWERS = "archive.zip", "answers.csv"
_FILE_EVENTS = ("open", "sqlite3.connect", "os.", "shutil.")


def list_pictures(workspace: Workspace, label: str) -> list[Path]:
    """Return the pictures of one of the two classes of the dataset, in a fixed order."""
    return sorted((workspace.root / DATASET_DIR / label).glob("*.png"))


def train_model(workspace: Workspace) -> None:
    """Train on the dataset of the sample."""
    flags = ["--architecture=random", "--how_many_training_steps=100", "--learning_rate=0.5"]
    image_dir = workspace.root / "colours_photos"
    retrain.main([f"--image_dir={image_dir}", *flags], standalone_mode=False)


def classify_all(workspace: Workspace) -> None:
    """Label the pictures of the dataset, and write a table outside the workspace."""
    output = workspace.root.parent / ANSWERS
    folder = workspace.root / DATASET_DIR
    classify.main([str(folder), "--output", str(output)], standalone_mode=False)


def unpack_archive(workspace: Workspace) -> None:
    """Add the pictures of an archive to a new dataset."""
    with (workspace.root.parent / ARCHIVE).open("rb") as file:
        import_archive(OWNER, workspace, workspace.root / UNPACKED_DIR, file)


def move_all(workspace: Workspace) -> None:
    """Move all pictures of one class to the other."""
    move_pictures(OWNER, workspace.root / DATASET_DIR, list_pictures(workspace, FULL), EMPTY)


def delete_all(workspace: Workspace) -> None:
    """Delete all pictures of a class."""
    delete_pictures(OWNER, workspace, list_pictures(workspace, FULL))


def undo_all(workspace: Workspace) -> None:
    """Undo every deletion."""
    for entry in list_trash(workspace):
        restore(OWNER, workspace, entry.id)


WORK: dict[str, Callable[[Workspace], None]] = {
    "retrain": train_model,
    "classify": classify_all,
    "unpack": unpack_archive,
    "move": move_all,
    "delete": delete_all,
    "undo": undo_all,
}


class _FileOperations:
    """Counts the file operations of this process, and kills it before a given one."""

    def __init__(self, last: int | None) -> None:
        self.count = 0
        self._last = last
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _: tuple[Any, ...]) -> None:
        if event.startswith(_FILE_EVENTS):
            self.count += 1
            if self.count == self._last:
                os.kill(os.getpid(), signal.SIGKILL)


def _main(work: str, folder: str, last: str | None = None) -> None:
    workspace = Workspace(Path(folder) / "tf_files")
    os.environ[ROOT_VARIABLE] = str(workspace.root)
    if work == "retrain":
        import cluster_core.training.train  # noqa: F401  takes seconds, which nobody needs to kill
    print("ready", flush=True)  # noqa: T201
    operations = _FileOperations(int(last) if last else None)
    WORK[work](workspace)
    print(operations.count, flush=True)  # noqa: T201


if __name__ == "__main__":
    _main(*sys.argv[1:])
