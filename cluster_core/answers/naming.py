"""Name the objects in pictures of a room, and keep the names."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing, suppress

from cluster_core.answers.records import KeptObject
from cluster_core.answers.room import AnswerRoom
from cluster_core.errors import ImageError
from cluster_core.sky_names.cache import identifying
from cluster_core.sky_names.solving import Solver
from cluster_core.storage.mapping import map_images
from cluster_core.workspace import Workspace


def list_unnamed(room: AnswerRoom) -> list[int]:
    """Return the pictures of which nobody has asked what they show."""
    return [number for number in room.pictures if number not in room.objects]


def name_pictures(
    room: AnswerRoom, workspace: Workspace, solver: Solver | None, numbers: Iterable[int]
) -> Generator[int, None, None]:
    """Ask headers, file names and the stars of pictures which object each shows.

    Parameters
    ----------
    room : AnswerRoom
        Used by the calling thread only.
    workspace : Workspace
        Its cache is asked first.
    solver : Solver or None
        What recognises the stars, from several threads.
    numbers : iterable of int
        Of the pictures.

    Yields
    ------
    int
        The number of each, in order, once its object is kept; an unknown one has no name.

    Raises
    ------
    DatasetError
        A name cannot be kept, for example because the room was cleared.
    RunError
        The solver was stopped, or the cache cannot be used.
    """
    tasks = [(number, room.pictures[number].name) for number in numbers]

    def name(task: tuple[int, str]) -> tuple[int, KeptObject]:
        number, file_name = task
        with suppress(ImageError):
            if found := identify(room.read_picture(number), file_name).main:
                return number, KeptObject(found.object.name, found.object.kind)
        return number, KeptObject()

    with identifying(workspace, solver) as identify, closing(map_images(name, tasks)) as named:
        for number, known in named:
            room.keep_object(number, known)
            yield number
