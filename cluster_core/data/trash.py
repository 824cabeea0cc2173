"""What was deleted stays in the workspace, with a record of where it was, until it is emptied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Action
from cluster_core.workspace import Workspace


@dataclass(frozen=True)
class TrashEntry:
    """One deletion, which can be undone as a whole.

    Attributes
    ----------
    id : str
        Name of its folder in the trash.
    description : str
        What was deleted, as the user was told.
    created : str
        When, ISO 8601, UTC.
    n_files : int
        How many files lie in it.
    """

    id: str
    description: str
    created: str
    n_files: int


def move_to_trash(
    workspace: Workspace,
    paths: Sequence[Path],
    description: str,
    *,
    action: Action = Action.EDIT_DATASETS,
) -> TrashEntry:
    """Move files and folders of the workspace to its trash.

    Parameters
    ----------
    workspace : Workspace
        Where they lie.
    paths : sequence of Path
        Files or folders inside the workspace. Those that are gone already are
        passed over.
    description : str
        What is deleted, in words, to be shown where it can be undone.
    action : Action
        What must be allowed for it.

    Raises
    ------
    DatasetError
        A path leads out of the workspace, none is there any more, or the disk is
        full or locked. What was moved till then is in the trash.
    AccessError
        This server does not allow it.
    """
    raise NotImplementedError


def restore(workspace: Workspace, entry_id: str) -> tuple[Path, ...]:
    """Move what was deleted back to where it was; under a free name where that is taken.

    Returns
    -------
    tuple of Path
        Where the files and folders are now.

    Raises
    ------
    DatasetError
        There is no such entry, or something cannot be moved; that stays in the trash.
    AccessError
        This server does not allow it.
    """
    raise NotImplementedError


def list_trash(workspace: Workspace) -> tuple[TrashEntry, ...]:
    """Return what can be restored, newest first."""
    raise NotImplementedError


def empty_trash(workspace: Workspace) -> int:
    """Delete everything in the trash for good.

    Returns
    -------
    int
        How many files were deleted.

    Raises
    ------
    DatasetError
        Something cannot be deleted.
    AccessError
        This server does not allow it.
    """
    raise NotImplementedError
