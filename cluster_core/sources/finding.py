"""Find the pictures that the arguments of a command mean."""

from __future__ import annotations

import functools
import glob
import io
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from urllib.request import url2pathname

from cluster_core.data.archives.reading import is_archive, iterate_archive
from cluster_core.data.web.fetching import fetch_picture
from cluster_core.errors import ClusterError, ImageError, ImageProblem
from cluster_core.sources.folders import iterate_folder
from cluster_core.sources.source import PictureSource
from cluster_core.sources.stores import is_store, iterate_store

NAMES_KEPT = 4
STANDARD_INPUT = Path("-")
_HEAD_CHARACTERS = 4096


@dataclass
class PictureSources:
    """The pictures of files, folders, archives, addresses, object stores, patterns and lists.

    Iterating finds the pictures as they are taken, so that memory use does not depend on their
    number. It may be repeated.

    Attributes
    ----------
    places : sequence of str
        Files, which are included whatever their name; folders and archives, of which only files
        with the ending of a picture are; web addresses; addresses of object stores; and patterns
        such as `night/*.fits`. Hidden files and folders are skipped. A file may be a `file://`
        address.
    lists : sequence of Path
        Text files with one such place per line, or `STANDARD_INPUT`. Empty lines, and lines that
        begin with #, are skipped.
    output : Path or None
        A table that is being written, which does not count as a file that is not a picture.
    n_others : int
        How many files without the ending of a picture the last iteration has passed.
    others : list of str
        The names of the first of them.
    """

    places: Sequence[str]
    lists: Sequence[Path] = ()
    output: Path | None = None
    n_others: int = field(default=0, init=False)
    others: list[str] = field(default_factory=list, init=False)

    def __iter__(self) -> Iterator[PictureSource]:
        """Yield the pictures in the order of the places, then of the lists.

        Raises
        ------
        ImageError
            A place is empty or does not exist, or a list cannot be read or is not text. A line of
            a list without a file is a picture that cannot be read instead.
        """
        self.n_others, self.others = 0, []
        for place in map(_read_file_address, self.places):
            yield from _iterate_place(place, self._pass_over)
        for path in self.lists:
            for line in _iterate_lines(path):
                try:
                    yield from _iterate_place(line, self._pass_over)
                except ClusterError as error:
                    yield PictureSource.of_problem(line, str(error))

    def check(self) -> None:
        """Raise an ImageError if a place or list does not exist, or a list is not text."""
        for place in map(_read_file_address, self.places):
            if "://" not in place:
                _find_files(place)
        for path in self.lists:
            if path != STANDARD_INPUT:
                with _open_list(path) as lines:
                    _require_text(lines.read(_HEAD_CHARACTERS), str(path))

    def count(self) -> int | None:
        """Count the pictures without reading any; None if that would take long."""
        if STANDARD_INPUT in self.lists or any(map(_is_slow, self.places)):
            return None
        lines = (line for path in self.lists for line in _iterate_lines(path))
        if any(map(_is_slow, lines)):
            return None
        return sum(1 for _ in self)

    def _pass_over(self, name: str) -> None:
        if self.output and os.path.abspath(name) == os.path.abspath(self.output):  # noqa: PTH100
            return  # without Path, because links stay as they are
        self.n_others += 1
        if len(self.others) < NAMES_KEPT:
            self.others.append(Path(name).name)


def _is_slow(place: str) -> bool:
    return is_store(place) or (is_archive(Path(place)) and not place.lower().endswith(".zip"))


def _iterate_place(place: str, on_other: Callable[[str], None]) -> Iterator[PictureSource]:
    if is_store(place):
        yield from iterate_store(place, on_other)
    elif place.lower().startswith(("http://", "https://")):
        yield PictureSource(place, functools.partial(fetch_picture, place))
    else:
        for path in _find_files(place):
            yield from _iterate_path(path, on_other)


def _find_files(place: str) -> Iterable[Path]:
    """Return the file or folder of a name, or those of a pattern, sorted."""
    if not place.strip():
        raise ImageError(
            "One of the paths is empty: pass a file, or . for this folder.",
            path=place,
            reason=ImageProblem.UNREADABLE,
        )
    path = Path(place)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        found = _match(place) if glob.has_magic(place) and "\0" not in place else []
        if found:
            return found
        raise ImageError(
            f"There is no file or folder {place}: check the spelling.",
            path=place,
            reason=ImageProblem.UNREADABLE,
        ) from error
    except OSError:  # reading the file fails later, which reports the problem in its row
        pass
    return (path,)


def _match(pattern: str) -> list[Path]:
    # Path.glob takes no absolute patterns.
    return sorted(map(Path, glob.iglob(pattern, recursive=True)))  # noqa: PTH207


def _iterate_path(path: Path, on_other: Callable[[str], None]) -> Iterator[PictureSource]:
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        is_folder = False
    if is_folder:
        yield from iterate_folder(path, on_other)
    elif is_archive(path):
        try:
            for packed in iterate_archive(path, on_other):
                yield PictureSource(f"{path}/{packed.name}", packed.read)
        except ClusterError as error:
            yield PictureSource.of_problem(str(path), str(error))
    else:
        yield PictureSource.of_file(path)


def _open_list(path: Path) -> TextIO:
    try:
        return path.open(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise ImageError(
            f"The list {path} could not be opened ({error.strerror}): check its name.",
            path=str(path),
            reason=ImageProblem.UNREADABLE,
        ) from error


def _iterate_lines(path: Path) -> Iterator[str]:
    if path == STANDARD_INPUT:
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="surrogateescape")  # as in other lists
        yield from _read_places(sys.stdin, "on standard input")
        return
    with _open_list(path) as lines:
        yield from _read_places(lines, str(path))


def _read_places(lines: Iterable[str], name: str) -> Iterator[str]:
    for line in lines:
        _require_text(line, name)
        place = line.strip()
        if place and not place.startswith("#"):
            yield _read_file_address(place)


def _require_text(content: str, name: str) -> None:
    if "\0" in content:
        raise ImageError(
            f"The list {name} is not UTF-8 text: write one path or address per line, and pass "
            "pictures without --from.",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        )


def _read_file_address(place: str) -> str:
    """Return the path that a `file://` address means, and any other place as it is."""
    if not place.lower().startswith("file:/"):
        return place
    host, slash, path = place[len("file:") :].removeprefix("//").partition("/")
    return url2pathname(slash + path) if host.lower() in {"", "localhost"} else place
