"""Open a project's file, which may be malicious, and check it before anything is unpacked."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from cluster_core.data.archives.dataset_archive import ZIP_ERRORS, open_archive
from cluster_core.data.archives.entry_checks import find_entry_problem
from cluster_core.data.archives.names import decode_names
from cluster_core.data.class_folders import is_system_file
from cluster_core.data.labels import shorten
from cluster_core.errors import ProjectError
from cluster_core.projects.layout import (
    DATASETS,
    FORMAT,
    MAX_FILES,
    MAX_RECORD_BYTES,
    MODELS,
    PUBLISHED,
    QUEUES,
    RECORD,
    RUNS,
    VERSION,
    FileRecord,
    ProjectRecord,
)
from cluster_core.projects.paths import (
    Spelling,
    check_names,
    find_problem,
    is_folder,
    is_picture,
    make_error,
)
from cluster_core.storage.saved_values import MALFORMED_ERRORS
from cluster_core.workspace import Workspace

EXPECTED = "Choose a .zip file that Save project or `project save` wrote."
# Left free on the disk, for what the program writes meanwhile.
_SPARE_BYTES = 100_000_000


@dataclass(frozen=True)
class ProjectContents:
    """What a project's file holds.

    Attributes
    ----------
    datasets : mapping of str to int
        Number of pictures by name.
    n_models, n_runs, n_queues, n_pages : int
    n_bytes : int
        Size of all files.
    created : str
        When it was saved, ISO 8601, UTC.
    ignored : tuple of str
        Files that are not loaded, and why, as sentences.
    """

    datasets: Mapping[str, int]
    n_models: int
    n_runs: int
    n_queues: int
    n_pages: int
    n_bytes: int
    created: str
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class ProjectArchive:
    """An open project's file whose names and sizes were checked.

    Attributes
    ----------
    archive : ZipFile
    record : ProjectRecord
    files : tuple of (FileRecord, ZipInfo)
        What to unpack. Each path is safe to create below an empty folder on every disk.
    folders : tuple of str
        Datasets and classes, also empty ones, as paths.
    ignored : tuple of str
        Files that are not loaded, and why, as sentences.
    """

    archive: zipfile.ZipFile
    record: ProjectRecord
    files: tuple[tuple[FileRecord, zipfile.ZipInfo], ...]
    folders: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def n_bytes(self) -> int:
        """Size of the files to unpack."""
        return sum(file.n_bytes for file, _ in self.files)

    def describe(self) -> ProjectContents:
        """Return what there is to load, for a preview."""
        paths = [file.path.split("/") for file, _ in self.files]
        pictures = Counter(parts[1] for parts in paths if is_picture(parts))
        names = {parts[1] for parts in paths if parts[0] == DATASETS}
        names |= {path.split("/")[1] for path in self.folders}
        return ProjectContents(
            {name: pictures[name] for name in sorted(names)},
            sum(parts[0] == MODELS for parts in paths),
            len({parts[1] for parts in paths if parts[0] == RUNS}),
            len({parts[1] for parts in paths if parts[0] == QUEUES}),
            len({parts[1] for parts in paths if parts[0] == PUBLISHED}),
            self.n_bytes,
            self.record.created,
            self.ignored,
        )


def open_project(file: BinaryIO) -> ProjectArchive:
    """Open a project's file and check all names and sizes in it; content is checked when unpacked.

    Parameters
    ----------
    file : binary file
        Open for reading, seekable; it must stay open.

    Raises
    ------
    DatasetError, ProjectError
        It is not a project, damaged, too large, from a newer version, or has an entry that is
        not allowed.
    """
    archive = open_archive(file, EXPECTED, 2 * MAX_FILES)
    infos = archive.infolist()
    entries: dict[str, zipfile.ZipInfo] = {}
    for info, name in zip(infos, decode_names(infos)[0], strict=True):
        if problem := find_entry_problem(info, name):
            raise make_error(f"its entry {shorten(name)} {problem}")
        if name in entries:
            raise make_error(f"it has two entries called {shorten(name)}")
        entries[name] = info
    if sum(info.compress_size for info in infos) > file.seek(0, 2):
        raise make_error("its entries claim to be larger than the file. It may be a zip bomb")
    entries = _strip_top_folder(entries)
    record = _read_record(archive, entries.pop(RECORD, None))
    return _choose_files(archive, record, entries)


def require_room(workspace: Workspace, n_bytes: int) -> None:
    """Check that a project fits on the disk of the workspace.

    Raises
    ------
    ProjectError
        It does not.
    """
    folder = next(
        path for path in (workspace.root, *workspace.root.absolute().parents) if path.exists()
    )
    free = shutil.disk_usage(folder).free - _SPARE_BYTES
    if n_bytes > free:
        raise ProjectError(
            f"Nothing was loaded, because the project needs {n_bytes / 1e6:,.0f} MB and the disk "
            f"has {max(free, 0) / 1e6:,.0f} MB free: free some space first.",
            path=workspace.root,
        )


def _strip_top_folder(entries: dict[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the entries below the one folder around all, which a browser may have added."""
    tops = {name.split("/")[0] for name in entries if name.endswith(f"/{RECORD}")}
    if RECORD in entries or len(tops) != 1:
        return entries
    top = f"{tops.pop()}/"
    return {
        name.removeprefix(top): info
        for name, info in entries.items()
        if name.startswith(top) and name != top
    }


def _read_record(archive: zipfile.ZipFile, info: zipfile.ZipInfo | None) -> ProjectRecord:
    if info is None:
        raise make_error(f"it has no {RECORD}. {EXPECTED}")
    if info.file_size > MAX_RECORD_BYTES:
        raise make_error(f"its {RECORD} is too large")
    try:
        fields: dict[str, Any] = json.loads(archive.read(info))
        if fields["format"] != FORMAT:
            raise make_error(f"it is not a project. {EXPECTED}")
        if type(fields["version"]) is not int or fields["version"] > VERSION:
            raise make_error(
                f"it was saved by a newer version of Cluster Lab ({str(fields['program'])[:20]}): "
                "update this one first"
            )
        return ProjectRecord.from_record(fields)
    except (*ZIP_ERRORS, *MALFORMED_ERRORS, OSError) as error:
        raise make_error(f"its {RECORD} is damaged") from error


def _choose_files(
    archive: zipfile.ZipFile, record: ProjectRecord, entries: dict[str, zipfile.ZipInfo]
) -> ProjectArchive:
    chosen, ignored, spelling = [], [], Spelling()
    folders = [name.rstrip("/") for name in entries if name.endswith("/") and is_folder(name)]
    if len(record.files) > MAX_FILES:
        raise make_error(f"it has more than {MAX_FILES:,} files")
    for file in record.files:
        info = entries.pop(file.path, None)
        if info is None or info.is_dir() or info.file_size != file.n_bytes:
            raise make_error(f"its file {shorten(file.path)} is missing or damaged")
        parts = file.path.split("/")
        check_names(file.path, parts)
        spelling.add(parts)
        if problem := find_problem(parts, file.n_bytes):
            ignored.append(f"{file.path} {problem}.")
        else:
            chosen.append((file, info))
    ignored += [
        f"{name} is not in the list of the project's files."
        for name, info in entries.items()
        if not info.is_dir() and not any(map(is_system_file, name.split("/")))
    ]
    folders += {
        "/".join(file.path.split("/")[:2]) for file, _ in chosen if file.path.startswith(DATASETS)
    }
    return ProjectArchive(
        archive, record, tuple(chosen), tuple(dict.fromkeys(folders)), tuple(ignored)
    )
