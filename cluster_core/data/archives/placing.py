"""Move unpacked pictures into the classes of a dataset, with a record that survives a kill."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from cluster_core.data.archives.unpacking import UnpackedFile
from cluster_core.data.catalog import dataset_dir
from cluster_core.data.editing.inspection import clean_file_name
from cluster_core.data.index import Progress
from cluster_core.data.labels import find_folder_name_problem
from cluster_core.errors import DatasetError
from cluster_core.storage.drafts import replacing
from cluster_core.storage.safe_moves import move_without_overwriting
from cluster_core.workspace import DATASET_SUFFIX, Workspace

_RECORD = "placing.json"


@dataclass(frozen=True)
class StagedFile:
    """An unpacked file: its name in the temporary folder, its class, and its name there."""

    staged: str
    label: str
    file_name: str


@dataclass(frozen=True)
class Placing:
    """Which unpacked files go into which dataset; on disk before the first is moved."""

    dataset: str
    labels: tuple[str, ...]
    files: tuple[StagedFile, ...]


def place_pictures(
    folder: Path,
    image_dir: Path,
    labels: Sequence[str],
    files: Sequence[UnpackedFile],
    on_progress: Progress,
) -> None:
    """Move all unpacked files into their classes, or none of them.

    Parameters
    ----------
    folder : Path
        The temporary folder that holds the files.
    image_dir : Path
        The dataset; created if missing.
    labels : sequence of str
        Its classes that are created if missing.
    files : sequence of UnpackedFile
        The files.
    on_progress : callable
        Called with (files moved, files in total). It may raise to stop.

    Raises
    ------
    OSError
        A file cannot be moved.
    """
    placing = Placing(
        image_dir.name.removesuffix(DATASET_SUFFIX),
        tuple(labels),
        tuple(StagedFile(path.name, label, found.file_name) for path, label, found in files),
    )
    with replacing(folder / _RECORD) as draft, draft.open("w", encoding="ascii") as file:
        json.dump(asdict(placing), file)
        file.flush()
        os.fsync(file.fileno())  # the record must be on the disk before the files are moved
    try:
        place(folder, image_dir, placing, on_progress)
    finally:
        _remove_record(folder)


def place(folder: Path, image_dir: Path, placing: Placing, on_progress: Progress) -> None:
    """Move the files that are still in a temporary folder, or none of them.

    Raises
    ------
    OSError
        A file cannot be moved.
    """
    created: list[Path] = []
    moved: list[tuple[Path, Path]] = []
    numbers: dict[Path, int] = {}
    try:
        for target in (image_dir, *(image_dir / label for label in placing.labels)):
            with suppress(FileExistsError):
                target.mkdir()
                created.append(target)
        for done, file in enumerate(placing.files, start=1):
            staged = folder / file.staged
            if staged.exists():  # otherwise it was moved before the interruption
                target = image_dir / file.label / file.file_name
                moved.append((move_without_overwriting(staged, target, numbers), staged))
            on_progress(done, len(placing.files))
    except BaseException:
        for path, staged in moved:
            with suppress(FileNotFoundError):  # deleted in another tab
                os.rename(path, staged)
        for path in reversed(created):
            with suppress(OSError):  # not empty: another tab added pictures
                path.rmdir()
        raise


def load_placing(folder: Path) -> Placing | None:
    """Return the record in a temporary folder; None if there is none, or it is damaged."""
    try:
        fields = json.loads((folder / _RECORD).read_text("ascii"))
        placing = Placing(
            str(fields["dataset"]),
            tuple(map(str, fields["labels"])),
            tuple(
                StagedFile(str(file["staged"]), str(file["label"]), str(file["file_name"]))
                for file in fields["files"]
            ),
        )
        is_safe = all(map(_is_safe, placing.files)) and not any(
            map(find_folder_name_problem, placing.labels)
        )
        dataset_dir(Workspace(folder.parent.parent), placing.dataset)
    except (OSError, ValueError, TypeError, LookupError, RecursionError, DatasetError):
        return None
    return placing if is_safe and placing.files else None


def _is_safe(file: StagedFile) -> bool:
    """Tell whether a file leads neither out of its temporary folder nor out of its class."""
    return (
        file.staged.isdecimal()
        and find_folder_name_problem(file.label) is None
        and clean_file_name(file.file_name) == file.file_name
    )


def find_waiting(folder: Path, placing: Placing) -> list[StagedFile]:
    """Return the files that are not in the dataset yet."""
    return [file for file in placing.files if (folder / file.staged).exists()]


def remove_staged(folder: Path) -> None:
    """Delete a temporary folder, its record first."""
    _remove_record(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _remove_record(folder: Path) -> None:
    """Delete the record before the files: without them, it would count them as added."""
    (folder / _RECORD).unlink(missing_ok=True)
