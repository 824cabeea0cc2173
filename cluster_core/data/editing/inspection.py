"""Check a picture before it is stored: content, file name, and duplicates in its class."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cluster_core.data.facts import PictureFacts, compute_facts
from cluster_core.data.labels import FORBIDDEN_CHARACTERS, is_device_name, is_invisible
from cluster_core.images import BZIP2_MAGIC, GZIP_MAGIC, has_image_suffix, raster_format

# File systems allow 255 bytes; this leaves room for a number or the suffix of a draft.
MAX_STEM_BYTES = 150
_SUFFIXES = {
    "JPEG": (".jpg", ".jpeg"),
    "PNG": (".png",),
    "WebP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "AVIF": (".avif",),
    "JPEG 2000": (".jp2", ".j2k", ".jpx"),
    "HEIC": (".heic", ".heif"),
    "FITS": (".fits", ".fit", ".fts", ".fz"),
    "gzipped FITS": (".fits.gz", ".fit.gz", ".fts.gz"),
    "bzip2 FITS": (".fits.bz2", ".fit.bz2", ".fts.bz2"),
    "XISF": (".xisf",),
    "SER": (".ser",),
}


@dataclass(frozen=True)
class InspectedPicture:
    """A picture that was decoded in full.

    Attributes
    ----------
    file_name : str
        A safe name, with an ending that matches the content.
    n_bytes : int
        Size of the file.
    sha256 : str
        Hexadecimal hash of the file.
    facts : PictureFacts
        Its size in pixels and fine structure.
    """

    file_name: str
    n_bytes: int
    sha256: str
    facts: PictureFacts


def inspect_picture(file_name: str, data: bytes) -> InspectedPicture:
    """Decode a picture in full, and choose a safe file name for it.

    Parameters
    ----------
    file_name : str
        The name given by a visitor or a server.
    data : bytes
        Content of the file.

    Raises
    ------
    ImageError
        The file is not a picture, too large, or damaged.
    """
    facts = compute_facts(data, clean_file_name(file_name))
    sha256 = hashlib.sha256(data).hexdigest()
    return InspectedPicture(_make_file_name(file_name, data), len(data), sha256, facts)


def clean_file_name(file_name: str) -> str:
    """Return the last part of a path, without characters that disks or readers cannot handle.

    Returns
    -------
    str
        Not empty; "picture" if nothing remains.
    """
    last = unicodedata.normalize("NFC", file_name).replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    kept = "".join(
        "_" if character in FORBIDDEN_CHARACTERS else character
        for character in last
        if unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        and not is_invisible(character)
    )
    return kept.strip().lstrip(".").strip() or "picture"


class ClassContents:
    """The files of a class by size, to find duplicates without reading every file.

    Parameters
    ----------
    class_dir : Path
        The class folder. A missing folder counts as empty.
    """

    def __init__(self, class_dir: Path) -> None:
        self._unread: dict[int, list[Path]] = defaultdict(list)
        self._by_sha256: dict[str, Path] = {}
        if not class_dir.is_dir():
            return
        with os.scandir(class_dir) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False) and not entry.name.startswith("."):
                    size = entry.stat(follow_symlinks=False).st_size
                    self._unread[size].append(class_dir / entry.name)

    def find_same(self, picture: InspectedPicture) -> Path | None:
        """Return a file of the class with the same content, or None."""
        for path in tuple(self._unread.get(picture.n_bytes, ())):
            # Deleted or unreadable: no reason to refuse the new picture.
            with suppress(OSError):
                sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
                self._by_sha256.setdefault(sha256, path)
        # Only now, since another thread may ask for the same size.
        self._unread.pop(picture.n_bytes, None)
        return self._by_sha256.get(picture.sha256)

    def add(self, picture: InspectedPicture, path: Path) -> None:
        """Record a picture that has been, or will be, added to the class."""
        self._by_sha256[picture.sha256] = path


def _make_file_name(file_name: str, data: bytes) -> str:
    """Return a safe name whose ending matches the format of `data`."""
    name = clean_file_name(file_name)
    suffixes = _SUFFIXES[raster_format(data) or _fits_format(data)]
    suffix = next((name[-len(s) :] for s in suffixes if name.lower().endswith(s)), None)
    stem = _strip_image_suffix(name) if suffix is None else name[: -len(suffix)]
    stem = stem.encode()[:MAX_STEM_BYTES].decode(errors="ignore").rstrip(". ") or "picture"
    return (f"_{stem}" if is_device_name(stem) else stem) + (suffix or suffixes[0])


def _fits_format(data: bytes) -> str:
    if data.startswith(BZIP2_MAGIC):
        return "bzip2 FITS"
    return "gzipped FITS" if data.startswith(GZIP_MAGIC) else "FITS"


def _strip_image_suffix(name: str) -> str:
    path = Path(name)
    if not has_image_suffix(path):
        return name
    is_packed = path.suffix.lower() in (".gz", ".bz2")
    return path.with_suffix("").stem if is_packed else path.stem
