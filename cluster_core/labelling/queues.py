"""Create, find, list and delete the queues of a workspace."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.data.labels import fold_name, shorten
from cluster_core.errors import DatasetError
from cluster_core.labelling.queue import MAX_CLASSES, PICTURES, LabelQueue
from cluster_core.labelling.queue_log import LOG
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.storage.drafts import drafting
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_shown_text, make_printable
from cluster_core.storage.trash import TrashEntry, move_to_trash
from cluster_core.workspace import Workspace

MAX_QUEUES = 100
MAX_NAME_LENGTH = 100
_MAX_FIRST_LINE_BYTES = 10_000
QUEUE_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")


@dataclass(frozen=True)
class QueueSettings:
    """What a new queue needs to know.

    Attributes
    ----------
    name : str
        Shown to tell it from other queues.
    classes : sequence of str
        At least two; more can be added later.
    network : str
        Name of a network that ships with the program. Its features order the pictures.
    """

    name: str
    classes: Sequence[str]
    network: str


def create_queue(access: Access, workspace: Workspace, settings: QueueSettings) -> LabelQueue:
    """Create an empty queue.

    Raises
    ------
    DatasetError
        Fewer than two classes, a class that cannot be used, too many queues, or the folder
        cannot be written.
    BackboneError
        There is no such network.
    AccessError
        This server does not let its visitors change datasets.
    """
    access.require(Action.EDIT_DATASETS)
    get_backbone(settings.network)
    name = make_printable(" ".join(settings.name.split()))[:MAX_NAME_LENGTH] or "Pictures"
    distinct = {fold_name(label.strip()) for label in settings.classes}
    if not 2 <= len(distinct) <= MAX_CLASSES:  # noqa: PLR2004
        raise DatasetError(
            f"A queue needs two to {MAX_CLASSES} different classes: name what the pictures can "
            "show.",
            path=workspace.queues,
            found=len(distinct),
            needed=2,
        )
    if len(list_queues(workspace)) >= MAX_QUEUES:
        raise DatasetError(
            f"There are {MAX_QUEUES} queues already: delete one that is finished.",
            path=workspace.queues,
        )
    queue_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    folder = _find_root(workspace) / queue_id
    with explaining_disk_errors("The queue could not be created", folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Renamed into place with its classes, so that no other tab sees half of it.
        with drafting(folder) as draft:
            (draft / PICTURES).mkdir(parents=True)
            first = {"queue": name, "network": settings.network}
            (draft / LOG).write_text(json.dumps(first) + "\n", "utf-8")
            queue = LabelQueue(draft)
            for label in dict.fromkeys(settings.classes):
                queue.add_class(access, label)
            draft.rename(folder)
    return LabelQueue(folder)


def find_queue(workspace: Workspace, queue_id: str) -> LabelQueue:
    """Return a queue.

    Parameters
    ----------
    workspace : Workspace
    queue_id : str
        May come from an address that a visitor typed.

    Raises
    ------
    DatasetError
        There is no such queue.
    """
    folder = workspace.queues / queue_id
    if not QUEUE_ID.fullmatch(queue_id) or workspace.queues.is_symlink() or not _is_queue(folder):
        raise DatasetError(
            f"There is no queue {shorten(queue_id)}: it was deleted, or the address is wrong.",
            path=workspace.queues,
        )
    return LabelQueue(folder)


def list_queues(workspace: Workspace) -> dict[str, str]:
    """Return the names of all queues by id, newest first.

    Raises
    ------
    DatasetError
        The folder of queues cannot be opened, or is a link.
    """
    root = _find_root(workspace)
    if not root.is_dir():
        return {}
    with explaining_disk_errors("The queues could not be listed", root):
        found = [path.name for path in root.iterdir() if QUEUE_ID.fullmatch(path.name)]
    return {
        name: _read_name(root / name)
        for name in sorted(found, reverse=True)
        if _is_queue(root / name)
    }


def _read_name(folder: Path) -> str:
    """Return the name of a queue from the first line of its log; its id if that is damaged."""
    try:
        with (folder / LOG).open("rb") as log:
            return check_shown_text(json.loads(log.readline(_MAX_FIRST_LINE_BYTES))["queue"])
    except (OSError, *MALFORMED_ERRORS):
        return folder.name


def delete_queue(access: Access, workspace: Workspace, queue: LabelQueue) -> TrashEntry:
    """Move a queue with its pictures and decisions to the trash.

    Raises
    ------
    DatasetError
        It cannot be moved.
    AccessError
        This server does not let its visitors change datasets.
    """
    folder = _find_root(workspace) / queue.id
    return move_to_trash(access, workspace, [folder], f"The queue {queue.name}")


def _is_queue(folder: Path) -> bool:
    return not folder.is_symlink() and (folder / LOG).is_file()


def _find_root(workspace: Workspace) -> Path:
    if workspace.queues.is_symlink():
        raise DatasetError(
            f"The folder {workspace.queues} is a link to another folder: remove the link.",
            path=workspace.queues,
        )
    return workspace.queues
