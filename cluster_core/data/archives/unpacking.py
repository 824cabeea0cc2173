"""The pictures of a .zip -> files outside of the dataset, decoded and found good."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cluster_core.data.archives.entries import ImportPlan, PlannedPicture
from cluster_core.data.editing.inspection import ClassContents, InspectedPicture, inspect_picture
from cluster_core.data.index import Progress, RejectedFile
from cluster_core.errors import ImageError
from cluster_core.images import read_bytes
from cluster_core.storage.mapping import map_images
from cluster_core.storage.safe_moves import explaining_disk_errors

CHUNK_BYTES = 1_000_000
# What zipfile raises on archives that are damaged, on purpose or not.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
)


class UnpackedFile(NamedTuple):
    """A good picture, not in the dataset yet.

    Attributes
    ----------
    path : Path
        Where it is.
    label : str
        The class it is to go to.
    picture : InspectedPicture
        What is known of it, with the name it is to have.
    """

    path: Path
    label: str
    picture: InspectedPicture


@dataclass(frozen=True)
class Unpacked:
    """What came out of an archive.

    Attributes
    ----------
    files : tuple of UnpackedFile
        In the order of the archive.
    rejected : tuple of RejectedFile
        Entries that are no pictures, or are there already.
    """

    files: tuple[UnpackedFile, ...]
    rejected: tuple[RejectedFile, ...]


def unpack_all(
    archive: zipfile.ZipFile,
    plan: ImportPlan,
    folder: Path,
    image_dir: Path,
    on_progress: Progress | None,
) -> Unpacked:
    """Unpack the pictures of an archive to a folder, and look at each.

    Parameters
    ----------
    archive : ZipFile
        Open for reading.
    plan : ImportPlan
        Which of its entries to unpack.
    folder : Path
        Where to. What is no picture is removed from there again.
    image_dir : Path
        The dataset, to find what it has already.
    on_progress : callable, optional
        Told (entries unpacked, entries in all) after each entry. It may raise to stop.

    Raises
    ------
    DatasetError
        The disk is full, or locked.
    """
    contents = {label: ClassContents(image_dir / label) for label in plan.labels}
    files: list[UnpackedFile] = []
    rejected: list[RejectedFile] = []
    with closing(map_images(_inspect, _unpack_each(archive, plan.pictures, folder))) as inspected:
        for done, (planned, path, found) in enumerate(inspected, start=1):
            label = planned.label
            if isinstance(found, str):
                reason = found
            elif same := contents[label].find_same(found):
                reason = (
                    f"{planned.path.name} is the very same picture as {same.name}, which the "
                    f"class {label} has already."
                )
            else:
                reason = ""
                contents[label].add(found, Path(found.file_name))
                files.append(UnpackedFile(path, label, found))
            if reason:
                path.unlink(missing_ok=True)
                rejected.append(RejectedFile(planned.path, label, reason))
            if on_progress:
                on_progress(done, len(plan.pictures))
    return Unpacked(tuple(files), tuple(rejected))


def _unpack_each(
    archive: zipfile.ZipFile, pictures: Sequence[PlannedPicture], folder: Path
) -> Iterator[tuple[PlannedPicture, Path, str | None]]:
    """Yield every picture, the file it was unpacked to, and what was wrong with the entry."""
    for number, picture in enumerate(pictures):
        path = folder / str(number)
        problem = None
        with (
            explaining_disk_errors("The archive could not be unpacked", folder),
            path.open("xb") as target,
        ):
            try:
                # zipfile gives no more bytes than the entry's header says, which was checked.
                with archive.open(picture.info) as source:
                    shutil.copyfileobj(source, target, CHUNK_BYTES)
            except ZIP_ERRORS:
                problem = f"{picture.path.name} is damaged in the archive: pack it again."
        yield picture, path, problem


def _inspect(
    unpacked: tuple[PlannedPicture, Path, str | None],
) -> tuple[PlannedPicture, Path, InspectedPicture | str]:
    planned, path, problem = unpacked
    name = planned.path.name
    if problem:
        return planned, path, problem
    try:
        return planned, path, inspect_picture(name, read_bytes(path, name=name))
    except ImageError as error:
        return planned, path, str(error)
