"""Group the pictures that must stay on one side of a split: copies, and pictures of one object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cluster_core.data.fingerprints import MAX_COPIES, find_copies
from cluster_core.data.index import Picture
from cluster_core.data.recordings import find_recording
from cluster_core.data.subjects import find_subject


def list_copies(pictures: Sequence[Picture]) -> list[tuple[int, int]]:
    """Find the pairs of pictures that are copies of each other.

    Frames of one recording do not count: in a slow pan every frame resembles the next ones, so
    the whole recording would be a single chain of copies, of which hardly any could be used.

    Returns
    -------
    list of (int, int)
        Index pairs as from `find_copies`.
    """
    recordings = [find_recording(picture.path.name) for picture in pictures]
    return [
        (one, other)
        for one, other in find_copies([picture.fingerprint for picture in pictures])
        if recordings[one] is None or recordings[one] != recordings[other]
    ]


def group_pictures(pictures: Sequence[Picture], copies: Sequence[tuple[int, int]]) -> list[int]:
    """Group copies, and pictures whose file names name the same object, across all classes.

    Written digits resemble each other so much that chains of supposed copies connect most of
    them. As in `find_copies`, a picture with more than `MAX_COPIES` relatives is not a copy but
    one of a series.

    Parameters
    ----------
    pictures : sequence of Picture
        The n pictures of a dataset.
    copies : sequence of (int, int)
        Index pairs of pictures that are copies of each other, from `list_copies`.

    Returns
    -------
    list of int
        The group of each picture: the index of one of its members.
    """
    groups = _join(pictures, copies)
    sizes = Counter(groups)
    without_series = [pair for pair in copies if sizes[groups[pair[0]]] <= MAX_COPIES]
    return groups if len(without_series) == len(copies) else _join(pictures, without_series)


def _join(pictures: Sequence[Picture], copies: Iterable[tuple[int, int]]) -> list[int]:
    """Return the group of each picture, joined by keys and by pairs of copies."""
    parents = list(range(len(pictures)))

    def find_root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]  # halves the path for the next search
            number = parents[number]
        return number

    first_of: dict[str, int] = {}
    same_key = (
        (first_of.setdefault(name_key(picture), number), number)
        for number, picture in enumerate(pictures)
    )
    for pairs in (same_key, copies):
        for one, other in pairs:
            parents[find_root(other)] = find_root(one)
    return [find_root(number) for number in range(len(pictures))]


def name_key(picture: Picture) -> str:
    """Return what identifies a picture: the object in its file name, else its content.

    Unlike a file name, the content tells apart files that a camera named alike in several
    classes, and stays the same when a file is renamed or moved to another class.
    """
    subject = find_subject(picture.path.name)
    return picture.sha256 if subject is None else f"object {subject}"
