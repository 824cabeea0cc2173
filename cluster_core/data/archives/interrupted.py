"""Imports whose process was killed: continue them, discard them, or clean up after them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.data.archives.placing import (
    Placing,
    find_waiting,
    load_placing,
    place,
    remove_staged,
)
from cluster_core.data.catalog import dataset_dir
from cluster_core.data.editing.allowed_paths import refuse_link
from cluster_core.data.index import Progress
from cluster_core.errors import DatasetError
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.storage.staging import claim, list_staged
from cluster_core.workspace import Workspace


@dataclass(frozen=True)
class InterruptedImport:
    """An import whose process was killed while it moved pictures into the dataset.

    Attributes
    ----------
    id : str
        Name of its folder in `.incoming`.
    dataset : str
        Name of the dataset.
    n_added : int
        Pictures that are in the dataset already.
    n_waiting : int
        Pictures that are not.
    """

    id: str
    dataset: str
    n_added: int
    n_waiting: int


def list_interrupted_imports(workspace: Workspace) -> tuple[InterruptedImport, ...]:
    """Return the imports whose process was killed while it moved pictures into a dataset."""
    found = []
    for folder in list_staged(workspace):
        if (placing := load_placing(folder)) is not None:
            with claim(folder) as is_abandoned:
                n_waiting = len(find_waiting(folder, placing))
                n_added = len(placing.files) - n_waiting
                if is_abandoned and n_waiting:
                    found.append(
                        InterruptedImport(folder.name, placing.dataset, n_added, n_waiting)
                    )
    return tuple(found)


def remove_abandoned_imports(workspace: Workspace) -> None:
    """Delete what killed imports unpacked, unless they can be continued. Nothing is raised."""
    for folder in list_staged(workspace):
        with claim(folder) as is_abandoned:
            placing = load_placing(folder)
            if is_abandoned and not (placing and find_waiting(folder, placing)):
                shutil.rmtree(folder, ignore_errors=True)


def continue_import(
    access: Access, workspace: Workspace, import_id: str, on_progress: Progress | None = None
) -> dict[str, int]:
    """Add the pictures of an interrupted import that are not in the dataset yet.

    Parameters
    ----------
    access : Access
    workspace : Workspace
        The workspace of the import.
    import_id : str
        The `id` of an `InterruptedImport`.
    on_progress : callable, optional
        Called with (pictures done, pictures in total). It may raise to stop; then the import
        can still be continued.

    Returns
    -------
    dict of str to int
        Number of pictures added now, by class.

    Raises
    ------
    DatasetError
        There is no such import any more, or the disk or a visitor's workspace is full. Nothing
        is added.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, workspace.root)
    with _claim_interrupted(workspace, import_id) as (folder, placing), access.alone():
        image_dir = dataset_dir(workspace, placing.dataset)
        for label in placing.labels:
            refuse_link(image_dir / label)
        waiting = Counter(file.label for file in find_waiting(folder, placing))
        access.require_room(n_pictures=waiting.total())
        with explaining_disk_errors("The pictures could not be added", image_dir):
            place(folder, image_dir, placing, on_progress or (lambda done, total: None))
        remove_staged(folder)
    return dict(waiting)


def discard_import(access: Access, workspace: Workspace, import_id: str) -> None:
    """Delete the pictures of an interrupted import that are not in the dataset yet.

    Raises
    ------
    DatasetError
        There is no such import any more.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, workspace.root)
    with _claim_interrupted(workspace, import_id) as (folder, _):
        remove_staged(folder)


@contextmanager
def _claim_interrupted(workspace: Workspace, import_id: str) -> Iterator[tuple[Path, Placing]]:
    folder = workspace.incoming / import_id
    if folder in list_staged(workspace):
        with claim(folder) as is_abandoned:
            placing = load_placing(folder)
            if is_abandoned and placing is not None:
                yield folder, placing
                return
    raise DatasetError(
        "This import can no longer be continued, because another tab has finished or discarded "
        "it, or is working on it: reload the page.",
        path=folder,
    )
