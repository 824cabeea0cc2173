"""Add pictures that a person labelled to a dataset, and take them out again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.answers.room import AnswerRoom
from cluster_core.data.catalog import create_dataset, dataset_dir, list_datasets
from cluster_core.data.counter_classes import COUNTER_CLASS, is_counter_name
from cluster_core.data.editing.classes import list_classes
from cluster_core.data.labels import fold_name
from cluster_core.data.twins import ClassesByContent
from cluster_core.data.uploads import NewPicture, PictureBatch
from cluster_core.errors import DatasetError
from cluster_core.storage.trash import TrashEntry, move_to_trash
from cluster_core.workspace import DATASET_SUFFIX, Workspace


@dataclass(frozen=True)
class LabelledPicture:
    """A picture that a person gave a class.

    Attributes
    ----------
    label : str
        The class.
    name : str
        File name on the visitor's computer.
    n_bytes : int
        Size of the file.
    sha256 : str
        Hexadecimal hash of the file.
    read : callable
        Returns the content of the file, or raises an ImageError.
    """

    label: str
    name: str
    n_bytes: int
    sha256: str
    read: Callable[[], bytes]


class Addition:
    """Labelled pictures on their way into a dataset.

    Parameters
    ----------
    access : Access
    workspace : Workspace
        The workspace of the dataset.
    dataset : str
        Name of the dataset; created if missing.
    pictures : sequence of LabelledPicture
        The pictures.
    origin : str
        The page that they come from, for the trash.

    Raises
    ------
    DatasetError
        The name is not valid, or the dataset cannot be created.
    AccessError
        This server does not allow it.
    """

    def __init__(
        self,
        access: Access,
        workspace: Workspace,
        dataset: str,
        pictures: Sequence[LabelledPicture],
        origin: str = "Classify",
    ) -> None:
        access.require(Action.EDIT_DATASETS, workspace.root)
        self._access = access
        self.workspace, self.dataset, self._origin = workspace, dataset, origin
        self.is_new = dataset not in list_datasets(workspace)
        if self.is_new:
            self.image_dir = create_dataset(access, workspace, dataset)
        else:
            self.image_dir = dataset_dir(workspace, dataset)
        labelled = self._name_counter_class(pictures)
        find_problem = _make_problem_finder(self.image_dir, labelled)
        new = [_make_new_picture(picture, find_problem) for picture in labelled]
        self.batch = PictureBatch(access, self.image_dir, new)

    def _name_counter_class(self, pictures: Sequence[LabelledPicture]) -> list[LabelledPicture]:
        """Return the pictures with the dataset's own name for the class of counter-examples."""
        present = filter(is_counter_name, list_classes(self.image_dir))
        name = next(present, COUNTER_CLASS)
        return [
            replace(picture, label=name) if is_counter_name(picture.label) else picture
            for picture in pictures
        ]

    def take_back(self) -> TrashEntry:
        """Move the added pictures to the trash.

        Classes and a dataset that were created for them are removed if nothing else is in them.

        Raises
        ------
        DatasetError
            Nothing is left of it, or something cannot be moved.
        AccessError
            This server does not allow it.
        """
        n = len(self.batch.stored)
        what = "1 picture" if n == 1 else f"{n:,} pictures"
        dataset = self.image_dir.name.removesuffix(DATASET_SUFFIX)
        entry = move_to_trash(
            self._access,
            self.workspace,
            self.batch.stored,
            f"{what} added to {dataset} from {self._origin}",
        )
        self.discard_empty()
        return entry

    def discard_empty(self) -> None:
        """Remove the classes and the dataset that were created for these pictures, if empty."""
        folders = [*self.batch.new_classes, *([self.image_dir] if self.is_new else [])]
        for folder in folders:
            with suppress(OSError):  # not empty
                folder.rmdir()


def list_labelled(room: AnswerRoom, numbers: Iterable[int]) -> list[LabelledPicture]:
    """Return those of the pictures in a room that a person gave a class."""
    found = [(number, room.reviews.get(number)) for number in numbers if number in room.pictures]
    return [
        _find_in_room(room, number, review.label)
        for number, review in found
        if review and review.label
    ]


def _find_in_room(room: AnswerRoom, number: int, label: str) -> LabelledPicture:
    kept = room.pictures[number]
    return LabelledPicture(
        label, kept.name, kept.n_bytes, kept.sha256, lambda: room.read_picture(number)
    )


def _make_new_picture(
    picture: LabelledPicture, find_problem: Callable[[LabelledPicture], str | None]
) -> NewPicture:
    def read() -> bytes:
        if problem := find_problem(picture):
            raise DatasetError(
                f"{picture.name} was left out, because {problem}.", path=Path(picture.name)
            )
        return picture.read()

    return NewPicture(picture.label, picture.name, read)


def _make_problem_finder(
    image_dir: Path, labelled: Sequence[LabelledPicture]
) -> Callable[[LabelledPicture], str | None]:
    """Return a function that says why a picture cannot be in its class, as a clause, or None.

    `PictureBatch` finds copies in its own class; a copy in another, of the dataset or of these
    pictures, would teach the network that one picture shows two things.
    """
    labels_of: dict[str, set[str]] = defaultdict(set)
    for picture in labelled:
        labels_of[picture.sha256].add(fold_name(picture.label))
    classes = ClassesByContent(image_dir)

    def find(picture: LabelledPicture) -> str | None:
        if len(labels_of[picture.sha256]) > 1:
            return "the same picture is here more than once, with different classes from you"
        if twin := classes.find_elsewhere(picture.label, picture.n_bytes, picture.sha256):
            return f"the class {twin.parent.name} already has the same picture: {twin.name}"
        return None

    return find
