"""Models as .zip files: handed on, and taken from people who may mean harm."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from cluster_core.access import Action, require
from cluster_core.errors import BundleError
from cluster_core.model.bundle.bundle import ModelBundle, load_bundle
from cluster_core.model.bundle.files import (
    HEAD,
    MANIFEST,
    MAX_HEAD_BYTES,
    MAX_MANIFEST_BYTES,
    locked,
)
from cluster_core.model.bundle.library import list_models
from cluster_core.model.bundle.selection import STARTER_ID, model_dir
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.workspace import Workspace, replacing

# A folder may have an entry of its own.
MAX_ENTRIES = 3
# What a training makes comes nowhere near these; the browser would draw for minutes.
MAX_LABELS, MAX_LABEL_LENGTH = 1_000, 255
_MAX_BYTES = {MANIFEST: MAX_MANIFEST_BYTES, HEAD: MAX_HEAD_BYTES}
_MAX_ARCHIVE_BYTES = MAX_MANIFEST_BYTES + MAX_HEAD_BYTES
_ENTRY_MAGIC = b"PK\x01\x02"
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(NotImplementedError, RuntimeError, EOFError, ValueError, OSError, LookupError),
)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_ID_LENGTH = 80


def export_model(workspace: Workspace, model_id: str) -> bytes:
    """Return a model as a .zip file, which `import_model` takes.

    Raises
    ------
    BundleError
        There is no such model, or it is damaged.
    """
    folder = model_dir(workspace, model_id)
    load_bundle(folder)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        try:
            for name in (MANIFEST, HEAD):
                archive.write(folder / name, f"{model_id}/{name}")
        except OSError as error:
            raise locked(folder, error) from error
    return content.getvalue()


def import_model(workspace: Workspace, file: BinaryIO) -> ModelSummary:
    """Add a model from a .zip file; where the very same one is there already, return that.

    All is checked before anything is written, and again by `load_bundle` before it
    stands among the models.

    Raises
    ------
    BundleError
        It is no .zip of a model, holds anything else, is damaged, of a newer
        version or too large, or the disk is full.
    AccessError
        This server does not allow it.
    """
    require(Action.EDIT_MODELS)
    name, contents = _read_archive(file.read(_MAX_ARCHIVE_BYTES + 1), workspace.bundles)
    sha256 = hashlib.sha256(contents[MANIFEST]).hexdigest()
    for entry in list_models(workspace):
        if entry.manifest_sha256 == sha256:
            return entry
    try:
        with _reserving(workspace.bundles, name) as folder, replacing(folder) as draft:
            draft.mkdir()
            for file_name, content in contents.items():
                (draft / file_name).write_bytes(content)
            _date_back(draft / MANIFEST, _check_bundle(draft))
    except OSError as error:
        raise BundleError(
            f"The model could not be written to {workspace.bundles} ({error.strerror}): make sure "
            "that the disk has room and that you may write there.",
            path=workspace.bundles,
        ) from error
    return next(entry for entry in list_models(workspace) if entry.id == folder.name)


def _read_archive(data: bytes, bundles_dir: Path) -> tuple[str, dict[str, bytes]]:
    """Return the name for the folder, and the content of the two files."""
    try:
        with _refusing(bundles_dir):
            if len(data) > _MAX_ARCHIVE_BYTES:
                raise _RefusedError("it is too large")
            # Python reads the whole table of contents before it tells how long it is.
            if data.count(_ENTRY_MAGIC) > 2 * MAX_ENTRIES:
                raise _RefusedError("it has many more files than a model")
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                entries = _check_entries(archive.infolist())
                contents = {name: _unpack(archive, entry) for name, entry in entries.items()}
            folder = PurePosixPath(entries[MANIFEST].filename).parent.name
            return folder or _read_name(contents[MANIFEST]), contents
    except _ZIP_ERRORS as error:
        raise _refuse("it is no .zip file, or a damaged one", bundles_dir) from error


class _RefusedError(Exception):
    """Why an archive is no model."""


@contextlib.contextmanager
def _refusing(bundles_dir: Path) -> Iterator[None]:
    try:
        yield
    except _RefusedError as refusal:
        raise _refuse(str(refusal), bundles_dir) from refusal


def _refuse(why: str, bundles_dir: Path) -> BundleError:
    return BundleError(
        f"This file is no model of this program ({why}): choose a .zip that was downloaded from "
        "the page Models.",
        path=bundles_dir,
    )


def _check_entries(entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the entries of the two files, if there is nothing else and nothing odd."""
    files = [entry for entry in entries if not entry.is_dir()]
    if len(entries) > MAX_ENTRIES:
        raise _RefusedError("it has many more files than a model")
    found = {PurePosixPath(entry.filename).name: entry for entry in files}
    folders = {str(PurePosixPath(entry.filename).parent) for entry in files}
    folders |= {str(PurePosixPath(entry.filename)) for entry in entries if entry.is_dir()}
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
            raise _RefusedError(f"its entry {entry.filename[:100]!r} leads out of its folder")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise _RefusedError(f"its entry {entry.filename[:100]!r} is encrypted or packed oddly")
    if len(files) != len(_MAX_BYTES) or found.keys() != _MAX_BYTES.keys():
        raise _RefusedError(f"it should hold {MANIFEST} and {HEAD}, and nothing else")
    if len(folders) != 1 or len(PurePosixPath(folders.pop()).parts) > 1:
        raise _RefusedError("its files should lie in one folder")
    for name, entry in found.items():
        if entry.file_size > _MAX_BYTES[name]:
            raise _RefusedError(f"its {name} would unpack to {entry.file_size:,} bytes")
    return found


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return an entry's content, of the size that was promised."""
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise _RefusedError(
            f"its {PurePosixPath(entry.filename).name} has not the size it promises"
        )
    return content


def _read_name(manifest: bytes) -> str:
    """Return the name a manifest gives, where no folder does; `load_bundle` checks the rest."""
    try:
        return str(json.loads(manifest).get("name", ""))
    except (ValueError, AttributeError, RecursionError):
        return ""


def _check_bundle(draft: Path) -> ModelBundle:
    """Load what was written; an error must not name the folder that is about to go."""
    try:
        bundle = load_bundle(draft)
    except BundleError as error:
        why = str(error).replace(str(draft), "this file")
        raise BundleError(why[0].upper() + why[1:], path=draft.parent) from error
    if len(bundle.labels) > MAX_LABELS or max(map(len, bundle.labels)) > MAX_LABEL_LENGTH:
        raise _refuse("it has far too many classes, or too long names of them", draft.parent)
    return bundle


def _date_back(manifest: Path, bundle: ModelBundle) -> None:
    """Give a manifest the time of its training: an old model that comes in is not the newest."""
    with contextlib.suppress(ValueError, OverflowError):
        trained_s = datetime.fromisoformat(bundle.created).timestamp()
        now_s = manifest.stat().st_mtime
        os.utime(manifest, (now_s, max(0.0, min(trained_s, now_s))))


@contextlib.contextmanager
def _reserving(bundles_dir: Path, name: str) -> Iterator[Path]:
    """Give an empty folder, named as safely as can be; another import takes another one."""
    stem = _UNSAFE.sub("-", name)[:_MAX_ID_LENGTH].strip(".-") or "model"
    bundles_dir.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        folder = bundles_dir / (stem if number == 1 else f"{stem}-{number}")
        if folder.name != STARTER_ID:
            with contextlib.suppress(FileExistsError):
                folder.mkdir()
                break
    try:
        yield folder
    except BaseException:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise
