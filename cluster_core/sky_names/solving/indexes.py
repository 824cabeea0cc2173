"""Find the star charts ("index files") that Astrometry.net compares pictures with."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "CLUSTER_LAB_STAR_CHARTS"
_FOLDERS = (
    "/usr/share/astrometry",  # Debian and Ubuntu
    "/usr/local/share/astrometry",
    "/usr/local/astrometry/data",
    "/opt/homebrew/share/astrometry",
    "/opt/homebrew/opt/astrometry-net/data",
)


def find_index_files() -> tuple[Path, ...]:
    """Return the star charts in the folders that CLUSTER_LAB_STAR_CHARTS names, or the usual ones.

    The variable's folders are separated as in PATH.
    """
    named = os.environ.get(VARIABLE)
    folders = named.split(os.pathsep) if named else _FOLDERS
    return tuple(
        path for folder in folders if folder for path in sorted(Path(folder).glob("index-*.fits"))
    )


def describe_files(version: str, files: Iterable[Path]) -> str:
    """Return a hash that differs once a program's version, or the names and sizes of files, do."""
    sizes = [(path.name, path.stat().st_size if path.is_file() else 0) for path in files]
    return hashlib.sha256(repr((version, sorted(sizes))).encode()).hexdigest()[:16]
