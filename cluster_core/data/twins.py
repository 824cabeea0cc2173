"""Find pictures of which another class of the dataset has the same file."""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cluster_core.data.class_folders import list_files
from cluster_core.data.editing.classes import list_classes
from cluster_core.data.labels import fold_name


@dataclass(frozen=True)
class Twin:
    """A new picture that is in two classes now.

    Attributes
    ----------
    name : str
        Its file name.
    label : str
        The class it was added to.
    other : str
        Another class with the same file.
    """

    name: str
    label: str
    other: str


class ClassesByContent:
    """The classes that have a file, by its content; may be used by several threads.

    Parameters
    ----------
    image_dir : Path
        The dataset; a missing one has no files. Only files of the size of a picture that is
        looked up are ever read.
    """

    def __init__(self, image_dir: Path) -> None:
        self._unread: dict[int, list[Path]] = defaultdict(list)
        self._found: dict[str, dict[str, Path]] = defaultdict(dict)  # by hash, then class
        self._lock = threading.Lock()
        for label in list_classes(image_dir):
            for path in list_files(image_dir / label):
                with suppress(OSError):
                    self._unread[path.stat().st_size].append(path)

    def find_elsewhere(self, label: str, n_bytes: int, sha256: str) -> Path | None:
        """Return a file with this content in another class than `label`, or None."""
        with self._lock:
            for path in self._unread.pop(n_bytes, ()):
                with suppress(OSError):  # deleted, or unreadable
                    self._note(path, hashlib.sha256(path.read_bytes()).hexdigest())
            others = self._found.get(sha256, {})
            return next((path for key, path in others.items() if key != fold_name(label)), None)

    def add(self, path: Path, n_bytes: int, sha256: str) -> Twin | None:
        """Record a new file, whose folder is its class; say if another class has it as well."""
        other = self.find_elsewhere(path.parent.name, n_bytes, sha256)
        with self._lock:
            self._note(path, sha256)
        return Twin(path.name, path.parent.name, other.parent.name) if other else None

    def _note(self, path: Path, sha256: str) -> None:
        self._found[sha256].setdefault(fold_name(path.parent.name), path)
