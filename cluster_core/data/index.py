"""Index a dataset folder: the pictures of each class, and the files that cannot be used."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cluster_core.data.class_folders import list_files, list_labels
from cluster_core.data.counter_classes import list_counter_classes, load_ticked
from cluster_core.data.declared_groups import (
    GROUPS_FILE,
    SAME_OBJECTS,
    find_declared_groups,
    load_same_objects,
    read_groups_file,
)
from cluster_core.data.facts import PictureFacts, PictureFactsCache, compute_facts
from cluster_core.errors import ImageError
from cluster_core.images import describe_loss, has_image_suffix, read_bytes
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.file_hashes import FileHashes, FileStamp, take_stamp
from cluster_core.storage.mapping import map_images

Progress = Callable[[int, int], None]
SAVE_EVERY = 200


@dataclass(frozen=True)
class Picture:
    """A readable picture of a dataset.

    Attributes
    ----------
    path : Path
        The file.
    label : str
        Name of its class folder.
    sha256 : str
        Hexadecimal hash of the file.
    width_px, height_px : int
        Size after applying the EXIF orientation.
    fingerprint : bytes
        Its fine structure, to recognise copies; see `compute_fingerprint`.
    loss : float
        Share of the picture that is missing because the file is cut off or damaged, 0 to 0.25.
    groups : tuple of str
        Groups that `groups.csv` or a person put it in; see `find_declared_groups`.
    """

    path: Path
    label: str
    sha256: str
    width_px: int
    height_px: int
    fingerprint: bytes
    loss: float = 0.0
    groups: tuple[str, ...] = ()

    @property
    def warning(self) -> str:
        """A sentence that says how much of the picture is missing; empty if nothing is."""
        return describe_loss(self.path.name, [self.loss] if self.loss else [])


@dataclass(frozen=True)
class RejectedFile:
    """A file in a class folder that cannot be used.

    Attributes
    ----------
    path : Path
        The file.
    label : str
        Name of its class.
    reason : str
        What is wrong with it, as a sentence.
    is_present : bool
        Whether nothing is wrong, but the class has the same picture already.
    """

    path: Path
    label: str
    reason: str
    is_present: bool = False


@dataclass(frozen=True)
class DatasetIndex:
    """The content of a dataset.

    Attributes
    ----------
    image_dir : Path
        The dataset folder.
    labels : tuple of str
        Names of the classes to tell apart, sorted, including those without pictures.
    pictures : tuple of Picture
        Readable pictures of these classes, sorted by class, then file name.
    rejected : tuple of RejectedFile
        Files of all classes that cannot be used, in the same order.
    notes : tuple of str
        What is odd about the dataset, as sentences for the user.
    counter_labels : tuple of str
        Names of the classes of counter-examples, sorted; see `list_counter_classes`.
    counter_pictures : tuple of Picture
        Readable pictures of these.
    """

    image_dir: Path
    labels: tuple[str, ...]
    pictures: tuple[Picture, ...]
    rejected: tuple[RejectedFile, ...]
    notes: tuple[str, ...] = ()
    counter_labels: tuple[str, ...] = ()
    counter_pictures: tuple[Picture, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of pictures of each class to tell apart, including zeros."""
        return _count(self.labels, self.pictures)

    @property
    def all_counts(self) -> Mapping[str, int]:
        """Number of pictures of each class: those to tell apart first, then counter-examples."""
        return {**self.counts, **_count(self.counter_labels, self.counter_pictures)}

    @property
    def all_pictures(self) -> tuple[Picture, ...]:
        """The pictures of the classes to tell apart, then the counter-examples."""
        return self.pictures + self.counter_pictures

    @property
    def incomplete(self) -> tuple[Picture, ...]:
        """The pictures that are used although a part is missing."""
        return tuple(picture for picture in self.all_pictures if picture.loss)

    @property
    def sha256(self) -> str:
        """Hash of all labels, pictures and groups; equal hashes lead to the same training."""
        lines = [
            "\0".join((picture.label, picture.sha256, *picture.groups)) + "\n"
            for picture in self.pictures
        ]
        lines += [f"\0{picture.label}\0{picture.sha256}\n" for picture in self.counter_pictures]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def _count(labels: tuple[str, ...], pictures: tuple[Picture, ...]) -> dict[str, int]:
    counted = Counter(picture.label for picture in pictures)
    return {label: counted[label] for label in labels}


