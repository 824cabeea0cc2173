"""Put many unlabelled pictures into a queue, in a task that can be interrupted and resumed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.data.editing.inspection import (
    InspectedPicture,
    clean_file_name,
    inspect_picture,
)
from cluster_core.data.facts import PictureFactsCache
from cluster_core.data.index import Progress
from cluster_core.errors import DatasetError, ImageError
from cluster_core.labelling.queue import LabelQueue
from cluster_core.labelling.records import QueuedPicture
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.drafts import drafting
from cluster_core.storage.mapping import map_images

MAX_PICTURES = 10_000
MAX_BYTES = 50_000_000_000


@dataclass(frozen=True)
class UnlabelledFile:
    """A file to be put into a queue.

    Attributes
    ----------
    name : str
        File name on the visitor's computer; it is never used as a path.
    read : callable
        Returns the content of the file. Called once. It may raise an ImageError or an OSError.
    """

    name: str
    read: Callable[[], bytes]


class QueueFilling:
    """Files on their way into a queue; a bad one does not stop the others.

    Parameters
    ----------
    access : Access
    queue : LabelQueue
    files : sequence of UnlabelledFile
        In the order in which they are added.
    problems : sequence of str
        Why other files were left out before.

    Attributes
    ----------
    n_added, n_present : int
        Pictures that were added, and that were in the queue already.
    problems : list of str
        Why a file was left out, in a sentence for each.
    """

    def __init__(
        self,
        access: Access,
        queue: LabelQueue,
        files: Sequence[UnlabelledFile],
        problems: Sequence[str] = (),
    ) -> None:
        self._access = access
        self._queue = queue
        self._files = tuple(files)
        self._done: set[int] = set()
        self._lock = threading.Lock()
        self._n_bytes = sum(picture.n_bytes for picture in queue.pictures.values())
        self.n_added, self.n_present = 0, 0
        self.problems = list(problems)

    @property
    def n_left(self) -> int:
        """Number of files that have not been processed."""
        return len(self._files) - len(self._done)

    def add_remaining(self, cache: CacheFile, on_progress: Progress | None = None) -> None:
        """Add all files that have not been processed yet.

        Parameters
        ----------
        cache : CacheFile
            Where facts about the pictures are kept.
        on_progress : callable, optional
            Called with the numbers of files done and in total. An exception in it stops; the
            next call adds the rest.

        Raises
        ------
        AccessError
            This server does not allow it.
        DatasetError
            The queue was deleted, or cannot be written to.
        RunError
            The cache cannot be used.
        """
        self._access.require(Action.EDIT_DATASETS)
        facts = PictureFactsCache(cache)

        def add(number: int) -> None:
            entry = _inspect(self._files[number])
            with self._lock:  # the queue takes one picture at a time
                if isinstance(entry, str):
                    self.problems.append(entry)
                else:
                    self._add(entry)
                    facts.save([(entry.picture.sha256, entry.picture.facts)])
                self._done.add(number)

        waiting = [number for number in range(len(self._files)) if number not in self._done]
        with closing(map_images(add, waiting)) as added:
            for _ in added:
                if on_progress:
                    on_progress(len(self._done), len(self._files))

    def _add(self, entry: _Inspected) -> None:
        picture, kept = entry.picture, self._queue.pictures
        is_full = len(kept) >= MAX_PICTURES or self._n_bytes + picture.n_bytes > MAX_BYTES
        if is_full and picture.sha256 not in kept:
            self.problems.append(
                f"{entry.name} was left out, because a queue holds up to {MAX_PICTURES:,} "
                f"pictures and {MAX_BYTES // 10**9} GB: make another queue for the rest."
            )
            return
        suffix = _find_suffix(picture.file_name)
        queued = QueuedPicture(picture.sha256, entry.name, suffix, picture.n_bytes)

        def write(path: Path) -> None:
            with drafting(path) as draft:
                draft.write_bytes(entry.data)
                os.replace(draft, path)

        if self._queue.add_picture(self._access, queued, write):
            self.n_added += 1
            self._n_bytes += picture.n_bytes
        else:
            self.n_present += 1


@dataclass(frozen=True)
class _Inspected:
    name: str
    data: bytes
    picture: InspectedPicture


def _inspect(file: UnlabelledFile) -> _Inspected | str:
    """Read and decode a file; return why it cannot be used, if so."""
    name = clean_file_name(file.name)
    try:
        data = file.read()
        return _Inspected(name, data, inspect_picture(name, data))
    except (ImageError, DatasetError) as error:
        return str(error)
    except OSError as error:
        return f"{name} could not be read ({error.strerror or error}): choose it again."


def _find_suffix(file_name: str) -> str:
    """Return the ending of a file name that matches its content, such as `.jpg` or `.fits.gz`."""
    suffixes = Path(file_name.lower()).suffixes
    is_packed = suffixes[-1] in (".gz", ".bz2")
    return "".join(suffixes[-2:] if is_packed else suffixes[-1:])
