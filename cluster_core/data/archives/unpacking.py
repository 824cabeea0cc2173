"""Unpack the pictures of a .zip to a staging folder, and check each by decoding it."""

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
from cluster_core.data.twins import ClassesByContent, Twin
from cluster_core.errors import ImageError
from cluster_core.images import read_bytes
from cluster_core.storage.mapping import map_images
from cluster_core.storage.safe_moves import explaining_disk_errors

CHUNK_BYTES = 1_000_000
# Raised by zipfile on archives that are damaged, deliberately or not.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
)


class UnpackedFile(NamedTuple):
    """A valid picture that is not in the dataset yet.

    Attributes
    ----------
    path : Path
        The unpacked file, in the staging folder.
    label : str
        The class of the picture.
    picture : InspectedPicture
        Its facts, and its file name in the dataset.
    """

    path: Path
    label: str
    picture: InspectedPicture


@dataclass(frozen=True)
class Unpacked:
    """The outcome of unpacking an archive.

    Attributes
    ----------
    files : tuple of UnpackedFile
        In the order of the archive.
    rejected : tuple of RejectedFile
        Entries that are not pictures, or are already in the dataset.
    twins : tuple of Twin
        Those of `files` that another class has as well.
    """

    files: tuple[UnpackedFile, ...]
    rejected: tuple[RejectedFile, ...]
    twins: tuple[Twin, ...]


def unpack_all(
    archive: zipfile.ZipFile,
    plan: ImportPlan,
    folder: Path,
    image_dir: Path,
    on_progress: Progress,
) -> Unpacked:
    """Unpack the pictures of an archive to a staging folder, and check each one.

    Parameters
    ----------
    archive : ZipFile
        The archive, open for reading.
    plan : ImportPlan
        Which of its entries to unpack.
    folder : Path
        The staging folder. Files that turn out not to be pictures are removed from it.
    image_dir : Path
        The dataset, to find pictures that it already has.
    on_progress : callable
        Called with (pictures unpacked, pictures in total) after each picture. It may
        raise to stop.

    Raises
    ------
    DatasetError
        The disk is full or write-protected.
    """
    contents = {label: ClassContents(image_dir / label) for label in plan.labels}
    classes = ClassesByContent(image_dir)
    files: list[UnpackedFile] = []
    rejected: list[RejectedFile] = []
    twins: list[Twin] = []
    with closing(map_images(_inspect, _unpack_each(archive, plan.pictures, folder))) as inspected:
        for done, (planned, path, found) in enumerate(inspected, start=1):
            label = planned.label
            if isinstance(found, str):
                reason = found
            elif same := contents[label].find_same(found):
                reason = (
                    f"{planned.path.name} is the same picture as {same.name}, which is already in "
                    f"the class {label}."
                )
            else:
                reason = ""
                contents[label].add(found, Path(found.file_name))
                files.append(UnpackedFile(path, label, found))
                target = image_dir / label / found.file_name
                if twin := classes.add(target, found.n_bytes, found.sha256):
                    twins.append(twin)
            if reason:
                path.unlink(missing_ok=True)
                is_present = not isinstance(found, str)
                rejected.append(RejectedFile(planned.path, label, reason, is_present))
            on_progress(done, len(plan.pictures))
    return Unpacked(tuple(files), tuple(rejected), tuple(twins))


def _unpack_each(
    archive: zipfile.ZipFile, pictures: Sequence[PlannedPicture], folder: Path
) -> Iterator[tuple[PlannedPicture, Path, str | None]]:
    """Yield every picture, the file it was unpacked to, and any problem with the entry."""
    for number, picture in enumerate(pictures):
        path = folder / str(number)
        problem = None
        with (
            explaining_disk_errors("The archive could not be unpacked", folder),
            path.open("xb") as target,
        ):
            try:
                # zipfile yields no more bytes than the entry's header says, which was checked.
                with archive.open(picture.info) as source:
                    shutil.copyfileobj(source, target, CHUNK_BYTES)
            except ZIP_ERRORS:
                problem = f"{picture.path.name} is damaged in the archive: create the .zip again."
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
