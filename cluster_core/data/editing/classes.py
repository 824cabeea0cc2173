"""Add, rename and delete the classes of a dataset."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.data.class_folders import list_class_folders, list_labels
from cluster_core.data.counter_classes import load_ticked, tick_counter_class
from cluster_core.data.editing.allowed_paths import check_dataset_dir, find_class_dir, refuse_link
from cluster_core.data.labels import check_class_name, fold_name
from cluster_core.errors import DatasetError
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.storage.trash import TrashEntry, move_to_trash
from cluster_core.workspace import Workspace


def list_classes(image_dir: Path) -> tuple[str, ...]:
    """Return the names of the classes, sorted; empty if the dataset does not exist yet.

    Raises
    ------
    DatasetError
        The folder cannot be opened, or the name of a class is not one line of text.
    """
    return list_labels(image_dir) if os.path.lexists(image_dir) else ()


def add_class(access: Access, image_dir: Path, label: str) -> Path:
    """Create the folder of a new class, and of the dataset if it is missing.

    Parameters
    ----------
    access : Access
    image_dir : Path
        The dataset.
    label : str
        Name of the class. Spaces around it are dropped.

    Returns
    -------
    Path
        The new, empty folder.

    Raises
    ------
    DatasetError
        The name is not valid or already taken (capital letters do not
        distinguish names), or the folder cannot be created.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, image_dir)
    stored = check_class_name(label)
    refuse_link(image_dir)
    if os.path.lexists(image_dir):
        _require_new(image_dir, stored, None)
    folder = image_dir / stored
    with explaining_disk_errors(f"The class {stored} could not be added", image_dir):
        folder.mkdir(parents=True)
    if stored in load_ticked(image_dir):  # as an earlier class of this name was
        tick_counter_class(access, image_dir, stored, False)
    return folder


def rename_class(access: Access, image_dir: Path, label: str, new: str) -> Path:
    """Rename a class.

    Parameters
    ----------
    access : Access
    image_dir : Path
        The dataset.
    label : str
        Current name of the class.
    new : str
        New name. Spaces around it are dropped.

    Returns
    -------
    Path
        The renamed folder.

    Raises
    ------
    DatasetError
        There is no class `label`, the new name is not valid or already taken, or
        the folder cannot be renamed.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, image_dir)
    stored = check_class_name(new)
    folder = find_class_dir(image_dir, label)
    _require_new(image_dir, stored, label)
    target = image_dir / stored
    is_ticked = label in load_ticked(image_dir)
    if is_ticked:
        tick_counter_class(access, image_dir, stored, True)
    with explaining_disk_errors(f"The class {label} could not be renamed", image_dir):
        # Perhaps a file. On a case-insensitive disk, it may be the folder of the class itself.
        if os.path.lexists(target) and fold_name(stored) != fold_name(label):
            raise FileExistsError(errno.EEXIST, "File exists")
        os.rename(folder, target)
    if is_ticked and stored != label:
        tick_counter_class(access, image_dir, label, False)
    return target


def delete_class(access: Access, workspace: Workspace, image_dir: Path, label: str) -> TrashEntry:
    """Move a class and its pictures to the trash.

    Returns
    -------
    TrashEntry
        The deletion, to be undone with `restore`.

    Raises
    ------
    DatasetError
        There is no such class, or it cannot be moved.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, workspace.root, image_dir)
    check_dataset_dir(workspace, image_dir)
    return move_to_trash(
        access, workspace, [find_class_dir(image_dir, label)], f"The class {label}"
    )


def _require_new(image_dir: Path, label: str, old: str | None) -> None:
    """Raise DatasetError if a class other than `old` already has a name."""
    for name in list_class_folders(image_dir):
        if name != old and fold_name(name) == fold_name(label):
            raise DatasetError(
                f"A class called {name} already exists: choose another name.",
                path=image_dir,
                label=label,
            )
