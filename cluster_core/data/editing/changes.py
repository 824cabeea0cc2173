"""Add, rename, move and delete the classes and pictures of a dataset."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.data.class_folders import list_class_folders, list_labels
from cluster_core.data.counter_classes import load_ticked, tick_counter_class
from cluster_core.data.editing.allowed_paths import (
    check_dataset_dir,
    find_class_dir,
    make_misplaced_error,
    refuse_link,
    require_in_class,
)
from cluster_core.data.editing.inspection import ClassContents, clean_file_name, inspect_picture
from cluster_core.data.facts import PictureFactsCache
from cluster_core.data.labels import check_class_name, fold_name
from cluster_core.errors import DatasetError, PresentError
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
    """The outcome of moving pictures.

    Attributes
    ----------
    moved : tuple of Path
        New paths of the moved pictures, in the order requested.
    gone : tuple of Path
        Pictures that no longer exist, for example because another tab deleted them.
    """

    moved: tuple[Path, ...]
    gone: tuple[Path, ...]


def list_classes(image_dir: Path) -> tuple[str, ...]:
    """Return the names of the classes, sorted; empty if the dataset does not exist yet.

    Raises
    ------
    DatasetError
        The folder cannot be opened, or the name of a class is not one line of text.
    """
    return list_labels(image_dir) if os.path.lexists(image_dir) else ()


def add_class(access: Access, image_dir: Path, label: str) -> Path:
    """Create the folder of a new class, and of the dataset if it is missing.

    Parameters
    ----------
    access : Access
    image_dir : Path
        The dataset.
    label : str
        Name of the class. Spaces around it are dropped.

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
    access.require(Action.EDIT_DATASETS, image_dir)
    stored = check_class_name(label)
    refuse_link(image_dir)
    if os.path.lexists(image_dir):
        _require_new(image_dir, stored, None)
    folder = image_dir / stored
    with explaining_disk_errors(f"The class {stored} could not be added", image_dir):
        folder.mkdir(parents=True)
    if stored in load_ticked(image_dir):  # as an earlier class of this name was
        tick_counter_class(access, image_dir, stored, False)
    return folder


def rename_class(access: Access, image_dir: Path, label: str, new: str) -> Path:
    """Rename a class.

    Parameters
    ----------
    access : Access
    image_dir : Path
        The dataset.
    label : str
        Current name of the class.
    new : str
        New name. Spaces around it are dropped.

    Returns
    -------
    Path
        The renamed folder.

    Raises
    ------
    DatasetError
        There is no class `label`, the new name is not valid or already taken, or
        the folder cannot be renamed.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, image_dir)
    stored = check_class_name(new)
    folder = find_class_dir(image_dir, label)
    _require_new(image_dir, stored, label)
    target = image_dir / stored
    is_ticked = label in load_ticked(image_dir)
    if is_ticked:
        tick_counter_class(access, image_dir, stored, True)
    with explaining_disk_errors(f"The class {label} could not be renamed", image_dir):
        # Perhaps a file. On a case-insensitive disk, it may be the folder of the class itself.
        if os.path.lexists(target) and fold_name(stored) != fold_name(label):
            raise FileExistsError(errno.EEXIST, "File exists")
        os.rename(folder, target)
    if is_ticked and stored != label:
        tick_counter_class(access, image_dir, label, False)
    return target


def delete_class(access: Access, workspace: Workspace, image_dir: Path, label: str) -> TrashEntry:
    """Move a class and its pictures to the trash.

    Returns
    -------
    TrashEntry
        The deletion, to be undone with `restore`.

    Raises
    ------
    DatasetError
        There is no such class, or it cannot be moved.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, workspace.root, image_dir)
    check_dataset_dir(workspace, image_dir)
    return move_to_trash(
        access, workspace, [find_class_dir(image_dir, label)], f"The class {label}"
    )


def add_picture(  # noqa: PLR0913  two optional caches for adding many pictures
    access: Access,
    image_dir: Path,
    label: str,
    file_name: str,
    data: bytes,
    *,
    cache: CacheFile | None = None,
    contents: ClassContents | None = None,
) -> Path:
    """Store a picture in a class, under a safe and unused name.

    Parameters
    ----------
    access : Access
    image_dir : Path
        The dataset.
    label : str
        One of its classes.
    file_name : str
        File name on the visitor's computer. Its ending is corrected to match the content.
    data : bytes
        Content of the file. It is decoded in full before it is stored.
    cache : CacheFile, optional
        Where to keep the picture's facts, so that a scan need not decode it again.
    contents : ClassContents, optional
        Content of the class, shared between calls that add many pictures; otherwise the
        folder is listed for each picture.

    Returns
    -------
    Path
        The stored file.

    Raises
    ------
    ImageError
        The file is not a picture, too large, or damaged.
    PresentError
        The same picture is already in the class.
    DatasetError
        There is no such class, or the file cannot be written.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, image_dir)
    class_dir = find_class_dir(image_dir, label)
    picture = inspect_picture(file_name, data)
    with explaining_disk_errors(f"{picture.file_name} could not be stored in {label}", class_dir):
        contents = contents or ClassContents(class_dir)
        same = contents.find_same(picture)
        if same is not None:
            raise PresentError(
                f"{clean_file_name(file_name)} was left out, because the class {label} already "
                f"has the same picture: {same.name}.",
                path=image_dir,
                label=label,
            )
        with access.alone():
            access.require_room(n_pictures=1, n_bytes=len(data))
            if cache is not None:
                PictureFactsCache(cache).save([(picture.sha256, picture.facts)])
            path = write_new(class_dir / picture.file_name, data)
    contents.add(picture, path)
    return path


def move_pictures(access: Access, image_dir: Path, paths: Sequence[Path], label: str) -> MoveReport:
    """Move pictures to another class of the same dataset; a name that is taken gets a number.

    Parameters
    ----------
    access : Access
    image_dir : Path
        The dataset.
    paths : sequence of Path
        Pictures in its classes.
    label : str
        The class to move them to.

    Raises
    ------
    DatasetError
        There is no such class, a path is not a picture in a class of this dataset,
        or a file cannot be moved.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, image_dir)
    class_dir = find_class_dir(image_dir, label)
    for path in paths:
        require_in_class(image_dir, path)
        if path.is_symlink() or path.is_dir():
            raise make_misplaced_error(image_dir, path)
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


def delete_pictures(access: Access, workspace: Workspace, paths: Sequence[Path]) -> TrashEntry:
    """Move pictures to the trash, skipping those that no longer exist.

    Parameters
    ----------
    access : Access
    workspace : Workspace
        The workspace of the pictures.
    paths : sequence of Path
        Pictures in classes of its datasets.

    Returns
    -------
    TrashEntry
        The deletion, to be undone with `restore`.

    Raises
    ------
    DatasetError
        A path is not a picture in a class of a dataset, none of them exists any
        more, or a file cannot be moved.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, workspace.root)
    for path in paths:
        image_dir = path.parent.parent
        check_dataset_dir(workspace, image_dir)
        require_in_class(image_dir, path)
    labels = sorted({path.parent.name for path in paths})
    what = "1 picture" if len(paths) == 1 else f"{len(paths)} pictures"
    return move_to_trash(access, workspace, paths, f"{what} of {', '.join(labels)}")


def _require_new(image_dir: Path, label: str, old: str | None) -> None:
    """Raise DatasetError if a class other than `old` already has a name."""
    for name in list_class_folders(image_dir):
        if name != old and fold_name(name) == fold_name(label):
            raise DatasetError(
                f"A class called {name} already exists: choose another name.",
                path=image_dir,
                label=label,
            )
