"""Queues of unlabelled pictures in a project's file."""

from __future__ import annotations

import secrets
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.errors import ProjectError
from cluster_core.labelling.queue import PICTURES, LabelQueue
from cluster_core.labelling.queue_log import LOG
from cluster_core.labelling.queues import MAX_QUEUES, list_queues
from cluster_core.projects.layout import QUEUES
from cluster_core.projects.members import Listing, Member
from cluster_core.storage.hashing import hash_file
from cluster_core.storage.safe_moves import move_without_overwriting
from cluster_core.workspace import Workspace


def list_queue_files(workspace: Workspace, listing: Listing) -> None:
    """Add all queues to a listing.

    Raises
    ------
    DatasetError
        The folder of queues cannot be opened, or is a link.
    """
    for queue_id in list_queues(workspace):
        folder, top = workspace.queues / queue_id, f"{QUEUES}/{queue_id}"
        queue = LabelQueue(folder)
        listing.members += [
            Member.of_file(f"{top}/{PICTURES}/{picture.file_name}", path)
            for sha256, picture in queue.pictures.items()
            if (path := queue.find_file(sha256)).is_file()
        ]
        listing.members.append(Member.of_file(f"{top}/{LOG}", folder / LOG))


def add_queue(access: Access, workspace: Workspace, staged: Path) -> Path | None:
    """Move an unpacked queue into the workspace, with a new id if its own is taken.

    Returns
    -------
    Path or None
        Its new folder; None if the workspace has the same queue.

    Raises
    ------
    ProjectError
        It is damaged, or there are too many queues.
    OSError
        It cannot be moved.
    AccessError
        They may not change datasets.
    """
    access.require(Action.EDIT_DATASETS)
    queue = LabelQueue(staged)
    if not queue.name or not queue.network:
        raise ProjectError(
            f"The queue {staged.name} was left out, because its log is damaged.", path=staged
        )
    present = list_queues(workspace)
    # An earlier load may have given it another id that begins alike.
    beginning, log = staged.name.rpartition("-")[0], hash_file(staged / LOG)
    alike = [queue_id for queue_id in present if queue_id.startswith(beginning)]
    if any(hash_file(workspace.queues / queue_id / LOG) == log for queue_id in alike):
        return None
    if len(present) >= MAX_QUEUES:
        raise ProjectError(
            f"The queue {queue.name} was left out, because there are {MAX_QUEUES} queues already.",
            path=staged,
        )
    _remove_unknown(staged, queue)
    queue_id = staged.name
    while (workspace.queues / queue_id).exists():
        queue_id = f"{beginning}-{secrets.token_hex(4)}"
    workspace.queues.mkdir(parents=True, exist_ok=True)
    return move_without_overwriting(staged, workspace.queues / queue_id)


def _remove_unknown(staged: Path, queue: LabelQueue) -> None:
    """Delete pictures that the log does not name, or whose content is another."""
    (staged / PICTURES).mkdir(exist_ok=True)
    known = {picture.file_name: sha256 for sha256, picture in queue.pictures.items()}
    for path in (staged / PICTURES).iterdir():
        if known.get(path.name) != hash_file(path):
            path.unlink()
