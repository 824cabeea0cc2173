"""Load a project's file into a workspace, where nothing is overwritten."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cluster_core.access import Access, Action
from cluster_core.data.archives.dataset_archive import ZIP_ERRORS
from cluster_core.data.archives.interrupted import remove_abandoned_imports
from cluster_core.data.catalog import list_datasets
from cluster_core.data.index import Progress
from cluster_core.data.labels import shorten
from cluster_core.errors import ClusterError, ProjectError
from cluster_core.model.bundle.selection import save_default
from cluster_core.projects.datasets import add_dataset, find_same_dataset
from cluster_core.projects.layout import DATASETS, MODELS, PUBLISHED, QUEUES, RUNS, FileRecord
from cluster_core.projects.models import add_model
from cluster_core.projects.published import publish_again
from cluster_core.projects.queues import add_queue
from cluster_core.projects.reading import (
    ProjectArchive,
    ProjectContents,
    open_project,
    require_room,
)
from cluster_core.projects.runs import add_run
from cluster_core.storage.staging import stage
from cluster_core.storage.trash import TrashEntry, move_to_trash
from cluster_core.workspace import DATASET_SUFFIX, Workspace, replacing

_PIECE_BYTES = 1 << 20
_ACTIONS = (Action.EDIT_DATASETS, Action.EDIT_MODELS, Action.TRAIN)


@dataclass
class LoadReport:
    """What was loaded.

    Attributes
    ----------
    added : list of Path
        New folders in the workspace: datasets, models, trainings, queues.
    n_present : int
        Datasets, models, trainings and queues that the workspace had already.
    notes : list of str
        What got another name or was left out, and why, as sentences.
    """

    added: list[Path] = field(default_factory=list)
    n_present: int = 0
    notes: list[str] = field(default_factory=list)

    def describe(self) -> str:
        """Return what was added as a phrase, such as "2 datasets and 1 model"."""
        kinds = Counter(_name_kind(path) for path in self.added)
        parts = [
            f"{n:,} {kind}{'s' if n > 1 else ''}"
            for kind in ("dataset", "model", "training", "queue", "page")
            if (n := kinds[kind])
        ]
        return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]])) or "nothing new"


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
        placing = _Placing(access, workspace, folder, report)
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
    for action in _ACTIONS:
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


class _Placing:
    """Moves what was unpacked into the workspace, and knows the names it got there."""

    def __init__(
        self, access: Access, workspace: Workspace, folder: Path, report: LoadReport
    ) -> None:
        self._access = access
        self._workspace = workspace
        self._folder = folder
        self._report = report
        self._datasets: dict[str, str] = {}
        self._models: dict[str, str] = {}

    def place(self, project: ProjectArchive) -> None:
        """Place everything: trainings after the datasets and models that they name."""
        had_choice = self._workspace.default_model.exists(), self._workspace.last_dataset.exists()
        for kind, place in (
            (DATASETS, self._place_dataset),
            (MODELS, self._place_model),
            (RUNS, self._place_run),
            (QUEUES, self._place_queue),
        ):
            for staged in sorted((self._folder / kind).glob("*")):
                try:
                    place(staged)
                except ClusterError as error:
                    self._report.notes.append(str(error))
        self._choose_defaults(project, *had_choice)

    def publish(self) -> None:
        """Publish the pages of the project anew."""
        for staged in sorted((self._folder / PUBLISHED).glob("*")):
            try:
                path = publish_again(self._access, self._workspace, staged, self._models)
            except ClusterError as error:
                self._report.notes.append(str(error))
            else:
                self._take_or_skip(path, staged.name)

    def _place_dataset(self, staged: Path) -> None:
        name = staged.name
        same = find_same_dataset(self._workspace, staged, name)
        if same is None:
            path = add_dataset(self._workspace, staged, name)
            self._take(path, name, path.name.removesuffix(DATASET_SUFFIX), self._datasets)
        else:
            self._datasets[name] = same
            self._report.n_present += 1

    def _place_model(self, staged: Path) -> None:
        try:
            model, is_new = add_model(self._access, self._workspace, staged)
        except ClusterError as error:
            raise ProjectError(
                f"The model {staged.stem} was left out: {error}", path=staged
            ) from error
        if is_new:
            path = self._workspace.bundles / model.id
            self._take(path, staged.stem, model.id, self._models)
        else:
            self._models[staged.stem] = model.id
            self._report.n_present += 1

    def _place_run(self, staged: Path) -> None:
        self._take_or_skip(
            add_run(self._workspace, staged, self._datasets, self._models), staged.name
        )

    def _place_queue(self, staged: Path) -> None:
        self._take_or_skip(add_queue(self._workspace, staged), staged.name)

    def _take_or_skip(self, path: Path | None, name: str) -> None:
        if path is None:
            self._report.n_present += 1
        else:
            self._take(path, name, path.name, {})

    def _take(self, path: Path, name: str, new_name: str, names: dict[str, str]) -> None:
        names[name] = new_name
        self._report.added.append(path)
        if new_name != name:
            kind = _name_kind(path)
            self._report.notes.append(
                f"The {kind} {name} was added as {new_name}, because there is another {kind} of "
                "this name."
            )

    def _choose_defaults(self, project: ProjectArchive, *had_choice: bool) -> None:
        """Take the default model and the last dataset of the project, unless there are any."""
        has_model, has_dataset = had_choice
        model = self._models.get(project.record.default_model)
        if model and not has_model:
            save_default(self._workspace, model)
        dataset = self._datasets.get(project.record.last_dataset)
        if dataset in list_datasets(self._workspace) and not has_dataset:
            with replacing(self._workspace.last_dataset) as draft:
                draft.write_text(json.dumps({"dataset": dataset}), "utf-8")


def _name_kind(path: Path) -> str:
    kinds: Mapping[str, str] = {
        "bundles": "model",
        "runs": "training",
        "queues": "queue",
        "published": "page",
    }
    return kinds.get(path.parent.name, "dataset")


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
