"""Import and export datasets as .zip files with one folder per class."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cluster_core.access import Access, Action
from cluster_core.data.archives.directory import count_entries
from cluster_core.data.archives.entries import EXPECTED, ImportPlan, plan_import
from cluster_core.data.archives.interrupted import remove_abandoned_imports
from cluster_core.data.archives.placing import place_pictures
from cluster_core.data.archives.unpacking import ZIP_ERRORS, Unpacked, unpack_all
from cluster_core.data.class_folders import list_files, list_labels
from cluster_core.data.editing.allowed_paths import check_dataset_dir, find_class_dir
from cluster_core.data.editing.classes import list_classes
from cluster_core.data.facts import PictureFactsCache
from cluster_core.data.index import Progress, RejectedFile
from cluster_core.data.twins import Twin
from cluster_core.errors import DatasetError
from cluster_core.images import has_image_suffix
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.storage.staging import stage
from cluster_core.workspace import Workspace

MAX_ENTRIES = 20_000
MAX_DIRECTORY_BYTES_PER_ENTRY = 800


@dataclass(frozen=True)
class ImportReport:
    """The outcome of adding pictures to a dataset.

    Attributes
    ----------
    added : mapping of str to int
        Number of new pictures of each class, including zeros.
    rejected : tuple of RejectedFile
        Files that were left out, and why. For an archive, `path` is the name of
        the entry.
    guessed_encoding : str or None
        How the names in an archive were read that does not say how they are encoded, such
        as "Japanese (Shift-JIS)".
    twins : tuple of Twin
        Added pictures that another class has as well.
    """

    added: Mapping[str, int]
    rejected: tuple[RejectedFile, ...]
    guessed_encoding: str | None = None
    twins: tuple[Twin, ...] = ()


def import_archive(
    access: Access,
    workspace: Workspace,
    image_dir: Path,
    file: BinaryIO,
    on_progress: Progress | None = None,
) -> ImportReport:
    """Add the pictures of a .zip with one folder per class to a dataset.

    If the process is killed while it adds them, `continue_import` adds the rest.

    Parameters
    ----------
    access : Access
    workspace : Workspace
        The workspace of the dataset.
    image_dir : Path
        The dataset; created if missing.
    file : binary file
        The archive, open for reading, seekable.
    on_progress : callable, optional
        Called with (steps done, steps in total): each picture takes one step to unpack and one
        to add. It may raise to stop the import; then nothing is added.

    Raises
    ------
    DatasetError
        The file is not a .zip, one of its entries is not allowed (the message names
        it), or the disk or a visitor's workspace is full. Nothing is added.
    AccessError
        This server does not allow it.
    """
    access.require(Action.EDIT_DATASETS, workspace.root, image_dir)
    check_dataset_dir(workspace, image_dir)
    present = list_classes(image_dir)
    with open_archive(file) as archive, access.alone():
        plan = plan_import(archive.infolist(), file.seek(0, 2), present)
        n_bytes = sum(picture.info.file_size for picture in plan.pictures)
        access.require_room(n_pictures=len(plan.pictures), n_bytes=n_bytes)
        for label in {*plan.labels, *plan.empty_labels}.intersection(present):
            find_class_dir(image_dir, label)
        with _staging(workspace) as folder:
            report = on_progress or (lambda done, total: None)
            n_steps = 2 * len(plan.pictures)
            unpacked = unpack_all(
                archive, plan, folder, image_dir, lambda done, _: report(done, n_steps)
            )
            with CacheFile(workspace.bottlenecks) as cache:
                PictureFactsCache(cache).save(
                    (picture.sha256, picture.facts) for _, _, picture in unpacked.files
                )
            _place(folder, image_dir, plan, unpacked, lambda left: report(n_steps - left, n_steps))
    counts = Counter(label for _, label, _ in unpacked.files)
    added = {label: counts[label] for label in (*plan.labels, *plan.empty_labels)}
    rejected = (*plan.rejected, *unpacked.rejected)
    return ImportReport(added, rejected, plan.guessed_encoding, unpacked.twins)


def write_archive(image_dir: Path, target: BinaryIO, on_progress: Progress | None = None) -> int:
    """Write all pictures of a dataset to a .zip file with one folder per class.

    Parameters
    ----------
    image_dir : Path
        The dataset.
    target : binary file
        Open for writing; need not be seekable.
    on_progress : callable, optional
        Called with (pictures written, pictures in total) after each picture. It may
        raise to stop.

    Returns
    -------
    int
        Number of pictures in the archive.

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
        # Pictures are compressed already; deflating them again is slow and saves nothing.
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            for label in labels:
                archive.writestr(f"{label}/", b"")
            for done, path in enumerate(paths, start=1):
                # File names on disk need not be UTF-8, but names in a .zip must be.
                name = path.name.encode("utf-8", "replace").decode()
                with suppress(FileNotFoundError):  # deleted since it was listed
                    archive.write(path, f"{path.parent.name}/{name}")
                    n_written += 1
                if on_progress:
                    on_progress(done, len(paths))
    return n_written


def open_archive(
    file: BinaryIO, expected: str = EXPECTED, max_entries: int | None = None
) -> zipfile.ZipFile:
    """Open a .zip, after a look at how many entries it has.

    Parameters
    ----------
    file : binary file
        Open for reading, seekable.
    expected : str
        A sentence about what the .zip needs, for the error.
    max_entries : int, optional
        The number of entries allowed; `MAX_ENTRIES` by default.

    Raises
    ------
    DatasetError
        It is damaged or not a .zip, or it has too many entries.
    """
    limit = max_entries or MAX_ENTRIES
    n_entries = count_entries(file, limit, limit * MAX_DIRECTORY_BYTES_PER_ENTRY)
    if n_entries > limit:
        raise DatasetError(
            f"Nothing was unpacked, because the archive has at least {n_entries:,} entries, and "
            f"the limit is {limit:,}: split it into several archives.",
            path=Path(),
        )
    try:
        return zipfile.ZipFile(file)
    except (*ZIP_ERRORS, OSError) as error:
        raise DatasetError(
            f"Nothing was unpacked, because the file is damaged or not a .zip. {expected}",
            path=Path(),
        ) from error


@contextmanager
def _staging(workspace: Workspace) -> Iterator[Path]:
    """Yield a temporary folder on the disk of the workspace, and remove abandoned ones."""
    remove_abandoned_imports(workspace)
    with ExitStack() as stack:
        with explaining_disk_errors("The archive could not be unpacked", workspace.root):
            folder = stack.enter_context(stage(workspace))
        yield folder


def _place(
    folder: Path,
    image_dir: Path,
    plan: ImportPlan,
    unpacked: Unpacked,
    report_left: Callable[[int], None],
) -> None:
    """Move the pictures into their classes; without any, no class is created either."""
    if not unpacked.files:
        return
    filled = dict.fromkeys(label for _, label, _ in unpacked.files)
    with explaining_disk_errors("The pictures could not be added", image_dir):
        place_pictures(
            folder,
            image_dir,
            (*filled, *plan.empty_labels),
            unpacked.files,
            lambda done, total: report_left(total - done),
        )


def _list_pictures(class_dir: Path) -> list[Path]:
    return [
        path
        for path in list_files(class_dir)
        if has_image_suffix(path) and path.is_file() and not path.is_symlink()
    ]
