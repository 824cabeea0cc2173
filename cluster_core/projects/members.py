"""A file or folder that goes into a project's file, and how to name it there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from cluster_core.data.editing.inspection import clean_file_name
from cluster_core.data.labels import fold_name, is_device_name

_MAX_NAME_BYTES = 255


@dataclass(frozen=True)
class Member:
    """A file to save, or an empty folder.

    Attributes
    ----------
    path : str
        Its name in the archive; that of a folder ends with a slash.
    open : callable or None
        Opens the file for reading, or raises an OSError or a ClusterError; None for a folder.
    """

    path: str
    open: Callable[[], IO[bytes]] | None = None

    @classmethod
    def of_file(cls, path: str, source: Path) -> Member:
        """Return the member for a file on disk."""
        return cls(path, lambda: source.open("rb"))


@dataclass
class Listing:
    """What goes into a project's file.

    Attributes
    ----------
    members : list of Member
    notes : list of str
        What is left out or renamed, and why, as sentences.
    """

    members: list[Member] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def is_portable_name(name: str) -> bool:
    """Return whether every file system can store a file of this name."""
    return (
        clean_file_name(name) == name
        and not is_device_name(name)
        and not name.endswith(".")
        and len(name.encode("utf-8", "surrogatepass")) <= _MAX_NAME_BYTES
    )


def name_portably(paths: list[Path]) -> Iterator[tuple[str, Path]]:
    """Yield the files of a folder with names that are valid and distinct on every file system."""
    taken = {fold_name(path.name) for path in paths if is_portable_name(path.name)}
    kept: set[str] = set()
    for path in paths:
        name = path.name
        if not is_portable_name(name) or fold_name(name) in kept:
            name = _find_free(name, taken)
        taken.add(fold_name(name))
        kept.add(fold_name(name))
        yield name, path


def _find_free(name: str, taken: set[str]) -> str:
    clean = Path(clean_file_name(name))
    stem = clean.stem.encode()[: _MAX_NAME_BYTES - 30].decode(errors="ignore").rstrip(". ")
    stem = f"_{stem}" if is_device_name(stem) else stem or "picture"
    number, candidate = 1, f"{stem}{clean.suffix}"
    while fold_name(candidate) in taken or not is_portable_name(candidate):
        number += 1
        candidate = f"{stem} ({number}){clean.suffix if len(clean.suffix) < 10 else ''}"  # noqa: PLR2004
    return candidate
