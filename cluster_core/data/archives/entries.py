"""Decide which entries of a .zip are unpacked, and into which class, before any is unpacked."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cluster_core.data.archives.entry_checks import find_entry_problem
from cluster_core.data.archives.names import decode_names, to_slashes
from cluster_core.data.class_folders import is_system_file
from cluster_core.data.labels import check_class_name, fold_name, shorten
from cluster_core.data.pictures import RejectedFile, describe_suffix
from cluster_core.errors import DatasetError, ImageError
from cluster_core.images import DEFAULT_LIMITS, MEGA, check_file_bytes, has_image_suffix

MAX_UNPACKED_BYTES = 4_000_000_000
MAX_EMPTY_CLASSES = 100
EXPECTED = (
    "The .zip needs one folder of pictures per class, such as open clusters/M 45.jpg: pack the "
    "folder that contains the class folders."
)
EXPECTED_UNSORTED = "The .zip needs pictures, in any folders."
_ARCHIVE_SUFFIXES = frozenset(
    {".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".jar", ".iso"}
)
_CLASS_AND_PICTURE = 2


@dataclass(frozen=True)
class PlannedPicture:
    """An entry to be unpacked.

    Attributes
    ----------
    info : ZipInfo
        The entry.
    path : Path
        Its name in the archive.
    label : str
        The class of the picture.
    """

    info: zipfile.ZipInfo
    path: Path
    label: str


@dataclass(frozen=True)
class ImportPlan:
    """What to unpack from an archive.

    Attributes
    ----------
    pictures : tuple of PlannedPicture
        In the order of the archive.
    labels : tuple of str
        The classes of all pictures, also of rejected ones.
    empty_labels : tuple of str
        The empty classes of the archive.
    rejected : tuple of RejectedFile
        Entries that are not unpacked, and why.
    guessed_encoding : str or None
        How names were read that do not say how they are encoded; None if all do.
    """

    pictures: tuple[PlannedPicture, ...]
    labels: tuple[str, ...]
    empty_labels: tuple[str, ...]
    rejected: tuple[RejectedFile, ...]
    guessed_encoding: str | None


@dataclass(frozen=True)
class _Entry:
    info: zipfile.ZipInfo
    name: str
    parts: tuple[str, ...]

    @property
    def is_dir(self) -> bool:
        return self.name.endswith("/")

    @property
    def is_picture(self) -> bool:
        return not self.is_dir and has_image_suffix(Path(self.parts[-1]))

    @property
    def is_ignored(self) -> bool:
        """Whether it was created by the system, and is not worth a message."""
        return any(part == "__MACOSX" or is_system_file(part) for part in self.parts)


def plan_import(
    infos: Sequence[zipfile.ZipInfo], archive_bytes: int, present: Sequence[str]
) -> ImportPlan:
    """Check every entry of an archive, and decide what to unpack.

    Parameters
    ----------
    infos : sequence of ZipInfo
        The entries.
    archive_bytes : int
        Size of the archive.
    present : sequence of str
        Existing classes of the dataset. Capital letters do not distinguish classes: an
        entry in `Open` belongs to the class `open`.

    Raises
    ------
    DatasetError
        An entry is not allowed (the message names it), or there are no pictures.
    """
    entries, guessed_encoding = _check_entries(infos, archive_bytes, EXPECTED)
    top = _find_top_folder([entry for entry in entries if entry.is_picture])
    labels = {fold_name(label): label for label in present}
    used: dict[str, None] = {}
    pictures: list[PlannedPicture] = []
    rejected: list[RejectedFile] = []
    for entry in entries:
        if entry.is_picture:
            picture = PlannedPicture(
                entry.info, Path(entry.name), _find_label(entry, entry.parts[len(top) :], labels)
            )
            used[picture.label] = None
            try:
                check_file_bytes(entry.info.file_size, entry.parts[-1], DEFAULT_LIMITS)
                pictures.append(picture)
            except ImageError as error:
                rejected.append(RejectedFile(picture.path, picture.label, str(error)))
        elif not entry.is_dir:
            rejected.append(_reject_other(entry))
    if not used:
        raise _make_error(f"it contains no pictures. {EXPECTED}")
    _check_total(pictures)
    empty = dict.fromkeys(_find_empty_classes(entries, top, labels))
    return ImportPlan(
        tuple(pictures),
        tuple(used),
        tuple(label for label in empty if label not in used),
        tuple(rejected),
        guessed_encoding,
    )


def list_unsorted(
    infos: Sequence[zipfile.ZipInfo], archive_bytes: int
) -> tuple[list[PlannedPicture], list[RejectedFile]]:
    """Check every entry of an archive of pictures without classes, in any folders.

    Parameters
    ----------
    infos : sequence of ZipInfo
        The entries.
    archive_bytes : int
        Size of the archive.

    Returns
    -------
    pictures : list of PlannedPicture
        In the order of the archive, with an empty label.
    rejected : list of RejectedFile
        Entries that are not pictures or too large, and why.

    Raises
    ------
    DatasetError
        An entry is not allowed (the message names it), or there are no pictures.
    """
    entries, _ = _check_entries(infos, archive_bytes, EXPECTED_UNSORTED)
    pictures: list[PlannedPicture] = []
    rejected: list[RejectedFile] = []
    for entry in entries:
        if entry.is_picture:
            try:
                check_file_bytes(entry.info.file_size, entry.parts[-1], DEFAULT_LIMITS)
                pictures.append(PlannedPicture(entry.info, Path(entry.name), ""))
            except ImageError as error:
                rejected.append(RejectedFile(Path(entry.name), "", str(error)))
        elif not entry.is_dir:
            rejected.append(_reject_other(entry))
    if not any(entry.is_picture for entry in entries):
        raise _make_error(f"it contains no pictures. {EXPECTED_UNSORTED}")
    _check_total(pictures)
    return pictures, rejected


def _check_entries(
    infos: Sequence[zipfile.ZipInfo], archive_bytes: int, expected: str
) -> tuple[list[_Entry], str | None]:
    """Return the entries that matter, and how their names were guessed."""
    decoded, guessed_encoding = decode_names(infos)
    names = map(to_slashes, decoded)
    entries = [_check_entry(info, name, expected) for info, name in zip(infos, names, strict=True)]
    if sum(entry.info.compress_size for entry in entries) > archive_bytes:
        raise _make_error("its entries claim to be larger than the file. It may be a zip bomb.")
    return [entry for entry in entries if entry.parts and not entry.is_ignored], guessed_encoding


def _check_entry(info: zipfile.ZipInfo, name: str, expected: str) -> _Entry:
    entry = _Entry(info, name, PurePosixPath(name).parts)
    problem = find_entry_problem(info, name)
    suffix = PurePosixPath(name.lower()).suffix
    if problem is None and suffix in _ARCHIVE_SUFFIXES and not entry.is_picture:
        problem = "is an archive inside the archive"
    if problem:
        raise _make_error(f"its entry {shorten(name)} {problem}. {expected}")
    return entry


def _find_top_folder(pictures: Sequence[_Entry]) -> tuple[str, ...]:
    """Return the single folder around all class folders, if there is one, else ()."""
    tops = {entry.parts[0] for entry in pictures}
    depth = max((len(entry.parts) for entry in pictures), default=0)
    return tuple(tops) if len(tops) == 1 and depth > _CLASS_AND_PICTURE else ()


def _find_label(entry: _Entry, parts: tuple[str, ...], labels: dict[str, str]) -> str:
    """Return the class of a picture, adding it to `labels` if it is new."""
    if len(parts) < _CLASS_AND_PICTURE:
        raise _make_error(f"its entry {shorten(entry.name)} is not in a class folder. {EXPECTED}")
    if len(parts) > _CLASS_AND_PICTURE:
        parent = "/".join(entry.parts[:-_CLASS_AND_PICTURE])
        raise _make_error(
            f"its entry {shorten(entry.name)} is nested too deeply. {EXPECTED} This may be the "
            f"folder {shorten(parent)}."
        )
    return _register_label(entry, parts[0], labels)


def _register_label(entry: _Entry, folder: str, labels: dict[str, str]) -> str:
    try:
        label = check_class_name(folder)
    except DatasetError as error:
        raise _make_error(f"of its entry {shorten(entry.name)}. {error}") from error
    return labels.setdefault(fold_name(label), label)


def _find_empty_classes(
    entries: Sequence[_Entry], top: tuple[str, ...], labels: dict[str, str]
) -> list[str]:
    filled = {entry.parts[:-1] for entry in entries}
    empty = [
        entry
        for entry in entries
        if entry.is_dir and entry.parts[:-1] == top and entry.parts not in filled
    ]
    if len(empty) > MAX_EMPTY_CLASSES:
        raise _make_error(
            f"{len(empty):,} of its folders are empty, and each would become a class; at most "
            f"{MAX_EMPTY_CLASSES} may be. Remove the empty folders from the .zip."
        )
    return [_register_label(entry, entry.parts[-1], labels) for entry in empty]


def _reject_other(entry: _Entry) -> RejectedFile:
    file_name = entry.parts[-1]
    label = entry.parts[-2] if len(entry.parts) > 1 else ""
    reason = f"{file_name} is not a picture ({describe_suffix(Path(file_name))})."
    return RejectedFile(Path(entry.name), label, reason)


def _check_total(pictures: Sequence[PlannedPicture]) -> None:
    total = 0
    for picture in pictures:
        total += picture.info.file_size
        if total > MAX_UNPACKED_BYTES:
            raise _make_error(
                f"it unpacks to more than {MAX_UNPACKED_BYTES / MEGA:,.0f} MB (reached at its "
                f"entry {shorten(str(picture.path))}). Split it into several archives."
            )


def _make_error(reason: str) -> DatasetError:
    return DatasetError(f"Nothing was unpacked, because {reason}", path=Path())
