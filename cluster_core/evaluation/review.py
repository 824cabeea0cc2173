"""Looking through a model's mistakes: where the pictures are by now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cluster_core.evaluation.scores import TestedPicture
from cluster_core.storage.file_hashes import hash_file

# A page is drawn with every click: what was hashed is kept, 64 bytes a picture.
MOST_HASHES = 10_000


class PictureStatus(StrEnum):
    """What became of a picture since a model was tested with it."""

    IN_PLACE = "in place"
    MOVED = "moved to another class"
    EDITED = "changed since"
    GONE = "no longer there"


@dataclass(frozen=True)
class FoundPicture:
    """A tested picture and what became of it.

    Attributes
    ----------
    tested : TestedPicture
    status : PictureStatus
    path : Path or None
        Where it is now; None if it is gone.
    """

    tested: TestedPicture
    status: PictureStatus
    path: Path | None

    @property
    def label(self) -> str | None:
        """The class it is in now."""
        return self.path.parent.name if self.path else None


def find_picture(image_dir: Path, tested: TestedPicture) -> FoundPicture:
    """Look for a picture where it was when it was tested, then in the other classes.

    There it may have got a number after its name, where that was taken.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder.
    tested : TestedPicture
        Its path is relative to that folder.
    """
    name = tested.path.name
    then = image_dir / tested.label / name
    try:
        if then.is_file():
            is_same = _hash_unless_known(then) == tested.sha256
            return FoundPicture(
                tested, PictureStatus.IN_PLACE if is_same else PictureStatus.EDITED, then
            )
        for path in _list_namesakes(image_dir, tested):
            if _hash_unless_known(path) == tested.sha256:
                return FoundPicture(tested, PictureStatus.MOVED, path)
    except OSError:
        pass  # deleted while it was looked for
    return FoundPicture(tested, PictureStatus.GONE, None)


def _hash_unless_known(path: Path) -> str:
    """Return a file's SHA-256; read again only when it was written to."""
    written = path.stat()
    return _hash_as_written(path, written.st_size, written.st_mtime_ns, written.st_ino)


@lru_cache(MOST_HASHES)
def _hash_as_written(path: Path, size: int, mtime_ns: int, inode: int) -> str:
    return hash_file(path)


def _list_namesakes(image_dir: Path, tested: TestedPicture) -> list[Path]:
    """Return files of other classes with a picture's name, then those with a number after it."""
    name = tested.path.name
    suffix = "".join(tested.path.suffixes[-2:] if name.endswith(".gz") else [tested.path.suffix])
    stem = re.escape(name.removesuffix(suffix))
    numbered = re.compile(rf"{stem}( \(\d+\))?{re.escape(suffix)}")
    found = [
        path
        for folder in sorted(image_dir.iterdir())
        if folder.is_dir() and folder.name != tested.label
        for path in sorted(folder.iterdir())
        if numbered.fullmatch(path.name) and path.is_file()
    ]
    return sorted(found, key=lambda path: path.name != name)
