"""The pictures of a .zip without classes, each unpacked in memory when it is read."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from cluster_core.data.archives.dataset_archive import open_archive
from cluster_core.data.archives.entries import EXPECTED_UNSORTED, PlannedPicture, list_unsorted
from cluster_core.data.archives.unpacking import ZIP_ERRORS
from cluster_core.data.pictures import natural_order
from cluster_core.errors import ImageError, ImageProblem


@dataclass(frozen=True)
class PackedPicture:
    """A picture in a .zip.

    Attributes
    ----------
    name : str
        Its name in the archive, with its folders.
    read : callable
        Returns the content of the file, or raises an ImageError if it is damaged.
    """

    name: str
    read: Callable[[], bytes]


def list_packed(file: BinaryIO) -> tuple[list[PackedPicture], list[str]]:
    """List the pictures of a .zip, in any folders.

    Parameters
    ----------
    file : binary file
        The archive, seekable. It must stay open until the pictures have been read.

    Returns
    -------
    files : list of PackedPicture
        In natural order of their names, folder by folder: programs pack in the order of the disk.
    problems : list of str
        Why an entry was left out, in a sentence for each.

    Raises
    ------
    DatasetError
        It is not a .zip, has too many entries, one is not allowed, or none is a picture.
    """
    archive = open_archive(file, EXPECTED_UNSORTED)
    pictures, rejected = list_unsorted(archive.infolist(), file.seek(0, 2))
    pictures.sort(key=_order)
    files = [PackedPicture(one.path.as_posix(), _make_reader(archive, one)) for one in pictures]
    return files, [one.reason for one in rejected]


def _order(picture: PlannedPicture) -> tuple[list[list[int | str]], list[int | str]]:
    folder, name = picture.path.parent, picture.path.name
    return [natural_order(part) for part in folder.parts], natural_order(name)


def _make_reader(archive: zipfile.ZipFile, picture: PlannedPicture) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            # zipfile yields no more bytes than the entry's header says, which was checked.
            return archive.read(picture.info)
        except ZIP_ERRORS as error:
            raise ImageError(
                f"{picture.path.name} is damaged in the archive: create the .zip again.",
                path=picture.path.name,
                reason=ImageProblem.UNREADABLE,
            ) from error

    return read
