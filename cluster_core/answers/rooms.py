"""Rooms in `.answers`: create, find and sweep the folders that keep visitors' pictures.

The name of a room is its only key: 128 random bits, which nobody can guess, and no function
lists rooms for a visitor.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Access, Mode, read_mode
from cluster_core.answers.log import LOG
from cluster_core.answers.picture_files import ARCHIVES, FIELDS, PICTURES
from cluster_core.answers.room import AnswerRoom
from cluster_core.errors import DatasetError
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.workspace import Workspace

_ID = re.compile(r"[0-9a-f]{32}")
_ID_BYTES = 16
_MB, _HOUR_S = 1_000_000, 3600
# A room used this recently is not removed for lack of space.
_IN_USE_S = 600
# Is in the rooms that visitors made; the others are the owner's.
_OF_VISITORS = "visitors"
_OWNER = Access.owner()


@dataclass(frozen=True)
class RoomLimits:
    """How much is kept, and for how long.

    Attributes
    ----------
    max_pictures, max_bytes : int
        Of one room.
    max_rooms, max_total_bytes : int
        Of all rooms together.
    max_age_s : int
        Seconds since a room was last used.
    """

    max_pictures: int
    max_bytes: int
    max_rooms: int
    max_total_bytes: int
    max_age_s: int


OWN_COMPUTER = RoomLimits(20_000, 4_000 * _MB, 100, 10_000 * _MB, 72 * _HOUR_S)
PUBLIC_DEMO = RoomLimits(300, 100 * _MB, 1_000, 2_000 * _MB, 2 * _HOUR_S)


def get_limits() -> RoomLimits:
    """Return the limits of this server; they are lower in a public demo."""
    return PUBLIC_DEMO if read_mode() is Mode.DEMO else OWN_COMPUTER


def create_room(workspace: Workspace, access: Access = _OWNER) -> AnswerRoom:
    """Create an empty room, after sweeping the old ones.

    Parameters
    ----------
    workspace : Workspace
        The workspace of the room.
    access : Access
        Of the person it is made for: visitors open only rooms that visitors made.

    Raises
    ------
    DatasetError
        All rooms together are full and in use, the folder cannot be created, or `.answers` is a
        link.
    """
    require_space(workspace)
    folder = _rooms_dir(workspace) / secrets.token_hex(_ID_BYTES)
    with explaining_disk_errors("The pictures could not be kept", folder):
        (folder / PICTURES).mkdir(parents=True)
        os.chmod(folder, 0o700)  # noqa: PTH101
        if not _is_owner(access):
            (folder / _OF_VISITORS).touch()
        (folder / LOG).touch()
    limits = get_limits()
    return AnswerRoom(folder, limits.max_pictures, limits.max_bytes)


def find_room(workspace: Workspace, room_id: str, access: Access = _OWNER) -> AnswerRoom | None:
    """Return a room and mark it as used, or None if they may open none of this name.

    Parameters
    ----------
    workspace : Workspace
        The workspace of the room.
    room_id : str
        May come from a visitor: anything but 32 hexadecimal digits is None.
    access : Access
        Of the person who opens it: only the owner opens the owner's rooms.
    """
    folder = find_room_folder(workspace, room_id, access)
    if folder is None:
        return None
    limits = get_limits()
    return AnswerRoom(folder, limits.max_pictures, limits.max_bytes)


def find_room_folder(workspace: Workspace, room_id: str, access: Access = _OWNER) -> Path | None:
    """Return the folder of a room and mark it as used, without reading the room; else None.

    The parameters are those of `find_room`.
    """
    if not _ID.fullmatch(room_id):
        return None
    folder = workspace.answers / room_id
    if workspace.answers.is_symlink() or folder.is_symlink() or not (folder / LOG).is_file():
        return None
    if not (_is_owner(access) or (folder / _OF_VISITORS).is_file()):
        return None
    with suppress(OSError):
        os.utime(folder / LOG)
    return folder


def require_space(workspace: Workspace) -> None:
    """Sweep the rooms, and check that there is space for more pictures.

    Raises
    ------
    DatasetError
        All rooms together are full, and in use.
    """
    n_rooms, n_bytes = sweep_rooms(workspace)
    limits = get_limits()
    if n_rooms > limits.max_rooms or n_bytes > limits.max_total_bytes:
        raise DatasetError(
            "Too many pictures of others are being classified here: try again in a few minutes.",
            path=workspace.answers,
        )


def sweep_rooms(workspace: Workspace) -> tuple[int, int]:
    """Remove the rooms that are too old, then the least recently used if there are too many.

    Nothing is raised.

    Returns
    -------
    tuple of int
        Number and total size in bytes of the rooms that are left.
    """
    limits, now_s = get_limits(), time.time()
    rooms = sorted(_measure(folder) for folder in _list_folders(workspace))
    n_rooms, n_bytes = len(rooms), sum(size for _, size, _ in rooms)
    for used_s, size, folder in rooms:
        is_old = now_s - used_s > limits.max_age_s
        is_full = n_rooms >= limits.max_rooms or n_bytes > limits.max_total_bytes
        if is_old or (is_full and now_s - used_s > _IN_USE_S):
            shutil.rmtree(folder, ignore_errors=True)
            n_rooms, n_bytes = n_rooms - 1, n_bytes - size
    return n_rooms, n_bytes


def _is_owner(access: Access) -> bool:
    return access.who == _OWNER.who


def _rooms_dir(workspace: Workspace) -> Path:
    if workspace.answers.is_symlink():
        raise DatasetError(
            f"The folder {workspace.answers} is a link to another folder: remove the link.",
            path=workspace.answers,
        )
    return workspace.answers


def _list_folders(workspace: Workspace) -> list[Path]:
    try:
        found = list(_rooms_dir(workspace).iterdir())
    except (OSError, DatasetError):
        return []
    return [path for path in found if _ID.fullmatch(path.name) and not path.is_symlink()]


def _measure(folder: Path) -> tuple[float, int, Path]:
    """Return when a room was last used, in seconds since 1970, its size in bytes, and itself."""
    used_s, size = 0.0, 0
    with suppress(OSError):
        used_s = folder.stat().st_mtime
        status = (folder / LOG).stat()
        used_s, size = max(used_s, status.st_mtime), status.st_size
    for name in (PICTURES, ARCHIVES, FIELDS):
        with suppress(OSError), os.scandir(folder / name) as entries:
            size += sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    return used_s, size, folder
