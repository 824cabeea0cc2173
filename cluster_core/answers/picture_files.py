"""The files of a room: pictures named by numbers, what goes with them, and archives of more."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cluster_core.storage.safe_moves import explaining_disk_errors

PICTURES, ARCHIVES, FIELDS, _THUMBNAILS = "pictures", "archives", "fields", "thumbnails"


def name_picture(folder: Path, number: int) -> Path:
    """Return the path of a picture in the folder of a room; it may not exist."""
    return folder / PICTURES / str(int(number))


def name_thumbnail(folder: Path, number: int) -> Path:
    """Return the path of a picture's thumbnail in the folder of a room; it may not exist."""
    return folder / _THUMBNAILS / f"{number}.jpg"


def write_picture(folder: Path, number: int, name: str, data: bytes) -> int:
    """Write a picture under the first free number, from the one given; return that.

    Raises
    ------
    DatasetError
        It cannot be written; the message has its name.
    """
    with explaining_disk_errors(f"{name} could not be kept", folder):
        while True:
            try:
                with name_picture(folder, number).open("xb") as file:
                    file.write(data)
                return number
            except FileExistsError:  # another tab is quicker
                number += 1


def write_thumbnail(folder: Path, number: int, jpeg: bytes) -> None:
    """Write a thumbnail.

    Raises
    ------
    DatasetError
        It cannot be written.
    """
    with explaining_disk_errors("A thumbnail could not be kept", folder):
        path = name_thumbnail(folder, number)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(jpeg)


def delete_files(folder: Path, number: int) -> None:
    """Delete a picture, its thumbnail and what was found in it, as far as they can be."""
    found = (folder / FIELDS).glob(f"{number}-*.zip")
    for path in (name_picture(folder, number), name_thumbnail(folder, number), *found):
        with suppress(OSError):
            path.unlink()
