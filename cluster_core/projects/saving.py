"""Save a workspace as one file, or send it as a download, piece by piece."""

from __future__ import annotations

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from cluster_core.access import Access, Action
from cluster_core.data.catalog import choose_default, list_datasets
from cluster_core.data.index import Progress
from cluster_core.data.labels import shorten
from cluster_core.errors import ClusterError, DatasetError, ProjectError
from cluster_core.model.bundle.selection import load_default
from cluster_core.projects.datasets import list_dataset
from cluster_core.projects.layout import (
    MAX_FILES,
    MAX_RECORD_BYTES,
    RECORD,
    FileRecord,
    ProjectRecord,
)
from cluster_core.projects.members import Listing, Member
from cluster_core.projects.models import choose_models, list_model_files
from cluster_core.projects.published import list_pages
from cluster_core.projects.queues import list_queue_files
from cluster_core.projects.runs import list_run_files
from cluster_core.storage.drafts import replacing
from cluster_core.storage.pieces import Pieces
from cluster_core.version import __version__
from cluster_core.workspace import DATASET_SUFFIX, Workspace

_PIECE_BYTES = 1 << 20
_BIG_BYTES = 1 << 30
_ENTRY_BYTES = 180  # of a file in the record, but its path
_FIRST_ZIP_SECOND = 315_619_200  # 1980, before which a .zip knows no times


@dataclass(frozen=True)
class SaveReport:
    """What was saved.

    Attributes
    ----------
    n_files : int
    n_bytes : int
        Size of the project's file.
    notes : tuple of str
        What was left out or renamed, and why, as sentences.
    """

    n_files: int
    n_bytes: int
    notes: tuple[str, ...]


def save_project(
    access: Access,
    workspace: Workspace,
    target: Path,
    datasets: Collection[str] = (),
    on_progress: Progress | None = None,
) -> SaveReport:
    """Write a project's file beside its name, and rename it when it is complete.

    Parameters
    ----------
    access : Access
    workspace : Workspace
    target : Path
        The file, which is replaced if it exists.
    datasets : collection of str
        Names of datasets to save, with the models and trainings made from them; empty for
        everything.
    on_progress : callable, optional
        Called with (files written, files in total). It may raise to stop; then `target` is
        unchanged.

    Raises
    ------
    ProjectError
        There is nothing to save, no such dataset, too many files, or the disk cannot be
        written to.
    ClusterError
        The workspace cannot be read.
    AccessError
        They may not save the project.
    """
    access.require(Action.SAVE_PROJECT)
    listing = _list_members(workspace, datasets)
    try:
        with replacing(target) as draft, draft.open("xb") as file:
            for done in _write(file, workspace, listing):
                if on_progress:
                    on_progress(done, len(listing.members))
            file.flush()
            os.fsync(file.fileno())  # a backup must survive a power cut after the rename
        n_bytes = target.stat().st_size
    except OSError as error:
        raise ProjectError(
            f"{target} could not be written ({error.strerror or error}): make sure that the disk "
            "has room and that you may write there.",
            path=target,
        ) from error
    return SaveReport(_count_files(listing), n_bytes, tuple(listing.notes))


def preview_saving(
    access: Access, workspace: Workspace, datasets: Collection[str] = ()
) -> tuple[str, ...]:
    """Return what a project's file would leave out or rename, and why, as sentences.

    The parameters and errors are those of `save_project`.
    """
    access.require(Action.SAVE_PROJECT)
    return tuple(_list_members(workspace, datasets).notes)


def stream_project(
    access: Access, workspace: Workspace, datasets: Collection[str] = ()
) -> Iterator[bytes]:
    """Return the pieces of a project's file, which is never whole in memory or on the disk.

    The parameters and errors are those of `save_project`; everything is checked and listed
    before the function returns.
    """
    access.require(Action.SAVE_PROJECT)
    listing = _list_members(workspace, datasets)

    def generate() -> Iterator[bytes]:
        pieces = Pieces()
        for _ in _write(pieces, workspace, listing):
            yield pieces.take()
        yield pieces.take()

    return generate()


