"""A folder of class folders -> DatasetIndex: which pictures there are, and which cannot be used."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster_core.data.cache_file import CacheFile
from cluster_core.data.labels import find_label_problem
from cluster_core.data.mapping import map_images
from cluster_core.data.picture_facts import PictureFacts, PictureFactsCache, compute_facts
from cluster_core.errors import DatasetError, ImageError
from cluster_core.images import has_image_suffix, read_bytes

Progress = Callable[[int, int], None]
SAVE_EVERY = 200
# Left by the system, not by the user: nobody wants to read that these are no pictures.
SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini"})


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
    files = [(label, path) for label in labels for path in _list_files(image_dir / label)]
    facts_cache = PictureFactsCache(cache)
    pictures: list[Picture] = []
    rejected: list[RejectedFile] = []
    for done, entry in enumerate(_read_all(files, facts_cache), start=1):
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
    digest = hashlib.sha256()
    for folder in _scan_folder(image_dir):
        digest.update(os.fsencode(folder.name) + b"\0\0")
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        for file in _scan_folder(Path(folder.path)):
            try:
                status = file.stat()
            except OSError:  # a link to nowhere
                status = file.stat(follow_symlinks=False)
            state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            digest.update(os.fsencode(file.name) + repr(state).encode() + b"\0")
    return digest.hexdigest()


def list_class_folders(image_dir: Path) -> tuple[str, ...]:
    """Return the names of the class folders, sorted, also such as cannot be labels.

    Raises
    ------
    DatasetError
        There is no such folder, or it cannot be listed.
    """
    try:
        folders = [path.name for path in image_dir.iterdir() if path.is_dir()]
    except FileNotFoundError as error:
        raise DatasetError(
            f"There is no folder {image_dir}: give one that holds a sub-folder of pictures for "
            "each class.",
            path=image_dir,
        ) from error
    except OSError as error:
        raise DatasetError(
            f"The folder {image_dir} could not be opened ({error.strerror}): give a folder that "
            "holds a sub-folder of pictures for each class.",
            path=image_dir,
        ) from error
    return tuple(sorted(name for name in folders if not name.startswith(".")))


def list_labels(image_dir: Path) -> tuple[str, ...]:
    """Return the names of the classes, sorted.

    Raises
    ------
    DatasetError
        As for `list_class_folders`, or a name cannot be written as one line of text.
    """
    labels = list_class_folders(image_dir)
    for label in labels:
        problem = find_label_problem(label)
        if problem:
            raise DatasetError(
                f"The class folder {label!r} in {image_dir} has {problem} in its name: rename "
                "it, because labels are stored as text, one a line.",
                path=image_dir,
                label=label,
            )
    return labels


def _scan_folder(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _list_files(class_dir: Path) -> list[Path]:
    try:
        entries = sorted(class_dir.iterdir())
    except OSError as error:
        raise DatasetError(
            f"The class folder {class_dir} could not be opened ({error.strerror}): allow reading "
            "it, or move it elsewhere.",
            path=class_dir,
            label=class_dir.name,
        ) from error
    return [
        path
        for path in entries
        if not path.name.startswith(".") and path.name.lower() not in SYSTEM_FILES
    ]


def _read_all(
    files: list[tuple[str, Path]], cache: PictureFactsCache
) -> Iterator[Picture | RejectedFile]:
    """Read a portion of the files, look up what is known of them, decode the others."""
    for start in range(0, len(files), SAVE_EVERY):
        portion = files[start : start + SAVE_EVERY]
        hashes = list(map_images(_hash_file, portion))
        known = cache.load([found for found in hashes if isinstance(found, str)])
        tasks = [(*file, found, known) for file, found in zip(portion, hashes, strict=True)]
        fresh: list[tuple[str, PictureFacts]] = []
        try:
            for entry in map_images(_describe, tasks):
                if isinstance(entry, Picture) and entry.sha256 not in known:
                    facts = PictureFacts(entry.width_px, entry.height_px, entry.fingerprint)
                    fresh.append((entry.sha256, facts))
                yield entry
        finally:
            cache.save(fresh)


def _hash_file(file: tuple[str, Path]) -> str | RejectedFile:
    label, path = file
    if path.is_dir():
        reason = "is a folder inside a class folder: move its pictures one level up."
    elif not has_image_suffix(path):
        reason = f"does not end like a picture (found {path.suffix or 'no ending'}): remove it."
    else:
        try:
            return hashlib.sha256(read_bytes(path)).hexdigest()
        except ImageError as error:
            return RejectedFile(path, label, str(error))
    return RejectedFile(path, label, f"{path.name} {reason}")


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
