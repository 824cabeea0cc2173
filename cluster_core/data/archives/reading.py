"""Read the pictures of a .zip or .tar one at a time, without unpacking it to the disk."""

from __future__ import annotations

import functools
import gzip
import tarfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, NoReturn, cast

from cluster_core.data.archives.dataset_archive import open_archive
from cluster_core.data.archives.entries import EXPECTED_UNSORTED
from cluster_core.data.archives.entry_checks import find_entry_problem, find_name_problem
from cluster_core.data.archives.names import decode_names, to_slashes
from cluster_core.data.archives.unpacking import ZIP_ERRORS
from cluster_core.data.archives.unsorted import PackedPicture
from cluster_core.errors import DatasetError, ImageError, ImageProblem
from cluster_core.images import DEFAULT_LIMITS, check_file_bytes, has_image_suffix

# Nothing is unpacked to the disk, so that there may be more than in an upload.
MAX_ENTRIES = 1_000_000

_TAR_ERRORS = (tarfile.TarError, zlib.error, EOFError, ValueError, OSError)


def is_archive(path: Path) -> bool:
    """Tell whether a file name has the ending of an archive that `iterate_archive` reads."""
    return path.name.lower().endswith((".zip", ".tar", ".tar.gz", ".tgz"))


def iterate_archive(path: Path, on_other: Callable[[str], None]) -> Iterator[PackedPicture]:
    """Yield the pictures of a .zip, .tar or .tar.gz, in any folders.

    A picture of a .zip is read when its `read` is called; one of a .tar before it is yielded,
    because a packed .tar can only be read from front to back.

    Parameters
    ----------
    path : Path
        The archive.
    on_other : callable
        Called with the name of each entry that has not the ending of a picture.

    Yields
    ------
    PackedPicture
        In the order of the archive, with its folders in its name. Hidden files are left out.
        `read` raises an ImageError for an entry that is a link, leads out of its folder, is too
        large or grows like a zip bomb.

    Raises
    ------
    DatasetError
        The archive cannot be opened, is damaged, or has too many entries; the rest is not read.
    """
    iterate = _iterate_zip if path.suffix.lower() == ".zip" else _iterate_tar
    try:
        yield from iterate(path, on_other)
    except OSError as error:
        raise DatasetError(
            f"{path.name} could not be read ({error.strerror or error}): check that it is "
            "complete, and that you have permission to read it.",
            path=path,
        ) from error


def _iterate_zip(path: Path, on_other: Callable[[str], None]) -> Iterator[PackedPicture]:
    file = path.open("rb")
    try:
        archive = open_archive(file, EXPECTED_UNSORTED, MAX_ENTRIES)
    except BaseException:
        file.close()
        raise
    # Pictures may be read after the last was yielded: the file is closed with the last of them.
    weakref.finalize(archive, file.close)
    infos = archive.infolist()
    if sum(info.compress_size for info in infos) > file.seek(0, 2):
        raise DatasetError(
            f"{path.name} was not read, because its entries claim to be larger than the file: it "
            "may be a zip bomb.",
            path=path,
        )
    names = map(to_slashes, decode_names(infos)[0])
    for info, name in zip(infos, names, strict=True):
        if name.endswith("/") or _is_hidden(name):
            continue
        if not has_image_suffix(Path(name)):
            on_other(name)
            continue
        problem = find_entry_problem(info, name)
        if problem or info.file_size > DEFAULT_LIMITS.max_file_bytes:
            yield _refuse_later(name, problem, info.file_size)
        else:
            yield PackedPicture(name, functools.partial(_read_zipped, archive, info, name))


def _read_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    try:
        # zipfile yields no more bytes than the entry's header says, which was checked.
        return archive.read(info)
    except (*ZIP_ERRORS, OSError) as error:
        raise _make_damaged(name) from error


def _iterate_tar(path: Path, on_other: Callable[[str], None]) -> Iterator[PackedPicture]:
    is_packed = path.suffix.lower() in (".gz", ".tgz")
    with path.open("rb") as file:
        content = gzip.GzipFile(fileobj=file) if is_packed else file
        try:
            with tarfile.TarFile(fileobj=cast("IO[bytes]", _Bounded(content))) as archive:
                yield from _iterate_members(archive, on_other)
        except _TAR_ERRORS as error:
            raise DatasetError(
                f"{path.name} is damaged or not a .tar, so that the rest of it was not read: "
                "create it again.",
                path=path,
            ) from error


def _iterate_members(
    archive: tarfile.TarFile, on_other: Callable[[str], None]
) -> Iterator[PackedPicture]:
    while (member := archive.next()) is not None:
        # tarfile would keep every header: 100 MB of 100,000.
        archive.members.clear()  # type: ignore[attr-defined]
        name = member.name
        if member.isdir() or _is_hidden(name):
            continue
        if not has_image_suffix(Path(name)):
            on_other(name)
            continue
        problem = find_name_problem(name)
        if member.issym() or member.islnk():
            problem = "is a link"
        elif not member.isreg():
            problem = "is a device, not a file"
        if problem or member.size > DEFAULT_LIMITS.max_file_bytes:
            yield _refuse_later(name, problem, member.size)
            continue
        packed = archive.extractfile(member)
        data = packed.read() if packed else b""
        if len(data) < member.size:
            raise EOFError(name)
        yield PackedPicture(name, functools.partial(bytes, data))


class _Bounded:
    """A file that refuses to read more at once than a picture may have.

    tarfile reads an extended header in one go, whatever size it claims to have.
    """

    def __init__(self, file: BinaryIO | gzip.GzipFile) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= DEFAULT_LIMITS.max_file_bytes:
            raise ValueError(f"{size} bytes are too many")
        return self._file.read(size)


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part == "__MACOSX" or (part[:1] == "." and part != "..") for part in parts)


def _refuse_later(name: str, problem: str | None, n_bytes: int) -> PackedPicture:
    """Return an entry that cannot be read: it is not allowed, or else too large."""

    def refuse() -> NoReturn:
        file_name = PurePosixPath(name).name
        if problem is None:
            check_file_bytes(n_bytes, file_name, DEFAULT_LIMITS)
        raise ImageError(
            f"{file_name} was not read, because its entry in the archive {problem}.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        )

    return PackedPicture(name, refuse)


def _make_damaged(name: str) -> ImageError:
    return ImageError(
        f"{PurePosixPath(name).name} is damaged in the archive: create the archive again.",
        path=name,
        reason=ImageProblem.UNREADABLE,
    )