def _list_members(workspace: Workspace, wanted: Collection[str]) -> Listing:
    known = list_datasets(workspace)
    # Also the name of its folder, which paths and older texts have.
    wanted = [name if name in known else name.removesuffix(DATASET_SUFFIX) for name in wanted]
    for name in wanted:
        if name not in known:
            raise ProjectError(
                f"There is no dataset {shorten(name)}: choose from {', '.join(known) or 'none'}.",
                path=workspace.root,
            )
    listing = Listing()
    for name in dict.fromkeys(wanted) or known:
        try:
            list_dataset(workspace, name, listing)
        except DatasetError as error:
            listing.notes.append(f"The dataset {name} was left out: {error}")
    chosen = set(wanted) or None
    folders = {f"{name}{DATASET_SUFFIX}" for name in wanted} or None
    models = choose_models(workspace, folders)
    list_model_files(workspace, models, listing)
    list_pages(workspace, [model.id for model in models], listing)
    list_run_files(workspace, chosen, listing)
    if chosen is None:
        list_queue_files(workspace, listing)
    if not _count_files(listing):
        raise ProjectError(
            "There is nothing to save yet: add a dataset or train a model first.",
            path=workspace.root,
        )
    if len(listing.members) > MAX_FILES:
        raise ProjectError(
            f"The project has {len(listing.members):,} files, and one file holds up to "
            f"{MAX_FILES:,}: save its datasets one by one.",
            path=workspace.root,
        )
    if sum(len(json.dumps(member.path)) + _ENTRY_BYTES for member in listing.members) > (
        MAX_RECORD_BYTES
    ):
        raise ProjectError(
            "The project has too many files with long names for one file: save its datasets one "
            "by one.",
            path=workspace.root,
        )
    return listing


def _count_files(listing: Listing) -> int:
    return sum(member.open is not None for member in listing.members)


def _write(target: IO[bytes] | Pieces, workspace: Workspace, listing: Listing) -> Iterator[int]:
    """Write a project's file, and yield the number of members written after each piece."""
    files: list[FileRecord] = []
    # Pictures and networks are compressed already; deflating them again saves nothing.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for done, member in enumerate(listing.members):
            if member.open is None:
                archive.writestr(zipfile.ZipInfo(member.path), b"")
                continue
            try:
                source = member.open()
            except (OSError, ClusterError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                listing.notes.append(f"{member.path} was left out: {reason}")
                continue
            with source:
                yield from (done for _ in _write_file(archive, member, source, files))
            yield done + 1
        record = ProjectRecord(
            __version__,
            datetime.now(UTC).isoformat(),
            load_default(workspace),
            choose_default(workspace) or "",
            tuple(files),
        )
        text = json.dumps(record.to_record())
        archive.writestr(RECORD, text, zipfile.ZIP_DEFLATED)


def _write_file(
    archive: zipfile.ZipFile, member: Member, source: IO[bytes], files: list[FileRecord]
) -> Iterator[None]:
    n_bytes, written_ns = _find_size_and_time(source)
    date = time.localtime(max(written_ns // 10**9, _FIRST_ZIP_SECOND))[:6]
    info = zipfile.ZipInfo(member.path, date)
    info.external_attr = 0o644 << 16
    sha256, n_written = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=n_bytes > _BIG_BYTES) as out:
        while piece := source.read(_PIECE_BYTES):
            out.write(piece)
            sha256.update(piece)
            n_written += len(piece)
            yield
    files.append(FileRecord(member.path, n_written, sha256.hexdigest(), written_ns))


def _find_size_and_time(source: IO[bytes]) -> tuple[int, int]:
    try:
        status = os.fstat(source.fileno())
    except OSError:  # in memory
        return 0, time.time_ns()
    return status.st_size, status.st_mtime_ns
