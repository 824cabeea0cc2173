"""Export models as .zip files, and import such files, which may be malicious."""

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
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.selection import STARTER_ID, model_dir
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.bundle.untrusted_files import (
    HEAD,
    MANIFEST,
    MAX_HEAD_BYTES,
    MAX_MANIFEST_BYTES,
    make_unreadable_error,
)
from cluster_core.workspace import Workspace, replacing

# Two files, and possibly an entry for their folder.
MAX_ENTRIES = 3
# Far beyond what a training produces; more would freeze the browser for minutes.
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
    """Return a model as a .zip file, for `import_model`.

    Parameters
    ----------
    workspace : Workspace
        The workspace of the model.
    model_id : str
        Name of its folder, or `starter`.

    Returns
    -------
    bytes
        Content of the .zip file.

    Raises
    ------
    BundleError
        If there is no such model, or it is damaged.
    """
    folder = model_dir(workspace, model_id)
    load_bundle(folder)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        try:
            for name in (MANIFEST, HEAD):
                archive.write(folder / name, f"{model_id}/{name}")
        except OSError as error:
            raise make_unreadable_error(folder, error) from error
    return content.getvalue()


def import_model(workspace: Workspace, file: BinaryIO) -> ModelSummary:
    """Add a model from a .zip file, unless the workspace has an identical one.

    The archive is checked before anything is written, and the bundle with `load_bundle`
    before it becomes visible.

    Parameters
    ----------
    workspace : Workspace
        The workspace to add to.
    file : binary file
        The .zip file, open for reading.

    Returns
    -------
    ModelSummary
        The new model, or the identical one.

    Raises
    ------
    BundleError
        If the file is not a .zip file of exactly one model, is damaged, too large or of
        another version, or if the model cannot be written.
    AccessError
        If this server does not allow changes to models.
    """
    require(Action.EDIT_MODELS)
    name, contents = _read_archive(file.read(_MAX_ARCHIVE_BYTES + 1), workspace.bundles)
    sha256 = hashlib.sha256(contents[MANIFEST]).hexdigest()
    for entry in list_models(workspace):
        if entry.manifest_sha256 == sha256:
            return entry
    try:
        with _reserve_folder(workspace.bundles, name) as folder, replacing(folder) as draft:
            draft.mkdir()
            for file_name, content in contents.items():
                (draft / file_name).write_bytes(content)
            _restore_training_time(draft / MANIFEST, _check_bundle(draft))
    except OSError as error:
        raise BundleError(
            f"The model could not be saved in {workspace.bundles} ({error.strerror}): make "
            "sure that the disk has free space and that you may write to this folder.",
            path=workspace.bundles,
        ) from error
    return next(entry for entry in list_models(workspace) if entry.id == folder.name)


def _read_archive(data: bytes, bundles_dir: Path) -> tuple[str, dict[str, bytes]]:
    """Return the name of the model's folder, and the content of the two files by name."""
    try:
        with _explain_rejection(bundles_dir):
            if len(data) > _MAX_ARCHIVE_BYTES:
                raise _RejectedError("it is too large")
            # Count entries before zipfile does: it would read the whole table of contents first.
            if data.count(_ENTRY_MAGIC) > 2 * MAX_ENTRIES:
                raise _RejectedError("it contains too many files")
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                entries = _check_entries(archive.infolist())
                contents = {name: _unpack(archive, entry) for name, entry in entries.items()}
            folder = PurePosixPath(entries[MANIFEST].filename).parent.name
            return folder or _read_name(contents[MANIFEST]), contents
    except _ZIP_ERRORS as error:
        raise _make_error("it is not a .zip file, or it is damaged", bundles_dir) from error


class _RejectedError(Exception):
    """The reason why an archive is not accepted as a model."""


@contextlib.contextmanager
def _explain_rejection(bundles_dir: Path) -> Iterator[None]:
    """Turn a _RejectedError into a sentence for the user."""
    try:
        yield
    except _RejectedError as rejection:
        raise _make_error(str(rejection), bundles_dir) from rejection


def _make_error(reason: str, bundles_dir: Path) -> BundleError:
    return BundleError(
        f"This is not a Cluster Lab model ({reason}): choose a .zip file that was downloaded from "
        "the Models page.",
        path=bundles_dir,
    )


def _check_entries(entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the entries of the two files by name, if there are no others and both are safe."""
    files = [entry for entry in entries if not entry.is_dir()]
    if len(entries) > MAX_ENTRIES:
        raise _RejectedError("it contains too many files")
    found = {PurePosixPath(entry.filename).name: entry for entry in files}
    folders = {str(PurePosixPath(entry.filename).parent) for entry in files}
    folders |= {str(PurePosixPath(entry.filename)) for entry in entries if entry.is_dir()}
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
            raise _RejectedError(f"its entry {entry.filename[:100]!r} points outside its folder")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise _RejectedError(
                f"its entry {entry.filename[:100]!r} is encrypted or uses an unusual compression"
            )
    if len(files) != len(_MAX_BYTES) or found.keys() != _MAX_BYTES.keys():
        raise _RejectedError(f"it should contain {MANIFEST} and {HEAD}, and nothing else")
    if len(folders) != 1 or len(PurePosixPath(folders.pop()).parts) > 1:
        raise _RejectedError("its files should be in one folder")
    for name, entry in found.items():
        if entry.file_size > _MAX_BYTES[name]:
            raise _RejectedError(f"its {name} is too large: {entry.file_size:,} bytes unpacked")
    return found


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return an entry's content; reject it unless it has the declared size."""
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise _RejectedError(
            f"its {PurePosixPath(entry.filename).name} does not match its declared size"
        )
    return content


def _read_name(manifest: bytes) -> str:
    """Return the model name in an unchecked manifest, or an empty string."""
    try:
        return str(json.loads(manifest).get("name", ""))
    except (ValueError, AttributeError, RecursionError):
        return ""


def _check_bundle(draft: Path) -> ModelBundle:
    """Load a draft; an error must not name its folder, which is about to be deleted."""
    try:
        bundle = load_bundle(draft)
    except BundleError as error:
        message = str(error).replace(str(draft), "this file")
        raise BundleError(message[0].upper() + message[1:], path=draft.parent) from error
    if len(bundle.labels) > MAX_LABELS or max(map(len, bundle.labels)) > MAX_LABEL_LENGTH:
        raise _make_error("it has too many classes, or class names are too long", draft.parent)
    return bundle


def _restore_training_time(manifest: Path, bundle: ModelBundle) -> None:
    """Date a manifest to its training, so that an old model does not become the newest."""
    with contextlib.suppress(ValueError, OverflowError):
        trained_s = datetime.fromisoformat(bundle.created).timestamp()
        now_s = manifest.stat().st_mtime
        os.utime(manifest, (now_s, max(0.0, min(trained_s, now_s))))


@contextlib.contextmanager
def _reserve_folder(bundles_dir: Path, name: str) -> Iterator[Path]:
    """Create an empty folder with a safe, unused name; remove it again after an error."""
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
