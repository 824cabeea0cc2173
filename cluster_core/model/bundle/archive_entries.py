"""Read the .zip file of a model, which may be malicious: check its entries, then unpack them."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cluster_core.errors import BundleError
from cluster_core.model.backbones.registry import list_backbones
from cluster_core.model.bundle.untrusted_files import (
    HEAD,
    MANIFEST,
    MAX_HEADER_BYTES,
    MAX_MANIFEST_BYTES,
    parse_manifest,
)
from cluster_core.storage.saved_values import MALFORMED_ERRORS

# Two files, and possibly an entry for their folder.
MAX_ENTRIES = 3
# Far beyond what a training produces; more would freeze the browser for minutes.
MAX_LABELS = 1_000
# Trained weights hardly shrink. A manifest may: most numbers in a large confusion matrix are 0.
MAX_HEAD_RATIO = 20
_MAX_LABEL_BYTES = 4 * (1 + max(spec.n_features for spec in list_backbones()))
_MAX_BYTES = {
    MANIFEST: MAX_MANIFEST_BYTES,
    HEAD: MAX_LABELS * _MAX_LABEL_BYTES + MAX_HEADER_BYTES,
}
MAX_ARCHIVE_BYTES = sum(_MAX_BYTES.values())
_ENTRY_MAGIC = b"PK\x01\x02"
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(NotImplementedError, RuntimeError, EOFError, ValueError, OSError, LookupError),
)


def read_archive(data: bytes, bundles_dir: Path) -> tuple[str, dict[str, bytes]]:
    """Return the name of the model in a .zip file, and the content of its files by name.

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
                entries = _check_entries(archive.infolist())
                manifest = _unpack(archive, entries[MANIFEST])
                name = _check_manifest(manifest, entries[HEAD].file_size)
                head = _unpack(archive, entries[HEAD])
            folder = PurePosixPath(entries[MANIFEST].filename).parent.name
            return folder or name, {MANIFEST: manifest, HEAD: head}
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
    _check_sizes(found)
    return found


def _check_sizes(entries: dict[str, zipfile.ZipInfo]) -> None:
    for name, entry in entries.items():
        if entry.file_size > _MAX_BYTES[name]:
            raise _RejectedError(f"its {name} is too large: {entry.file_size:,} bytes unpacked")
    head = entries[HEAD]
    if head.file_size > MAX_HEADER_BYTES + MAX_HEAD_RATIO * head.compress_size:
        raise _RejectedError(f"its {HEAD} would grow a lot when unpacked, like a zip bomb")


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return an entry's content; reject it unless it has the declared size."""
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise _RejectedError(
            f"its {PurePosixPath(entry.filename).name} does not match its declared size"
        )
    return content


def _check_manifest(content: bytes, head_bytes: int) -> str:
    """Return the name in a manifest; reject it if the size of the head does not fit its labels."""
    try:
        manifest = parse_manifest(content.decode())
        name, labels = manifest.get("name", ""), manifest["labels"]
        n_labels = len(labels)
    except MALFORMED_ERRORS as error:
        raise _RejectedError(f"its {MANIFEST} cannot be read") from error
    if n_labels > MAX_LABELS:
        raise _RejectedError(f"it has {n_labels:,} classes, more than {MAX_LABELS:,}")
    if head_bytes > n_labels * _MAX_LABEL_BYTES + MAX_HEADER_BYTES:
        raise _RejectedError(f"its {HEAD} is too large for {n_labels} classes")
    return name if isinstance(name, str) else ""
