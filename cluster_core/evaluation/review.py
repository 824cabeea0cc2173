"""Review a model's mistakes: find where each test picture is now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cluster_core.evaluation.scores import TestedPicture
from cluster_core.storage.hashing import hash_file

# A page is redrawn with every click, so hashes are cached: 64 bytes per picture.
MAX_CACHED_HASHES = 10_000


class PictureStatus(StrEnum):
    """How a picture has changed since a model was tested with it.

    `MOVED` means the same content in another class, `EDITED` other content in the same place.
    """

    IN_PLACE = "in place"
    MOVED = "moved to another class"
    EDITED = "changed since"
    GONE = "no longer there"


@dataclass(frozen=True)
class FoundPicture:
    """A test picture and its current status.

    Attributes
    ----------
    tested : TestedPicture
        The picture as it was tested.
    status : PictureStatus
        How it has changed since.
    path : Path or None
        Its current path; None if it is gone.
    """

    tested: TestedPicture
    status: PictureStatus
    path: Path | None

    @property
    def label(self) -> str | None:
        """The class that the picture is in now; None if it is gone."""
        return self.path.parent.name if self.path else None


def find_picture(image_dir: Path, tested: TestedPicture) -> FoundPicture:
    """Look for a test picture in its class, then in the other classes.

    Another class may have added a number to its name, such as `name (2).png`.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder.
    tested : TestedPicture
        The picture as it was tested.

    Returns
    -------
    FoundPicture
        An unreadable picture counts as gone.
    """
    name = tested.path.name
    original = image_dir / tested.label / name
    try:
        if original.is_file():
            is_same = _hash_cached(original) == tested.sha256
            return FoundPicture(
                tested, PictureStatus.IN_PLACE if is_same else PictureStatus.EDITED, original
            )
        for path in _list_namesakes(image_dir, tested):
            if _hash_cached(path) == tested.sha256:
                return FoundPicture(tested, PictureStatus.MOVED, path)
    except OSError:
        pass  # deleted during the search, or unreadable
    return FoundPicture(tested, PictureStatus.GONE, None)


def _hash_cached(path: Path) -> str:
    """Return a file's SHA-256, cached until the file changes."""
    status = path.stat()
    return _hash_version(path, status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(MAX_CACHED_HASHES)
def _hash_version(path: Path, size: int, mtime_ns: int, inode: int) -> str:
    return hash_file(path)


def _list_namesakes(image_dir: Path, tested: TestedPicture) -> list[Path]:
    """Return the files in other classes with a picture's name, then those with a number added."""
    name = tested.path.name
    suffix = "".join(tested.path.suffixes[-2:] if name.endswith(".gz") else [tested.path.suffix])
    stem = re.escape(name.removesuffix(suffix))
    numbered = re.compile(rf"{stem}( \(\d+\))?{re.escape(suffix)}")
    namesakes = [
        path
        for folder in sorted(image_dir.iterdir())
        if folder.is_dir() and folder.name != tested.label
        for path in sorted(folder.iterdir())
        if numbered.fullmatch(path.name) and path.is_file()
    ]
    return sorted(namesakes, key=lambda path: path.name != name)
