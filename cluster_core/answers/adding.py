"""Add reviewed pictures to a dataset, and take them out again."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from cluster_core.access import Action, require
from cluster_core.answers.records import KeptPicture
from cluster_core.answers.room import AnswerRoom
from cluster_core.data.catalog import create_dataset, dataset_dir, list_datasets
from cluster_core.data.class_folders import list_files
from cluster_core.data.editing.changes import list_classes
from cluster_core.data.labels import fold_name
from cluster_core.data.uploads import NewPicture, PictureBatch
from cluster_core.errors import DatasetError
from cluster_core.storage.trash import TrashEntry, move_to_trash
from cluster_core.workspace import Workspace


class Addition:
    """Reviewed pictures on their way into a dataset.

    Parameters
    ----------
    workspace : Workspace
        The workspace of the dataset.
    dataset : str
        Name of the dataset; created if missing.
    room : AnswerRoom
        The room of the pictures.
    numbers : iterable of int
        The pictures. Those without a review, or whose class nobody knows, are left out.

    Raises
    ------
    DatasetError
        The name is not valid, or the dataset cannot be created.
    AccessError
        This server does not allow it.
    """

    def __init__(
        self, workspace: Workspace, dataset: str, room: AnswerRoom, numbers: Iterable[int]
    ) -> None:
        require(Action.EDIT_DATASETS)
        self._workspace = workspace
        self.is_new = dataset not in list_datasets(workspace)
        if self.is_new:
            self.image_dir = create_dataset(workspace, dataset)
        else:
            self.image_dir = dataset_dir(workspace, dataset)
        find_copy = _make_copy_finder(self.image_dir)
        pictures = [
            _make_new_picture(room, room.pictures[number], label, find_copy)
            for number, label in list_labelled(room, numbers)
        ]
        self.batch = PictureBatch(self.image_dir, pictures)

    def take_back(self) -> TrashEntry:
        """Move what was added to the trash, with the dataset and classes created for it.

        Raises
        ------
        DatasetError
            Nothing is left of it, or something cannot be moved.
        AccessError
            This server does not allow it.
        """
        created = [self.image_dir] if self.is_new else list(self.batch.new_classes)
        n = len(self.batch.stored)
        what = "1 picture" if n == 1 else f"{n:,} pictures"
        return move_to_trash(
            self._workspace,
            [*created, *self.batch.stored],
            f"{what} added to {self.image_dir.name.removesuffix('_photos')} from Classify",
        )

    def discard_empty(self) -> None:
        """Remove the classes and the dataset that were created for pictures that never came."""
        folders = [*self.batch.new_classes, *([self.image_dir] if self.is_new else [])]
        for folder in folders:
            with suppress(OSError):  # not empty
                folder.rmdir()


def list_labelled(room: AnswerRoom, numbers: Iterable[int]) -> list[tuple[int, str]]:
    """Return those of the pictures that a person gave a class, with the class."""
    found = [(number, room.reviews.get(number)) for number in numbers if number in room.pictures]
    return [(number, review.label) for number, review in found if review and review.label]


def _make_new_picture(
    room: AnswerRoom,
    picture: KeptPicture,
    label: str,
    find_copy: Callable[[KeptPicture, str], Path | None],
) -> NewPicture:
    def read() -> bytes:
        if copy := find_copy(picture, label):
            raise DatasetError(
                f"{picture.name} was left out, because the class {copy.parent.name} already has "
                f"the same picture: {copy.name}.",
                path=copy,
            )
        return room.read_picture(picture.number)

    return NewPicture(label, picture.name, read)


def _make_copy_finder(image_dir: Path) -> Callable[[KeptPicture, str], Path | None]:
    """Return a function that finds a copy of a picture in any class but its own.

    `PictureBatch` looks into its own class; a copy in another would teach the network that one
    picture shows two things.
    """
    by_size: dict[int, list[Path]] = defaultdict(list)
    for label in list_classes(image_dir):
        for path in list_files(image_dir / label):
            with suppress(OSError):
                by_size[path.stat().st_size].append(path)

    def find(picture: KeptPicture, label: str) -> Path | None:
        for path in by_size.get(picture.n_bytes, ()):
            if fold_name(path.parent.name) == fold_name(label):
                continue
            with suppress(OSError):
                if hashlib.sha256(path.read_bytes()).hexdigest() == picture.sha256:
                    return path
        return None

    return find
