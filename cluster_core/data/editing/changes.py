"""Change a dataset: its classes, and the pictures in them."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Action, require
from cluster_core.data.class_folders import list_class_folders, list_labels
from cluster_core.data.editing.confinement import (
    check_dataset_dir,
    describe_misplaced,
    find_class_dir,
    refuse_link,
    require_in_class,
)
from cluster_core.data.editing.inspection import ClassContents, clean_file_name, inspect_picture
from cluster_core.data.facts import PictureFactsCache
from cluster_core.data.labels import check_class_name, fold_name
from cluster_core.errors import DatasetError
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.safe_moves import (
    explaining_disk_errors,
    move_without_overwriting,
    write_new,
)
from cluster_core.storage.trash import TrashEntry, move_to_trash
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
    return list_labels(image_dir) if os.path.lexists(image_dir) else ()


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
    require(Action.EDIT_DATASETS)
    stored = check_class_name(label)
    refuse_link(image_dir)
    if os.path.lexists(image_dir):
        _require_new(image_dir, stored, None)
    folder = image_dir / stored
    with explaining_disk_errors(f"The class {stored} could not be added", image_dir):
        folder.mkdir(parents=True)
    return folder


def rename_class(image_dir: Path, label: str, new: str) -> Path:
    """Give a class another name.

    Raises
    ------
    DatasetError
        As for `add_class`, or there is no class `label`.
    AccessError
        This server does not allow it.
    """
    require(Action.EDIT_DATASETS)
    stored = check_class_name(new)
    folder = find_class_dir(image_dir, label)
    _require_new(image_dir, stored, label)
    target = image_dir / stored
    with explaining_disk_errors(f"The class {label} could not be renamed", image_dir):
        # A file, perhaps; where capitals do not count it may be the folder itself.
        if os.path.lexists(target) and fold_name(stored) != fold_name(label):
            raise FileExistsError(errno.EEXIST, "File exists")
        os.rename(folder, target)
    return target


def delete_class(workspace: Workspace, image_dir: Path, label: str) -> TrashEntry:
    """Move a class and its pictures to the trash.

    Raises
    ------
    DatasetError
        There is no such class, or it cannot be moved.
    AccessError
        This server does not allow it.
    """
    require(Action.EDIT_DATASETS)
    check_dataset_dir(workspace, image_dir)
    return move_to_trash(workspace, [find_class_dir(image_dir, label)], f"The class {label}")


def add_picture(
    image_dir: Path,
    label: str,
    file_name: str,
    data: bytes,
    *,
    cache: CacheFile | None = None,
    contents: ClassContents | None = None,
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
    contents : ClassContents, optional
        What the class holds, kept from one picture to the next where many are added: else the
        folder is looked through for each.

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
    require(Action.EDIT_DATASETS)
    class_dir = find_class_dir(image_dir, label)
    picture = inspect_picture(file_name, data)
    with explaining_disk_errors(f"{picture.file_name} could not be stored in {label}", class_dir):
        contents = contents or ClassContents(class_dir)
        same = contents.find_same(picture)
        if same is not None:
            raise DatasetError(
                f"{clean_file_name(file_name)} was left out, because the class {label} has the "
                f"very same picture already: {same.name}.",
                path=image_dir,
                label=label,
            )
        if cache is not None:
            PictureFactsCache(cache).save([(picture.sha256, picture.facts)])
        path = write_new(class_dir / picture.file_name, data)
    contents.add(picture, path)
    return path


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
    require(Action.EDIT_DATASETS)
    class_dir = find_class_dir(image_dir, label)
    for path in paths:
        require_in_class(image_dir, path)
        if path.is_symlink() or path.is_dir():
            raise describe_misplaced(image_dir, path)
    moved: list[Path] = []
    gone: list[Path] = []
    for path in paths:
        if path.parent.name == label:
            (moved if path.exists() else gone).append(path)
            continue
        with explaining_disk_errors(f"{path.name} could not be moved to {label}", class_dir):
            try:
                moved.append(move_without_overwriting(path, class_dir / path.name))
            except FileNotFoundError:
                if not class_dir.is_dir():
                    raise
                gone.append(path)
    return MoveReport(tuple(moved), tuple(gone))


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
    require(Action.EDIT_DATASETS)
    for path in paths:
        image_dir = path.parent.parent
        check_dataset_dir(workspace, image_dir)
        require_in_class(image_dir, path)
    labels = sorted({path.parent.name for path in paths})
    what = "1 picture" if len(paths) == 1 else f"{len(paths)} pictures"
    return move_to_trash(workspace, paths, f"{what} of {', '.join(labels)}")


def _require_new(image_dir: Path, label: str, old: str | None) -> None:
    """Raise DatasetError if another class than `old` could be taken for a new one."""
    for name in list_class_folders(image_dir):
        if name != old and fold_name(name) == fold_name(label):
            raise DatasetError(
                f"There is a class called {name} already: choose another name.",
                path=image_dir,
                label=label,
            )
