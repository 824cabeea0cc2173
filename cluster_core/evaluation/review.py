"""Find where test pictures are now, and score a test again by their labels of today."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path

from cluster_core.data.counter_classes import list_counter_classes
from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.storage.hashing import hash_file

# A page is redrawn with every click, so hashes are cached: 64 bytes per picture.
MAX_CACHED_HASHES = 10_000
# Added to the name of a moved picture if the class already has that name.
_NUMBER = re.compile(r" \(\d+\)")


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


@dataclass(frozen=True)
class RescoredTest:
    """A test, scored by the labels that its pictures have today.

    Attributes
    ----------
    metrics : Metrics
        The answers of the test with the labels of today, without pictures that are gone or are
        counter-examples now.
    n_changed : int
        Number of pictures that are in another class than when they were tested.
    """

    metrics: Metrics
    n_changed: int


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
    return _ClassFiles(image_dir).find(tested)


def rescore(image_dir: Path, metrics: Metrics) -> RescoredTest:
    """Score the answers of a test again, by the labels that its pictures have today.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder.
    metrics : Metrics
        The test; the pictures have the labels of that time.

    Returns
    -------
    RescoredTest
        A file that is where it was counts as unchanged. A class that was renamed keeps its old
        name.
    """
    files = _ClassFiles(image_dir)
    pictures = []
    n_changed = 0
    for tested in metrics.pictures:
        label = tested.label if files.has(tested) else files.find(tested).label
        if label is None:
            continue
        if label not in metrics.labels and list_counter_classes(image_dir, [label]):
            n_changed += 1
            continue
        if label not in metrics.labels and not (image_dir / tested.label).is_dir():
            label = tested.label
        n_changed += label != tested.label
        pictures.append(replace(tested, label=label))
    n_independent = metrics.n_independent
    if n_independent is not None and pictures:
        n_independent = max(1.0, n_independent * len(pictures) / metrics.n)
    return RescoredTest(Metrics(metrics.labels, tuple(pictures), n_independent), n_changed)


class _ClassFiles:
    """The files of a dataset, listed when a picture is not where it was."""

    def __init__(self, image_dir: Path) -> None:
        self._image_dir = image_dir

    def has(self, tested: TestedPicture) -> bool:
        """Tell whether a file is still where a picture was tested."""
        return (self._image_dir / tested.label / tested.path.name).is_file()

    def find(self, tested: TestedPicture) -> FoundPicture:
        """Do the work of `find_picture`."""
        original = self._image_dir / tested.label / tested.path.name
        try:
            if original.is_file():
                is_same = _hash_cached(original) == tested.sha256
                return FoundPicture(
                    tested, PictureStatus.IN_PLACE if is_same else PictureStatus.EDITED, original
                )
            for path in self._by_name.get(_NUMBER.sub("", original.name), ()):
                if path.parent.name != tested.label and _hash_cached(path) == tested.sha256:
                    return FoundPicture(tested, PictureStatus.MOVED, path)
        except OSError:
            pass  # deleted during the search, or unreadable
        return FoundPicture(tested, PictureStatus.GONE, None)

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Path]]:
        """All files by their names without numbers."""
        found = defaultdict(list)
        for folder in sorted(self._image_dir.iterdir()):
            if folder.is_dir():
                for path in sorted(folder.iterdir()):
                    found[_NUMBER.sub("", path.name)].append(path)
        return found


def _hash_cached(path: Path) -> str:
    """Return a file's SHA-256, cached until the file changes."""
    status = path.stat()
    return _hash_version(path, status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(MAX_CACHED_HASHES)
def _hash_version(path: Path, size: int, mtime_ns: int, inode: int) -> str:
    return hash_file(path)
