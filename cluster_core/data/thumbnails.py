"""Small JPEGs of pictures, kept by content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cluster_core.data.cache_file import CacheFile
from cluster_core.errors import ImageError

SIDE_PX = 160


class ThumbnailCache:
    """Thumbnails in the workspace's SQLite file."""

    def __init__(self, cache_file: CacheFile) -> None:
        self._file = cache_file

    def get(self, path: Path, side_px: int = SIDE_PX) -> bytes:
        """Return a picture as JPEG, its longer side at most `side_px`.

        Raises
        ------
        ImageError
            It cannot be read.
        """
        raise NotImplementedError

    def get_many(self, paths: Sequence[Path], side_px: int = SIDE_PX) -> list[bytes | ImageError]:
        """Return a thumbnail for each picture, or why there is none, on all cores."""
        raise NotImplementedError
