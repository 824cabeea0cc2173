"""Load a project's file into a workspace, where nothing is overwritten."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from cluster_core.access import Access, Action
from cluster_core.data.archives.dataset_archive import ZIP_ERRORS
from cluster_core.data.archives.interrupted import remove_abandoned_imports
from cluster_core.data.index import Progress
from cluster_core.data.labels import shorten
from cluster_core.errors import ProjectError
from cluster_core.projects.layout import FileRecord
from cluster_core.projects.placing import LoadReport, Placing
from cluster_core.projects.reading import (
    ProjectArchive,
    ProjectContents,
    open_project,
    require_room,
)
from cluster_core.storage.staging import stage
from cluster_core.storage.trash import TrashEntry, move_to_trash
from cluster_core.workspace import Workspace

_PIECE_BYTES = 1 << 20
_ACTIONS = (Action.EDIT_DATASETS, Action.EDIT_MODELS, Action.TRAIN)


def preview_project(file: BinaryIO) -> ProjectContents:
    """Return what a project's file holds; only its names and sizes are read.

    Parameters
    ----------
    file : binary file
        Open for reading, seekable.

    Raises
    ------
    DatasetError, ProjectError
        As `load_project`.
    """
    return open_project(file).describe()


def load_project(
    access: Access,
    workspace: Workspace,
    file: BinaryIO,
    on_progress: Progress | None = None,
    *,
    publishes: bool = False,
) -> LoadReport:
    """Add the datasets, models, trainings and queues of a project's file to a workspace.

    What the workspace has already is skipped, and what has the name of something else gets
    another name. Everything is unpacked and compared with its hash before the first of them is
    moved into place, each in one step.

    Parameters
    ----------
    access : Access
    workspace : Workspace
    file : binary file
        Open for reading, seekable.
    on_progress : callable, optional
        Called with (files processed, files in total). It may raise to stop; then nothing is
        added.
    publishes : bool
        Whether the pages that the project had published are published here.

    Raises
    ------
    DatasetError, ProjectError
        The file is not a project, damaged, from a newer version, too large, or has an entry
        that is not allowed; or the disk cannot be written to. Nothing is added.
    AccessError
        They may not load a project.
    """
    for action in (*_ACTIONS, *([Action.PUBLISH] if publishes else [])):
        access.require(action)
    project = open_project(file)
    require_room(workspace, project.n_bytes)
    remove_abandoned_imports(workspace)
    report = LoadReport(notes=list(project.ignored))
    with _explaining_disk_errors(workspace), stage(workspace) as folder, _rolling_back(report):
        n_files = len(project.files)
        _unpack(project, folder, lambda done: on_progress and on_progress(done, n_files))
        placing = Placing(access, workspace, folder, report)
        placing.place(project)
        if publishes:
            placing.publish()
    return report


def undo_load(access: Access, workspace: Workspace, report: LoadReport) -> TrashEntry:
    """Move what was loaded to the trash.

    Raises
    ------
    DatasetError
        It cannot be moved.
    AccessError
        They may not change the workspace.
    """
    has_pages = any(path.parent == workspace.published for path in report.added)
    for action in (*_ACTIONS, *([Action.PUBLISH] if has_pages else [])):
        access.require(action)
    return move_to_trash(access, workspace, report.added, "The loaded project")


def _unpack(project: ProjectArchive, folder: Path, on_done: Callable[[int], object]) -> None:
    for path in project.folders:
        (folder / path).mkdir(parents=True, exist_ok=True)
    now_ns = time.time_ns()
    for done, (file, info) in enumerate(project.files, start=1):
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        sha256 = hashlib.sha256()
        try:
            # zipfile yields no more bytes than the entry's header says, which was checked.
            with project.archive.open(info) as source, target.open("xb") as out:
                while piece := source.read(_PIECE_BYTES):
                    sha256.update(piece)
                    out.write(piece)
        except ZIP_ERRORS as error:
            raise _make_damage_error(file) from error
        if sha256.hexdigest() != file.sha256:
            raise _make_damage_error(file)
        written_ns = min(max(file.written_ns, 0), now_ns)
        os.utime(target, ns=(now_ns, written_ns))
        on_done(done)


def _make_damage_error(file: FileRecord) -> ProjectError:
    return ProjectError(
        f"Nothing was loaded, because the file {shorten(file.path)} in the project is damaged: "
        "copy or download the project again.",
        path=Path(file.path),
    )


@contextmanager
def _rolling_back(report: LoadReport) -> Iterator[None]:
    """Remove what was added if the block fails or is stopped."""
    try:
        yield
    except BaseException:
        for path in report.added:
            with suppress(OSError):
                shutil.rmtree(path)
        raise


@contextmanager
def _explaining_disk_errors(workspace: Workspace) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ProjectError(
            f"The project could not be loaded into {workspace.root} "
            f"({error.strerror or error}): make sure that the disk has free space and that you "
            "may write to this folder.",
            path=workspace.root,
        ) from error
