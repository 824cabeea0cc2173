"""The datasets of a workspace: folders named `<name>_photos`, each with a sub-folder a class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cluster_core.access import Action, require
from cluster_core.data.labels import check_folder_name, find_folder_name_problem, fold_name, shorten
from cluster_core.errors import DatasetError
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.storage.trash import TrashEntry, move_to_trash
from cluster_core.workspace import DATASET_SUFFIX, Workspace

DEFAULT_DATASET = "cluster"
# `test_photos` holds pictures to try a model on, without classes.
_NO_DATASETS = frozenset({"test"})


def list_datasets(workspace: Workspace) -> tuple[str, ...]:
    """Return the names of the datasets there are, sorted; empty if there is none."""
    if not workspace.root.is_dir():
        return ()
    with explaining_disk_errors(f"{workspace.root} could not be opened", workspace.root):
        folders = [
            path.name.removesuffix(DATASET_SUFFIX)
            for path in workspace.root.iterdir()
            if path.name.endswith(DATASET_SUFFIX) and path.is_dir() and not path.is_symlink()
        ]
    return tuple(sorted(name for name in folders if _find_problem(name) is None))


def choose_default(names: Sequence[str]) -> str | None:
    """Return the dataset to work on where nobody has chosen one; None where there is none."""
    return DEFAULT_DATASET if DEFAULT_DATASET in names else next(iter(names), None)


def dataset_dir(workspace: Workspace, name: str) -> Path:
    """Return the folder of a dataset, which need not exist.

    Raises
    ------
    DatasetError
        The name cannot be that of a dataset, or its folder is a link to elsewhere.
    """
    if problem := _find_problem(name):
        raise DatasetError(
            f"There can be no dataset called {shorten(name)}, because that {problem}: choose "
            "one of those on the Dataset page.",
            path=workspace.root,
        )
    folder = workspace.root / f"{name}{DATASET_SUFFIX}"
    if folder.is_symlink():
        raise DatasetError(
            f"The dataset {folder} is a link to another folder: copy the pictures themselves "
            "into a dataset.",
            path=folder,
        )
    return folder


def create_dataset(workspace: Workspace, name: str) -> Path:
    """Make the folder of a new dataset.

    Raises
    ------
    DatasetError
        The name cannot be used, there is a dataset of that name, or the folder
        cannot be made.
    AccessError
        This server does not allow it.
    """
    require(Action.EDIT_DATASETS)
    stored = check_folder_name(name, "dataset")
    folder = dataset_dir(workspace, stored)
    twin = next((d for d in list_datasets(workspace) if fold_name(d) == fold_name(stored)), None)
    if twin is not None or os.path.lexists(folder):
        raise DatasetError(
            f"There is a dataset called {twin or stored} already: choose another name.",
            path=folder,
        )
    with explaining_disk_errors(f"The dataset {stored} could not be made", folder):
        folder.mkdir(parents=True)
    return folder


def delete_dataset(workspace: Workspace, name: str) -> TrashEntry:
    """Move a dataset to the trash.

    Raises
    ------
    DatasetError
        There is no such dataset, or it cannot be moved.
    AccessError
        This server does not allow it.
    """
    require(Action.EDIT_DATASETS)
    return move_to_trash(workspace, [dataset_dir(workspace, name)], f"The dataset {name}")


def _find_problem(name: str) -> str | None:
    if name in _NO_DATASETS:
        return "is the name of the folder with pictures to try a model on"
    return find_folder_name_problem(name)
