"""Read the .zip file of a model, which may be malicious: check its entries, then unpack them."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cluster_core.errors import BundleError
from cluster_core.model.backbones.registry import list_backbones
from cluster_core.model.bundle.archive_network import (
    MAX_NETWORK_BYTES,
    MAX_RECORD_BYTES,
    CarriedNetwork,
    check_network_entries,
    is_network_entry,
    read_carried_network,
)
from cluster_core.model.bundle.untrusted_files import (
    HEAD,
    MANIFEST,
    MAX_HEADER_BYTES,
    MAX_MANIFEST_BYTES,
    MAX_NOVELTY_BYTES,
    NOVELTY,
    parse_manifest,
)
from cluster_core.storage.saved_values import MALFORMED_ERRORS

# Three files, two more of a network, and possibly an entry for each of their folders.
MAX_ENTRIES = 7
# Far beyond what a training produces; more would freeze the browser for minutes.
MAX_LABELS = 1_000
# Trained weights hardly shrink. A manifest may: most numbers in a large confusion matrix are 0.
MAX_WEIGHTS_RATIO = 20
_MAX_LABEL_BYTES = 4 * (1 + max(spec.n_features for spec in list_backbones()))
_MAX_BYTES = {
    MANIFEST: MAX_MANIFEST_BYTES,
    HEAD: MAX_LABELS * _MAX_LABEL_BYTES + MAX_HEADER_BYTES,
    NOVELTY: MAX_NOVELTY_BYTES,
}
MAX_ARCHIVE_BYTES = sum(_MAX_BYTES.values()) + MAX_NETWORK_BYTES + MAX_RECORD_BYTES
_ENTRY_MAGIC = b"PK\x01\x02"
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(NotImplementedError, RuntimeError, EOFError, ValueError, OSError, LookupError),
)


@dataclass(frozen=True)
class ModelArchive:
    """The content of a model's .zip file.

    Attributes
    ----------
    name : str
        Name of the model's folder; it may contain anything.
    files : dict of str to bytes
        Content of the manifest, of the head and possibly of the novelty, by file name.
    network : CarriedNetwork or None
        The network that it carries.
    """

    name: str
    files: dict[str, bytes]
    network: CarriedNetwork | None


def read_archive(data: bytes, bundles_dir: Path) -> ModelArchive:
    """Read the .zip file of a model.

    Sizes are checked before anything is unpacked, and the number of labels before the head is.
    What the files contain is not checked otherwise.

    Parameters
    ----------
    data : bytes
        The file, or its first `MAX_ARCHIVE_BYTES` + 1 bytes.
    bundles_dir : Path
        The folder to name in an error.

    Raises
    ------
    BundleError
        If it is not a .zip file of exactly one model, or is damaged or too large.
    """
    try:
        with _explain_rejection(bundles_dir):
            if len(data) > MAX_ARCHIVE_BYTES:
                raise _RejectedError("it is too large")
            # Count entries before zipfile does: it would read the whole table of contents first.
            if data.count(_ENTRY_MAGIC) > 2 * MAX_ENTRIES:
                raise _RejectedError("it contains too many files")
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return _read_entries(archive)
    except _ZIP_ERRORS as error:
        raise _make_error("it is not a .zip file, or it is damaged", bundles_dir) from error


def _read_entries(archive: zipfile.ZipFile) -> ModelArchive:
    entries = archive.infolist()
    _check_paths(entries)
    files = [entry for entry in entries if not entry.is_dir()]
    carried = [entry for entry in files if is_network_entry(entry)]
    found = _find_model_entries([entry for entry in files if entry not in carried])
    content = _unpack(archive, found[MANIFEST])
    manifest = _parse_manifest(content)
    name = _check_manifest(manifest, found[HEAD].file_size)
    content_by_name = {MANIFEST: content} | {
        name: _unpack(archive, entry) for name, entry in found.items() if name != MANIFEST
    }
    folder = PurePosixPath(found[MANIFEST].filename).parent
    network = _read_network(archive, carried, folder, manifest) if carried else None
    return ModelArchive(folder.name or name, content_by_name, network)


def _read_network(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folder: PurePosixPath, manifest: Any
) -> CarriedNetwork:
    try:
        record, network = check_network_entries(entries, folder)
        _check_ratio(network)
        return read_carried_network(manifest, _unpack(archive, record), _unpack(archive, network))
    except ValueError as error:
        raise _RejectedError(str(error)) from error


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


def _check_paths(entries: list[zipfile.ZipInfo]) -> None:
    """Reject paths that point elsewhere, and files that zipfile should not unpack."""
    if len(entries) > MAX_ENTRIES:
        raise _RejectedError("it contains too many files")
    for entry in entries:
        path = PurePosixPath(entry.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename:
            raise _RejectedError(f"its entry {entry.filename[:100]!r} points outside its folder")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise _RejectedError(
                f"its entry {entry.filename[:100]!r} is encrypted or uses an unusual compression"
            )


def _find_model_entries(files: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the entries of the model's files by name, if there are no others."""
    found = {PurePosixPath(entry.filename).name: entry for entry in files}
    folders = {PurePosixPath(entry.filename).parent for entry in files}
    if len(files) != len(found) or found.keys() - {NOVELTY} != {MANIFEST, HEAD}:
        raise _RejectedError(
            f"it should contain {MANIFEST}, {HEAD} and possibly a network, and nothing else"
        )
    if len(folders) != 1 or len(folders.pop().parts) > 1:
        raise _RejectedError("its files should be in one folder")
    for name, entry in found.items():
        if entry.file_size > _MAX_BYTES[name]:
            raise _RejectedError(f"its {name} is too large: {entry.file_size:,} bytes unpacked")
        if name != MANIFEST:
            _check_ratio(entry)
    return found


def _check_ratio(entry: zipfile.ZipInfo) -> None:
    """Reject weights that shrank to almost nothing."""
    if entry.file_size > MAX_HEADER_BYTES + MAX_WEIGHTS_RATIO * entry.compress_size:
        name = PurePosixPath(entry.filename).name
        raise _RejectedError(f"its {name[:100]} would grow a lot when unpacked, like a zip bomb")


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return an entry's content; reject it unless it has the declared size."""
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise _RejectedError(
            f"its {PurePosixPath(entry.filename).name} does not match its declared size"
        )
    return content


def _parse_manifest(content: bytes) -> Any:
    try:
        return parse_manifest(content.decode())
    except MALFORMED_ERRORS as error:
        raise _RejectedError(f"its {MANIFEST} cannot be read") from error


def _check_manifest(manifest: Any, head_bytes: int) -> str:
    """Return the name in a manifest; reject it if the size of the head does not fit its labels."""
    try:
        name, labels = manifest.get("name", ""), manifest["labels"]
        n_labels = len(labels)
    except MALFORMED_ERRORS as error:
        raise _RejectedError(f"its {MANIFEST} cannot be read") from error
    if n_labels > MAX_LABELS:
        raise _RejectedError(f"it has {n_labels:,} classes, more than {MAX_LABELS:,}")
    if head_bytes > n_labels * _MAX_LABEL_BYTES + MAX_HEADER_BYTES:
        raise _RejectedError(f"its {HEAD} is too large for {n_labels} classes")
    return name if isinstance(name, str) else ""
