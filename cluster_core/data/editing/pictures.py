"""Add, move and delete the pictures of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.data.editing.allowed_paths import (
    check_dataset_dir,
    find_class_dir,
    make_misplaced_error,
    require_in_class,
)
from cluster_core.data.editing.inspection import ClassContents, clean_file_name, inspect_picture
from cluster_core.data.facts import PictureFactsCache
from cluster_core.errors import PresentError
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
