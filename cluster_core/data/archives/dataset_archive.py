"""Datasets as .zip files: one folder a class."""

from __future__ import annotations

import shutil
import time
import uuid
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cluster_core.access import Action, require
from cluster_core.data.archives.directory import count_entries
from cluster_core.data.archives.entries import EXPECTED, plan_import
from cluster_core.data.archives.unpacking import ZIP_ERRORS, UnpackedFile, unpack_all
from cluster_core.data.class_folders import list_files, list_labels
from cluster_core.data.editing.changes import list_classes
from cluster_core.data.editing.confinement import check_dataset_dir, find_class_dir
from cluster_core.data.facts import PictureFactsCache
from cluster_core.data.index import Progress, RejectedFile
from cluster_core.errors import DatasetError
from cluster_core.images import has_image_suffix
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.safe_moves import explaining_disk_errors, move_without_overwriting
from cluster_core.workspace import Workspace

MAX_ENTRIES = 20_000
MAX_DIRECTORY_BYTES = 16_000_000
# What a killed server left; an import that still runs is younger.
_ABANDONED_S = 24 * 60 * 60


@dataclass(frozen=True)
class ImportReport:
    """What an archive brought.

    Attributes
    ----------
    added : mapping of str to int
        New pictures of each class in the archive, none included.
    rejected : tuple of RejectedFile
        Entries that were left out, and why. The path is that in the archive.
    """

    added: Mapping[str, int]
    rejected: tuple[RejectedFile, ...]


def import_archive(
    workspace: Workspace, image_dir: Path, file: BinaryIO, on_progress: Progress | None = None
) -> ImportReport:
    """Add the pictures of a .zip of class folders to a dataset.

    Parameters
    ----------
    workspace : Workspace
        Where the dataset is.
    image_dir : Path
        The dataset; made when missing.
    file : binary file
        The archive, open for reading and seeking.
    on_progress : callable, optional
        Told (entries unpacked, entries in all) after each entry. It may raise to stop;
        then nothing was added.

    Raises
    ------
    DatasetError
        It is no .zip, an entry of it is not what may be unpacked (the message names
        it), or the disk is full. Nothing was added.
    AccessError
        This server does not allow it.
    """
    require(Action.EDIT_DATASETS)
    check_dataset_dir(workspace, image_dir)
    present = list_classes(image_dir)
    with _open_archive(file) as archive:
        plan = plan_import(archive.infolist(), file.seek(0, 2), present)
        for label in set(plan.labels).intersection(present):
            find_class_dir(image_dir, label)
        with _staging(workspace) as folder:
            unpacked = unpack_all(archive, plan, folder, image_dir, on_progress)
            with CacheFile(workspace.bottlenecks) as cache:
                PictureFactsCache(cache).save(
                    (picture.sha256, picture.facts) for _, _, picture in unpacked.files
                )
            with explaining_disk_errors("The pictures could not be added", image_dir):
                _place_all(image_dir, plan.labels, unpacked.files)
    counts = Counter(label for _, label, _ in unpacked.files)
    added = {label: counts[label] for label in plan.labels}
    return ImportReport(added, (*plan.rejected, *unpacked.rejected))


def write_archive(image_dir: Path, target: BinaryIO, on_progress: Progress | None = None) -> int:
    """Write all pictures of a dataset to a .zip file, one folder a class.

    Parameters
    ----------
    image_dir : Path
        The dataset.
    target : binary file
        Open for writing; need not seek.
    on_progress : callable, optional
        Told (pictures written, pictures in all) after each picture. It may raise to stop.

    Returns
    -------
    int
        How many pictures it holds.

    Raises
    ------
    DatasetError
        The dataset cannot be read, or the archive cannot be written.
    """
    labels = list_labels(image_dir)
    n_written = 0
    with explaining_disk_errors("The archive could not be written", image_dir):
        folders = [find_class_dir(image_dir, label) for label in labels]
        paths = [path for folder in folders for path in _list_pictures(folder)]
        # Pictures are packed already: to deflate them again takes long and saves nothing.
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            for label in labels:
                archive.writestr(f"{label}/", b"")
            for done, path in enumerate(paths, start=1):
                # A name need not be UTF-8 on the disk, but must be in a .zip.
                name = path.name.encode("utf-8", "replace").decode()
                with suppress(FileNotFoundError):  # deleted meanwhile
                    archive.write(path, f"{path.parent.name}/{name}")
                    n_written += 1
                if on_progress:
                    on_progress(done, len(paths))
    return n_written


def _open_archive(file: BinaryIO) -> zipfile.ZipFile:
    n_entries = count_entries(file, MAX_ENTRIES, MAX_DIRECTORY_BYTES)
    if n_entries > MAX_ENTRIES:
        raise DatasetError(
            f"Nothing was unpacked, because the archive has {n_entries:,} entries or more, and "
            f"{MAX_ENTRIES:,} are allowed: bring the pictures in several archives.",
            path=Path(),
        )
    try:
        return zipfile.ZipFile(file)
    except (*ZIP_ERRORS, OSError) as error:
        raise DatasetError(
            f"Nothing was unpacked, because the file is no .zip, or a damaged one. {EXPECTED}",
            path=Path(),
        ) from error


@contextmanager
def _staging(workspace: Workspace) -> Iterator[Path]:
    """Give a folder in the workspace, so that what is in it can be moved, and remove it after."""
    folder = workspace.incoming / uuid.uuid4().hex
    with explaining_disk_errors("The archive could not be unpacked", workspace.root):
        folder.mkdir(parents=True)
    try:
        for other in workspace.incoming.iterdir():
            with suppress(FileNotFoundError):  # another import ended
                if time.time() - other.stat().st_mtime > _ABANDONED_S:
                    shutil.rmtree(other, ignore_errors=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place_all(image_dir: Path, labels: Sequence[str], files: Sequence[UnpackedFile]) -> None:
    """Move all files into their classes, or none."""
    made: list[Path] = []
    placed: list[Path] = []
    try:
        for folder in (image_dir, *(image_dir / label for label in labels)):
            with suppress(FileExistsError):
                folder.mkdir()
                made.append(folder)
        for path, label, picture in files:
            target = image_dir / label / picture.file_name
            placed.append(move_without_overwriting(path, target))
    except BaseException:
        for path in placed:
            path.unlink(missing_ok=True)
        for folder in reversed(made):
            with suppress(OSError):  # another tab put something in
                folder.rmdir()
        raise


def _list_pictures(class_dir: Path) -> list[Path]:
    return [
        path
        for path in list_files(class_dir)
        if has_image_suffix(path) and path.is_file() and not path.is_symlink()
    ]
