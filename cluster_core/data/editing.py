"""Change a dataset: its classes, and the pictures in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster_core.data.cache_file import CacheFile
from cluster_core.data.trash import TrashEntry
from cluster_core.workspace import Workspace


@dataclass(frozen=True)
class MoveReport:
    """What became of pictures that were to be moved.

    Attributes
    ----------
    moved : tuple of Path
        Where they are now, in the order asked for, without those that were gone.
    gone : tuple of Path
        Those that were no longer there, for example because of another tab.
    """

    moved: tuple[Path, ...]
    gone: tuple[Path, ...]


def list_classes(image_dir: Path) -> tuple[str, ...]:
    """Return the names of the classes, sorted; empty where the dataset was not begun.

    Raises
    ------
    DatasetError
        The folder cannot be opened, or a class has a name that cannot be stored.
    """
    raise NotImplementedError


def add_class(image_dir: Path, label: str) -> Path:
    """Make the folder of a new class, and that of the dataset where it is missing.

    Raises
    ------
    DatasetError
        The name cannot be used, there is such a class (capital letters do not tell
        two apart), or the folder cannot be made.
    AccessError
        This server does not allow it.
    """
    raise NotImplementedError


def rename_class(image_dir: Path, label: str, new: str) -> Path:
    """Give a class another name.

    Raises
    ------
    DatasetError
        As for `add_class`, or there is no class `label`.
    AccessError
        This server does not allow it.
    """
    raise NotImplementedError


def delete_class(workspace: Workspace, image_dir: Path, label: str) -> TrashEntry:
    """Move a class and its pictures to the trash.

    Raises
    ------
    DatasetError
        There is no such class, or it cannot be moved.
    AccessError
        This server does not allow it.
    """
    raise NotImplementedError


def add_picture(
    image_dir: Path, label: str, file_name: str, data: bytes, *, cache: CacheFile | None = None
) -> Path:
    """Store a picture in a class, under a safe name that nothing else has.

    Parameters
    ----------
    image_dir : Path
        The dataset.
    label : str
        One of its classes.
    file_name : str
        As the visitor's computer calls it. Its ending is mended to suit the content.
    data : bytes
        The file. It is decoded in full before it is stored.
    cache : CacheFile, optional
        Where to note the picture's facts, so that a scan need not decode it again.

    Returns
    -------
    Path
        Where it is.

    Raises
    ------
    ImageError
        It is no picture, too large, or damaged.
    DatasetError
        There is no such class, the class has the very same picture already, or the
        file cannot be written.
    AccessError
        This server does not allow it.
    """
    raise NotImplementedError


def move_pictures(image_dir: Path, paths: Sequence[Path], label: str) -> MoveReport:
    """Move pictures of a dataset to one of its classes; a name that is taken gets a number.

    Raises
    ------
    DatasetError
        There is no such class, a path is not that of a picture in a class of this
        dataset, or a file cannot be moved.
    AccessError
        This server does not allow it.
    """
    raise NotImplementedError


def delete_pictures(workspace: Workspace, paths: Sequence[Path]) -> TrashEntry:
    """Move pictures to the trash; those that are gone already are passed over.

    Raises
    ------
    DatasetError
        A path is not that of a picture in a class of a dataset, none is there any
        more, or a file cannot be moved.
    AccessError
        This server does not allow it.
    """
    raise NotImplementedError
