"""Many pictures on their way into a room: archives that were uploaded, and folders."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from cluster_core.access import Access, Action, Mode, read_mode
from cluster_core.answers.picture_files import ARCHIVES
from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.rooms import get_limits
from cluster_core.data.archives.unsorted import list_packed
from cluster_core.errors import AccessError, DatasetError, ImageError, ImageProblem
from cluster_core.sources.folders import iterate_folder
from cluster_core.sources.source import PictureSource
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.workspace import Workspace

_PIECE_BYTES, _MB = 1 << 20, 1_000_000
_SUFFIX, _NOTE_SUFFIX = ".zip", ".folder"
# How many pictures of the archive beside it have been taken out.
_TAKEN_SUFFIX = ".taken"


@dataclass
class Supply:
    """Pictures to be put into a room, taken one at a time.

    Attributes
    ----------
    name : str
        Of the archive or folder.
    pictures : sequence of (str, callable)
        Name of each, with its folders, and a function that returns its content or raises an
        ImageError.
    problems : sequence of str
        Why other files were left out, in a sentence for each.
    end, close : callable
        Called once all have been taken, and when they are not taken at all.
    n_taken : int
        How many have been taken; iterating goes on from there.
    note : callable
        Called with that number once each is dealt with.
    """

    name: str
    pictures: Sequence[tuple[str, Callable[[], bytes]]]
    problems: Sequence[str] = ()
    end: Callable[[], None] = lambda: None
    close: Callable[[], None] = lambda: None
    n_taken: int = 0
    note: Callable[[int], None] = lambda n_taken: None

    @property
    def n_left(self) -> int:
        """Number of pictures that have not been taken."""
        return len(self.pictures) - self.n_taken

    def __iter__(self) -> Iterator[tuple[str, Callable[[], bytes]]]:
        """Yield the pictures that are left."""
        while self.n_left:
            self.n_taken += 1
            yield self.pictures[self.n_taken - 1]
            self.note(self.n_taken)
        self.end()


def keep_archive(room: AnswerRoom, name: str, file: BinaryIO) -> Supply:
    """Keep a .zip in a room until its pictures have been taken out.

    Parameters
    ----------
    room : AnswerRoom
    name : str
        File name on the visitor's computer; it is never used as a path.
    file : binary file
        Copied in pieces; checked before.

    Raises
    ------
    DatasetError
        It is not a .zip, has no pictures, or an entry is not allowed; or it cannot be kept.
    ImageError
        The room has not enough space for it.
    """
    list_packed(file)
    n_bytes = file.seek(0, 2)
    n_kept = sum(path.stat().st_size for path in (room.folder / ARCHIVES).glob(f"*{_SUFFIX}"))
    if n_bytes > (n_left := max(0, room.n_bytes_left - n_kept)):
        raise ImageError(
            f"{name} was left out, because it has {n_bytes // _MB:,} MB, and {n_left // _MB:,} MB "
            "of pictures can still be kept here: clear some, or run python -m cluster_core "
            "classify in a terminal.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        )
    with explaining_disk_errors(f"{name} could not be kept", room.folder):
        path = room.folder / ARCHIVES / f"{uuid.uuid4().hex}{_SUFFIX}"
        path.parent.mkdir(exist_ok=True)
        file.seek(0)
        with path.open("xb") as target:
            shutil.copyfileobj(file, target, _PIECE_BYTES)
    return _open_archive(path, name)


def find_unfinished(access: Access, room: AnswerRoom) -> list[Supply]:
    """Return the archives and folders of which pictures are left, for example after a restart."""
    found = []
    for path in sorted((room.folder / ARCHIVES).glob(f"*{_SUFFIX}")):
        with suppress(DatasetError, OSError):
            found.append(_open_archive(path, "the .zip"))
    for note in sorted((room.folder / ARCHIVES).glob(f"*{_NOTE_SUFFIX}")):
        with suppress(AccessError, OSError, ValueError):
            folder = note.read_text("utf-8")
            try:
                found.append(_follow_note(note, find_folder(access, folder)))
            except DatasetError as error:  # it is gone
                found.append(_follow_note(note, Supply(folder, (), [str(error)])))
    return found


def keep_folder(room: AnswerRoom, folder: str, supply: Supply) -> Supply:
    """Note in a room that it takes the pictures of a folder, until all have been taken.

    Parameters
    ----------
    room : AnswerRoom
    folder : str
        The folder, as it was given to `find_folder`.
    supply : Supply
        What that found.

    Raises
    ------
    DatasetError
        The note cannot be written.
    """
    with explaining_disk_errors(f"{supply.name} could not be noted", room.folder):
        note = room.folder / ARCHIVES / f"{uuid.uuid4().hex}{_NOTE_SUFFIX}"
        note.parent.mkdir(exist_ok=True)
        note.write_text(folder, "utf-8")
    return _follow_note(note, supply)


def find_folder(access: Access, folder: str) -> Supply:
    """Find the pictures of a folder of the server's computer, and of its sub-folders.

    Parameters
    ----------
    access : Access
    folder : str
        An absolute path; `~` stands for the home folder.

    Raises
    ------
    AccessError
        This server is not for its owner alone.
    DatasetError
        There is no such folder, no picture in it, or more than a room keeps; or it is in the
        workspace, or holds it.
    """
    access.require(Action.READ_FOLDERS)
    if read_mode() is not Mode.OWN_MACHINE:
        raise AccessError(access.refuse(Action.READ_FOLDERS), action=str(Action.READ_FOLDERS))
    n_others = 0

    def pass_over(name: str) -> None:
        nonlocal n_others
        n_others += 1

    try:
        path = Path(folder).expanduser()
        if not path.is_absolute() or not path.is_dir():
            raise OSError
        _require_outside_workspace(path)
        max_pictures = get_limits().max_pictures
        sources = list(islice(iterate_folder(path, pass_over), max_pictures + 1))
    except (OSError, ValueError, RuntimeError) as error:
        raise DatasetError(
            f"There is no folder {folder} on this computer: give its full "
            "path, such as /home/me/night.",
            path=Path(folder),
        ) from error
    if not sources:
        raise DatasetError(f"There are no pictures in {path}: choose another folder.", path=path)
    if len(sources) > max_pictures:
        raise DatasetError(
            f"{path} has more than the {max_pictures:,} pictures that can be kept here: choose one "
            "of its sub-folders, or run python -m cluster_core classify in a terminal.",
            path=path,
        )
    files = "1 file" if n_others == 1 else f"{n_others:,} files"
    verb = "is not a picture" if n_others == 1 else "are not pictures"
    problems = (f"{files} of {path} {verb}.",) if n_others else ()
    return Supply(path.name, [(_name_below(path, one), one.read) for one in sources], problems)


def _name_below(folder: Path, source: PictureSource) -> str:
    """Return the name with its sub-folders, which tells two files of one name apart."""
    return source.path.relative_to(folder).as_posix() if source.path else source.file_name


def _require_outside_workspace(path: Path) -> None:
    folder, root = path.resolve(), Workspace.default().root.resolve()
    if folder.is_relative_to(root) or root.is_relative_to(folder):
        raise DatasetError(
            f"Cluster Lab keeps its own files in {root}: choose a folder that is not in it and "
            "does not contain it.",
            path=path,
        )


def _follow_note(note: Path, supply: Supply) -> Supply:
    return replace(supply, end=lambda: note.unlink(missing_ok=True))


def _open_archive(path: Path, name: str) -> Supply:
    file = path.open("rb")
    try:
        packed, problems = list_packed(file)
    except DatasetError:
        file.close()
        raise

    taken = path.with_suffix(_TAKEN_SUFFIX)

    def end() -> None:
        file.close()
        path.unlink(missing_ok=True)
        taken.unlink(missing_ok=True)

    def note(n_taken: int) -> None:
        with suppress(OSError):  # then they are found again by their contents
            taken.write_text(str(n_taken), "utf-8")

    n_taken = 0
    with suppress(OSError, ValueError):  # not begun, or cut off while it was written
        n_taken = min(max(0, int(taken.read_text("utf-8"))), len(packed))
    pictures = [(one.name, one.read) for one in packed]
    return Supply(name, pictures, problems, end, file.close, n_taken, note)
