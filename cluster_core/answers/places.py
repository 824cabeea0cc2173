"""Folders for answers, and file names that every disk takes: for archives and for folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cluster_core.data.editing.inspection import clean_file_name
from cluster_core.data.labels import fold_name, is_device_name
from cluster_core.model.prediction.prediction import Verdict

DONT_KNOW, UNUSABLE = "don't know", "could not be used"
# The table beside the folders.
TABLE_NAME = "answers.csv"
# For pictures without a class.
SPECIAL_FOLDERS = (Verdict.NONE_OF_THESE.value, Verdict.UNSURE.value, DONT_KNOW, UNUSABLE)
_MAX_NAME_BYTES, _MAX_SUFFIX_BYTES = 150, 10
_PACKED = (".gz", ".bz2")


class SortedPlaces:
    """Places for sorted pictures: `folder/name`, of which no two are the same on any disk.

    Parameters
    ----------
    labels : sequence of str
        Classes whose folders are named first, so that these names do not depend on the pictures.
    """

    def __init__(self, labels: Sequence[str] = ()) -> None:
        self._folders = {fold_name(name) for name in (*SPECIAL_FOLDERS, TABLE_NAME)}
        self._class_folders: dict[str, str] = {}
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}
        for label in labels:
            self.find_class_folder(label)

    def find_class_folder(self, label: str) -> str:
        """Return the folder of a class; one with a name that is in use gets a number."""
        if label not in self._class_folders:
            stem, number = _make_safe(label), 1
            folder = stem
            while fold_name(folder) in self._folders:
                number += 1
                folder = f"{stem} ({number})"
            self._folders.add(fold_name(folder))
            self._class_folders[label] = folder
        return self._class_folders[label]

    def take(self, folder: str, name: str) -> str:
        """Return `folder/name` for a file of this name, with a number if that is taken."""
        stem, suffix = split_suffix(_make_safe(name))
        first = f"{folder}/{stem}{suffix}"
        number = self._numbers.get(fold_name(first), 1)
        place = first if number == 1 else f"{folder}/{stem} ({number}){suffix}"
        while fold_name(place) in self._taken:
            number += 1
            place = f"{folder}/{stem} ({number}){suffix}"
        self._numbers[fold_name(first)] = number
        self.add_taken(place)
        return place

    def add_taken(self, place: str) -> None:
        """Keep a place free of new pictures."""
        self._taken.add(fold_name(place))


def split_suffix(name: str) -> tuple[str, str]:
    """Return a file name without its ending, and the ending; `.fits.gz` is one."""
    path = Path(name)
    suffix = "".join(path.suffixes[-2:]) if path.suffix.lower() in _PACKED else path.suffix
    if len(suffix.encode()) > _MAX_SUFFIX_BYTES:
        suffix = path.suffix if len(path.suffix.encode()) <= _MAX_SUFFIX_BYTES else ""
    return name[: len(name) - len(suffix)], suffix


def _make_safe(name: str) -> str:
    """Return a name that every file system takes for a file or folder."""
    stem, suffix = split_suffix(clean_file_name(name))
    stem = stem.encode()[:_MAX_NAME_BYTES].decode(errors="ignore").rstrip(". ") or "picture"
    return (f"_{stem}" if is_device_name(stem) else stem) + suffix.rstrip(". ")
