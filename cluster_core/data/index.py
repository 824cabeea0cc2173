"""A folder of class folders -> DatasetIndex: which pictures there are, and which cannot be used."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cluster_core.data.class_folders import list_files, list_labels
from cluster_core.data.facts import PictureFacts, PictureFactsCache, compute_facts
from cluster_core.errors import ImageError
from cluster_core.images import has_image_suffix, read_bytes
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.file_hashes import FileHashes, FileStamp, take_stamp
from cluster_core.storage.mapping import map_images

Progress = Callable[[int, int], None]
SAVE_EVERY = 200


@dataclass(frozen=True)
class Picture:
    """A picture that can be read.

    Attributes
    ----------
    path : Path
        Its file.
    label : str
        The name of its class folder.
    sha256 : str
        Of the file's bytes, hexadecimal.
    width_px, height_px : int
        Its size.
    fingerprint : bytes
        Its fine structure, to recognise copies.
    """

    path: Path
    label: str
    sha256: str
    width_px: int
    height_px: int
    fingerprint: bytes


@dataclass(frozen=True)
class RejectedFile:
    """A file in a class folder that cannot be learned from, and why, in a sentence."""

    path: Path
    label: str
    reason: str


@dataclass(frozen=True)
class DatasetIndex:
    """What a folder of class folders holds.

    Attributes
    ----------
    image_dir : Path
        The folder.
    labels : tuple of str
        Names of the class folders, sorted; also of those without pictures.
    pictures : tuple of Picture
        Sorted by class, then file name.
    rejected : tuple of RejectedFile
        Likewise.
    """

    image_dir: Path
    labels: tuple[str, ...]
    pictures: tuple[Picture, ...]
    rejected: tuple[RejectedFile, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """Pictures of each class, zero included."""
        counted = Counter(picture.label for picture in self.pictures)
        return {label: counted[label] for label in self.labels}

    @property
    def sha256(self) -> str:
        """Hash of all labels and contents; changes whenever a training could."""
        lines = (f"{picture.label}\0{picture.sha256}\n" for picture in self.pictures)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def scan_dataset(
    image_dir: Path, cache: CacheFile, on_progress: Progress | None = None
) -> DatasetIndex:
    """Read every picture of every class folder once.

    Parameters
    ----------
    image_dir : Path
        Holds one sub-folder a class; its name is the label.
    cache : CacheFile
        Where facts of pictures seen before are kept, by content.
    on_progress : callable, optional
        Told (files read, files in all) after each file. It may raise to stop.

    Returns
    -------
    DatasetIndex
        Files that cannot be read are listed in `rejected`.

    Raises
    ------
    DatasetError
        There is no such folder, it cannot be listed, or a class name cannot be
        written as one line of text.
    """
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
    return DatasetIndex(image_dir, labels, tuple(pictures), tuple(rejected))


def compute_signature(image_dir: Path) -> str:
    """Sum up names, sizes and dates of all files of a dataset; no file is opened.

    Returns
    -------
    str
        Changes when a scan could find something else. A missing folder has one too.
    """
    digest = hashlib.sha256(b"there" if image_dir.is_dir() else b"missing")
    for folder in _scan_folder(image_dir):
        digest.update(os.fsencode(folder.name) + b"\0\0")
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        for file in _scan_folder(Path(folder.path)):
            state: tuple[int, ...] = ()
            with suppress(OSError):  # a link to nowhere, or deleted meanwhile
                status = file.stat()
                state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            digest.update(os.fsencode(file.name) + repr(state).encode() + b"\0")
    return digest.hexdigest()


def _scan_folder(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _read_all(files: list[tuple[str, Path]], cache: CacheFile) -> Iterator[Picture | RejectedFile]:
    """Read those of a portion that are new, look up what is known of them, decode the others."""
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
                    facts = PictureFacts(entry.width_px, entry.height_px, entry.fingerprint)
                    fresh.append((entry.sha256, facts))
                yield entry
        finally:
            facts_cache.save(fresh)


def _hash_portion(
    portion: list[tuple[str, Path]], file_hashes: FileHashes
) -> list[str | RejectedFile]:
    """Return the hash of every file, reading only those that are new or were changed."""
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


def _find_problem(path: Path) -> str | None:
    if path.is_dir():
        return "is a folder inside a class folder: move its pictures one level up."
    if not has_image_suffix(path):
        return f"does not end like a picture (found {path.suffix or 'no ending'}): remove it."
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
    return Picture(path, label, found, facts.width_px, facts.height_px, facts.fingerprint)
