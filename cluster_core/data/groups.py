"""Group the pictures that must stay on one side of a split: copies, and pictures of one object."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from cluster_core.data.copies import MAX_COPIES, find_copies
from cluster_core.data.index import Picture
from cluster_core.data.recordings import find_recording
from cluster_core.data.subjects import find_subject
from cluster_core.sky_names.file_names import find_objects

Pairs = Sequence[tuple[int, int]]


def list_copies(
    pictures: Sequence[Picture], search: Callable[[Sequence[bytes]], Pairs] = find_copies
) -> list[tuple[int, int]]:
    """Find the pairs of pictures that are copies of each other.

    Frames of one recording do not count: in a slow pan every frame resembles the next ones, so
    the whole recording would be a single chain of copies, of which hardly any could be used.

    Parameters
    ----------
    pictures : sequence of Picture
    search : callable
        `find_copies`, or `find_copies_exactly` for splits of earlier versions.

    Returns
    -------
    list of (int, int)
        Index pairs as from `find_copies`.
    """
    if search is find_copies and all(picture.copies is not None for picture in pictures):
        pairs: Iterable[tuple[int, int]] = _pair_marked(pictures)
    else:
        pairs = search([picture.fingerprint for picture in pictures])
    recordings = [find_recording(picture.path.name) for picture in pictures]
    return [
        (one, other)
        for one, other in pairs
        if recordings[one] is None or recordings[one] != recordings[other]
    ]


def _pair_marked(pictures: Sequence[Picture]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of pictures of which a scan has found that they are copies, in order."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, picture in enumerate(pictures):
        if picture.copies:
            numbers[picture.sha256].append(number)
    for one, picture in enumerate(pictures):
        others = {other for sha256 in picture.copies or () for other in numbers.get(sha256, ())}
        yield from ((one, other) for other in sorted(others) if other > one)


def group_pictures(pictures: Sequence[Picture], copies: Pairs) -> list[int]:
    """Group copies, and pictures of one object, across all classes.

    Pictures show one object if their files are equal, their headers or their names name one object
    of the sky, their names share what precedes `_nohash_`, `groups.csv` says so, or a person did.

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
    chains = join_pairs(len(pictures), copies)
    sizes = Counter(chains)
    without_series = (pair for pair in copies if sizes[chains[pair[0]]] <= MAX_COPIES)
    same = _pair_by_keys(list_keys(picture) for picture in pictures)
    return join_pairs(len(pictures), [*same, *without_series])


def group_pictures_as_before(pictures: Sequence[Picture], copies: Pairs) -> list[int]:
    """Group pictures by the rule of splits of version 2; see `group_pictures`.

    Of file names, it knows M, NGC and IC numbers and `_nohash_`. An object with more than
    `MAX_COPIES` pictures counts as a series, so that copies with other names are not joined to it.
    """
    same = list(_pair_by_keys((name_key(picture),) for picture in pictures))
    groups = join_pairs(len(pictures), [*same, *copies])
    sizes = Counter(groups)
    without_series = [pair for pair in copies if sizes[groups[pair[0]]] <= MAX_COPIES]
    return join_pairs(len(pictures), [*same, *without_series])


def list_keys(picture: Picture) -> tuple[str, ...]:
    """Return what a picture may share with others that show the same object."""
    before, marker, _ = picture.path.name.partition("_nohash_")
    return (
        picture.sha256,
        *(f"object {name}" for name in find_objects(before if marker else picture.path.stem)),
        *((f"object {picture.sky_object}",) if picture.sky_object else ()),
        *((f"variants {before}",) if marker else ()),
        *(f"group {name}" for name in picture.groups),
    )


def name_key(picture: Picture) -> str:
    """Return what identifies a picture: the object in its file name, else its content.

    Unlike a file name, the content tells apart files that a camera named alike in several
    classes, and stays the same when a file is renamed or moved to another class.
    """
    subject = find_subject(picture.path.name)
    return picture.sha256 if subject is None else f"object {subject}"


def _pair_by_keys(keys: Iterable[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Yield pairs that connect all pictures with a common key."""
    first_of: dict[str, int] = {}
    for number, its_keys in enumerate(keys):
        for key in its_keys:
            first = first_of.setdefault(key, number)
            if first != number:
                yield first, number


def join_pairs(n: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return the groups of n pictures that pairs connect.

    Parameters
    ----------
    n : int
    pairs : iterable of (int, int)
        Indices from 0 to n - 1.

    Returns
    -------
    list of int
        The group of each picture: the index of one of its members.
    """
    parents = list(range(n))

    def find_root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]  # halves the path for the next search
            number = parents[number]
        return number

    for one, other in pairs:
        parents[find_root(other)] = find_root(one)
    return [find_root(number) for number in range(n)]
