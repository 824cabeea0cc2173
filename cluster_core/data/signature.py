"""Tell whether the files of a dataset have changed, without opening one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cluster_core.data.counter_classes import load_ticked
from cluster_core.data.declared_groups import GROUPS_FILE, SAME_OBJECTS


def compute_signature(image_dir: Path) -> str:
    """Hash the names, sizes and dates of all files of a dataset without opening a picture.

    Returns
    -------
    str
        Hexadecimal. It differs whenever a scan could give another result. A missing
        folder has a signature as well.
    """
    digest = hashlib.sha256(b"there" if image_dir.is_dir() else b"missing")
    digest.update(repr(sorted(load_ticked(image_dir))).encode())
    for folder in _scan_folder(image_dir):
        if folder.name.startswith(".") and folder.name != SAME_OBJECTS:
            continue
        digest.update(os.fsencode(folder.name) + b"\0\0")
        if folder.name in (GROUPS_FILE, SAME_OBJECTS):
            digest.update(_describe_state(folder))
        elif _is_folder(folder):
            files = _scan_folder(Path(folder.path))
            digest.update(
                b"".join(os.fsencode(file.name) + _describe_state(file) + b"\0" for file in files)
            )
    return digest.hexdigest()


def _describe_state(file: os.DirEntry[str]) -> bytes:
    """Return the size and dates of a file; those of none if it is gone or a broken link."""
    try:
        status = file.stat()
    except OSError:
        return b"()"
    state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return repr(state).encode()


def _scan_folder(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def compute_quick_signature(image_dir: Path) -> str:
    """Hash the dates of the folders of a dataset, and not those of their files.

    Returns
    -------
    str
        Hexadecimal. It differs whenever a file was added, removed, renamed or replaced, but not
        if one was changed in place.
    """
    digest = hashlib.sha256(repr(sorted(load_ticked(image_dir))).encode())
    for folder in _scan_folder(image_dir):
        digest.update(os.fsencode(folder.name) + b"\0" + _describe_state(folder) + b"\0")
    return digest.hexdigest()
