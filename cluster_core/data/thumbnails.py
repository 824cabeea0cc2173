"""Thumbnails of pictures, cached by content."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from cluster_core.errors import ImageError
from cluster_core.images import decode_image, read_bytes
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.checksums import seal, unseal
from cluster_core.storage.file_hashes import FileHashes, take_stamp
from cluster_core.storage.mapping import map_images

SIDE_PX = 160
# Increment when the same picture gives another thumbnail.
_VERSION = 2
_JPEG_QUALITY = 85

_CREATE = """CREATE TABLE IF NOT EXISTS thumbnails (
    sha256 TEXT, version INTEGER, side_px INTEGER, jpeg BLOB,
    PRIMARY KEY (version, side_px, sha256)) WITHOUT ROWID"""
_INSERT = "INSERT OR REPLACE INTO thumbnails VALUES (?, ?, ?, ?)"
_SELECT = "SELECT jpeg FROM thumbnails WHERE version = ? AND side_px = ? AND sha256 IN ({keys})"


class ThumbnailCache:
    """Cache of thumbnails, safe to use from several threads.

    Parameters
    ----------
    cache_file : CacheFile
        Where the thumbnails are stored.

    Raises
    ------
    RunError
        The cache file cannot be written. The methods raise it if it cannot be
        read or written.
    """

    def __init__(self, cache_file: CacheFile) -> None:
        self._file = cache_file
        self._hashes = FileHashes(cache_file)
        cache_file.create_table(_CREATE)

    def get(self, path: Path, side_px: int = SIDE_PX) -> bytes:
        """Return a JPEG thumbnail of a picture.

        Parameters
        ----------
        path : Path
            The picture, in any accepted format.
        side_px : int
            Maximum width and height. Smaller pictures are not enlarged.

        Raises
        ------
        ImageError
            The picture cannot be read.
        """
        stamp = take_stamp(path)
        sha256 = self._hashes.load([stamp]).get(stamp) if stamp else None
        data = None
        if sha256 is None:
            data = read_bytes(path)
            sha256 = hashlib.sha256(data).hexdigest()
            self._hashes.save([(stamp, sha256)] if stamp else [])
        for (sealed,) in self._file.read_in(_SELECT, [sha256], _VERSION, side_px):
            # Damaged thumbnails, and those of version 0.1 without a checksum, are drawn again.
            if known := unseal(sealed, sha256, side_px):
                return known
        jpeg = draw_thumbnail(read_bytes(path) if data is None else data, path.name, side_px)
        self._file.write_many(_INSERT, [(sha256, _VERSION, side_px, seal(jpeg, sha256, side_px))])
        return jpeg

    def get_many(self, paths: Sequence[Path], side_px: int = SIDE_PX) -> list[bytes | ImageError]:
        """Return the thumbnails of many pictures, made on all cores.

        Returns
        -------
        list of (bytes or ImageError)
            One per path, in order: the JPEG, or the reason why there is none.
        """

        def get(path: Path) -> bytes | ImageError:
            try:
                return self.get(path, side_px)
            except ImageError as error:
                return error

        return list(map_images(get, paths))


def draw_thumbnail(data: bytes, name: str, side_px: int = SIDE_PX) -> bytes:
    """Return a JPEG thumbnail of a picture.

    Parameters
    ----------
    data : bytes
        Content of the file, in any accepted format.
    name : str
        Name of the file, for messages.
    side_px : int
        Maximum width and height. Smaller pictures are not enlarged.

    Raises
    ------
    ImageError
        The picture cannot be read.
    """
    image = Image.fromarray(decode_image(data, name, min_side_px=side_px))
    image.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    image.save(target, "JPEG", quality=_JPEG_QUALITY)
    return target.getvalue()
