"""Index a dataset folder: the pictures of each class, and the files that cannot be used."""

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
    """

    path: Path
    label: str
    sha256: str
    width_px: int
    height_px: int
    fingerprint: bytes
    loss: float = 0.0

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
        Names of all classes, sorted, including those without pictures.
    pictures : tuple of Picture
        Readable pictures, sorted by class, then file name.
    rejected : tuple of RejectedFile
        Other files, in the same order.
    """

    image_dir: Path
    labels: tuple[str, ...]
    pictures: tuple[Picture, ...]
    rejected: tuple[RejectedFile, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of pictures of each class, including zeros."""
        counted = Counter(picture.label for picture in self.pictures)
        return {label: counted[label] for label in self.labels}

    @property
    def incomplete(self) -> tuple[Picture, ...]:
        """The pictures that are used although a part is missing."""
        return tuple(picture for picture in self.pictures if picture.loss)

    @property
    def sha256(self) -> str:
        """Hash of all labels and pictures; equal hashes lead to the same training."""
        lines = (f"{picture.label}\0{picture.sha256}\n" for picture in self.pictures)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


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
        The folder does not exist or cannot be opened, or the name of a class is
        not one line of text.
    RunError
        The cache cannot be used.
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
    """Hash the names, sizes and dates of all files of a dataset without opening any.

    Returns
    -------
    str
        Hexadecimal. It differs whenever a scan could give another result. A missing
        folder has a signature as well.
    """
    digest = hashlib.sha256(b"there" if image_dir.is_dir() else b"missing")
    for folder in _scan_folder(image_dir):
        digest.update(os.fsencode(folder.name) + b"\0\0")
        if folder.name.startswith(".") or not _is_folder(folder):
            continue
        for file in _scan_folder(Path(folder.path)):
            state: tuple[int, ...] = ()
            with suppress(OSError):  # a broken link, or deleted since the folder was listed
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
