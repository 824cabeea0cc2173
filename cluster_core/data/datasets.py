"""The datasets of a workspace: folders named `<name>_photos`, each with a sub-folder a class."""

from __future__ import annotations

from pathlib import Path

from cluster_core.data.trash import TrashEntry
from cluster_core.workspace import Workspace

DEFAULT_DATASET = "cluster"


def list_datasets(workspace: Workspace) -> tuple[str, ...]:
    """Return the names of the datasets there are, sorted; empty if there is none."""
    raise NotImplementedError


def dataset_dir(workspace: Workspace, name: str) -> Path:
    """Return the folder of a dataset, which need not exist.

    Raises
    ------
    DatasetError
        The name cannot be that of a dataset, or its folder is a link to elsewhere.
    """
    raise NotImplementedError


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
    raise NotImplementedError


def delete_dataset(workspace: Workspace, name: str) -> TrashEntry:
    """Move a dataset to the trash.

    Raises
    ------
    DatasetError
        There is no such dataset, or it cannot be moved.
    AccessError
        This server does not allow it.
    """
    raise NotImplementedError