def scan_dataset(
    image_dir: Path, cache: CacheFile, on_progress: Progress | None = None
) -> DatasetIndex:
    """Index the pictures of a dataset, decoding only those that are not in the cache.

    Parameters
    ----------
    image_dir : Path
        Folder with one sub-folder per class, whose name is the label.
    cache : CacheFile
        Where facts about pictures are kept, by content.
    on_progress : callable, optional
        Called with (files done, files in total) after each file. It may raise to stop
        the scan; facts computed so far stay in the cache.

    Returns
    -------
    DatasetIndex
        Files that cannot be read are listed in `rejected`.

    Raises
    ------
    DatasetError
        The folder does not exist or cannot be opened, the name of a class is
        not one line of text, or `groups.csv` is not valid.
    RunError
        The cache cannot be used.
    """
    group_lines = read_groups_file(image_dir)
    labels = list_labels(image_dir)
    files = [(label, path) for label in labels for path in list_files(image_dir / label)]
    pictures: list[Picture] = []
    rejected: list[RejectedFile] = []
    for done, entry in enumerate(_read_all(files, cache), start=1):
        if isinstance(entry, Picture):
            pictures.append(entry)
        else:
            rejected.append(entry)
        if on_progress:
            on_progress(done, len(files))
    groups, note = find_declared_groups(
        group_lines,
        load_same_objects(image_dir),
        [(picture.label, picture.path.name, picture.sha256) for picture in pictures],
    )
    grouped = [replace(one, groups=its) for one, its in zip(pictures, groups, strict=True)]
    counter = list_counter_classes(image_dir, labels)
    return DatasetIndex(
        image_dir,
        tuple(label for label in labels if label not in counter),
        tuple(picture for picture in grouped if picture.label not in counter),
        tuple(rejected),
        (note,) if note else (),
        counter,
        tuple(picture for picture in grouped if picture.label in counter),
    )


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
            for file in _scan_folder(Path(folder.path)):
                digest.update(os.fsencode(file.name) + _describe_state(file) + b"\0")
    return digest.hexdigest()


def _describe_state(file: os.DirEntry[str]) -> bytes:
    """Return the size and dates of a file; those of none if it is gone or a broken link."""
    state: tuple[int, ...] = ()
    with suppress(OSError):
        status = file.stat()
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


def _read_all(files: list[tuple[str, Path]], cache: CacheFile) -> Iterator[Picture | RejectedFile]:
    """Hash new files, look up the facts of known pictures, and decode the others."""
    file_hashes, facts_cache = FileHashes(cache), PictureFactsCache(cache)
    for start in range(0, len(files), SAVE_EVERY):
        portion = files[start : start + SAVE_EVERY]
        hashes = _hash_portion(portion, file_hashes)
        known = facts_cache.load([found for found in hashes if isinstance(found, str)])
        tasks = [(*file, found, known) for file, found in zip(portion, hashes, strict=True)]
        is_known = all(isinstance(found, RejectedFile) or found in known for found in hashes)
        fresh: list[tuple[str, PictureFacts]] = []
        try:
            for entry in map(_describe, tasks) if is_known else map_images(_describe, tasks):
                if isinstance(entry, Picture) and entry.sha256 not in known:
                    fresh.append((entry.sha256, _collect_facts(entry)))
                yield entry
        finally:
            facts_cache.save(fresh)


def _hash_portion(
    portion: list[tuple[str, Path]], file_hashes: FileHashes
) -> list[str | RejectedFile]:
    """Return the hash of every file, reading only new and changed files."""
    stamps = [take_stamp(path) for _, path in portion]
    remembered = file_hashes.load(stamp for stamp in stamps if stamp)
    found: list[str | RejectedFile | None] = []
    for (label, path), stamp in zip(portion, stamps, strict=True):
        problem = _find_problem(path)
        rejected = RejectedFile(path, label, f"{path.name} {problem}") if problem else None
        found.append(rejected or (remembered.get(stamp) if stamp else None))
    unknown = [number for number, entry in enumerate(found) if entry is None]
    fresh: list[tuple[FileStamp, str]] = []
    hashes = map_images(_hash_file, [portion[number] for number in unknown])
    for number, entry in zip(unknown, hashes, strict=True):
        found[number] = entry
        stamp = stamps[number]
        if stamp and isinstance(entry, str):
            fresh.append((stamp, entry))
    file_hashes.save(fresh)
    return [entry for entry in found if entry is not None]


def describe_suffix(path: Path) -> str:
    """Say how a file name ends, for messages about files that are not pictures."""
    return f"its name ends with {path.suffix}" if path.suffix else "its name has no ending"


def _find_problem(path: Path) -> str | None:
    if path.is_dir():
        return "is a folder inside a class folder: move its pictures up one level."
    if not has_image_suffix(path):
        return f"is not a picture ({describe_suffix(path)}): remove it."
    return None


def _hash_file(file: tuple[str, Path]) -> str | RejectedFile:
    label, path = file
    try:
        return hashlib.sha256(read_bytes(path)).hexdigest()
    except ImageError as error:
        return RejectedFile(path, label, str(error))


def _describe(
    task: tuple[str, Path, str | RejectedFile, Mapping[str, PictureFacts]],
) -> Picture | RejectedFile:
    label, path, found, known = task
    if isinstance(found, RejectedFile):
        return found
    try:
        facts = known.get(found) or compute_facts(read_bytes(path), path.name)
    except ImageError as error:
        return RejectedFile(path, label, str(error))
    size_px = facts.width_px, facts.height_px
    return Picture(path, label, found, *size_px, facts.fingerprint, facts.loss)


def _collect_facts(picture: Picture) -> PictureFacts:
    size_px = picture.width_px, picture.height_px
    return PictureFacts(*size_px, picture.fingerprint, picture.loss)
