"""The datasets of a workspace: folders named `<name>_photos`, with one sub-folder per class."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.data.labels import check_folder_name, find_folder_name_problem, fold_name, shorten
from cluster_core.errors import DatasetError
from cluster_core.storage.drafts import replacing
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.storage.trash import TrashEntry, move_to_trash
from cluster_core.workspace import DATASET_SUFFIX, Workspace

DEFAULT_DATASET = "cluster"
# `test_photos` holds unlabelled pictures to try a model on.
_RESERVED_NAMES = frozenset({"test"})
_MAX_RECORD_BYTES = 10_000


def list_datasets(workspace: Workspace) -> tuple[str, ...]:
    """Return the names of all datasets, sorted; empty if there are none.

    Raises
    ------
    DatasetError
        The workspace cannot be opened.
    """
    if not workspace.root.is_dir():
        return ()
    with explaining_disk_errors(f"{workspace.root} could not be opened", workspace.root):
        folders = [
            path.name.removesuffix(DATASET_SUFFIX)
            for path in workspace.root.iterdir()
            if path.name.endswith(DATASET_SUFFIX) and path.is_dir() and not path.is_symlink()
        ]
    return tuple(sorted(name for name in folders if _find_problem(name) is None))


def choose_default(workspace: Workspace) -> str | None:
    """Return the dataset to show until one is chosen: the one used last, `cluster` or the first.

    Returns
    -------
    str or None
        None if there are no datasets.

    Raises
    ------
    DatasetError
        The workspace cannot be opened.
    """
    names = list_datasets(workspace)
    preferred = (_load_last_dataset(workspace), DEFAULT_DATASET)
    return next((name for name in (*preferred, *names) if name in names), None)


def save_last_dataset(access: Access, workspace: Workspace, name: str) -> None:
    """Save which dataset was used last, so that a new visit begins with it.

    Nothing is raised and nothing is saved if there is no such dataset, this server does not let
    its visitors change datasets, or the file cannot be written: the dataset is only a suggestion.
    """
    if not access.allows(Action.EDIT_DATASETS):
        return
    with suppress(DatasetError, OSError):
        if name in list_datasets(workspace):
            with replacing(workspace.last_dataset) as draft:
                draft.write_text(json.dumps({"dataset": name}), "utf-8")


def _load_last_dataset(workspace: Workspace) -> str | None:
    path = workspace.last_dataset
    try:
        if path.stat().st_size > _MAX_RECORD_BYTES:
            return None
        name = json.loads(path.read_text("utf-8")).get("dataset")
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    return name if isinstance(name, str) else None


def dataset_dir(workspace: Workspace, name: str) -> Path:
    """Return the folder of a dataset, which need not exist.

    Raises
    ------
    DatasetError
        The name is not valid for a dataset, or its folder is a link.
    """
    if problem := _find_problem(name):
        raise DatasetError(
            f"A dataset cannot be called {shorten(name)}, because this name {problem}: choose a "
            "dataset on the Dataset page.",
            path=workspace.root,
        )
    folder = workspace.root / f"{name}{DATASET_SUFFIX}"
    if folder.is_symlink():
        raise DatasetError(
            f"The dataset {folder} is a link to another folder: copy the pictures into a dataset "
            "instead.",
            path=folder,
        )
    return folder


def create_dataset(access: Access, workspace: Workspace, name: str) -> Path:
    """Create the folder of a new dataset.

    Parameters
    ----------
    access : Access
    workspace : Workspace
        Where to create it.
    name : str
        Name of the dataset, without `_photos`. Spaces around it are dropped.

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
    access.require(Action.EDIT_DATASETS, workspace.root)
    stored = check_folder_name(name, "dataset")
    folder = dataset_dir(workspace, stored)
    twin = next((d for d in list_datasets(workspace) if fold_name(d) == fold_name(stored)), None)
    if twin is not None or os.path.lexists(folder):
        raise DatasetError(
            f"A dataset called {twin or stored} already exists: choose another name.",
            path=folder,
        )
    with explaining_disk_errors(f"The dataset {stored} could not be created", folder):
        folder.mkdir(parents=True)
    return folder


def delete_dataset(access: Access, workspace: Workspace, name: str) -> TrashEntry:
    """Move a dataset to the trash.

    Returns
    -------
    TrashEntry
        The deletion, to be undone with `restore`.

    Raises
    ------
    DatasetError
        There is no such dataset, or it cannot be moved.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, workspace.root)
    return move_to_trash(access, workspace, [dataset_dir(workspace, name)], f"The dataset {name}")


def _find_problem(name: str) -> str | None:
    if name in _RESERVED_NAMES:
        return "is reserved for the folder of pictures to try a model on"
    return find_folder_name_problem(name)
