"""Gzipped FITS: undone no further than the limit."""

from __future__ import annotations

import gzip
import io
import zlib

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.limits import ImageLimits
from cluster_core.images.sniffing import FITS_MAGIC, GZIP_MAGIC


def unpack_gzip(data: bytes, name: str, limits: ImageLimits) -> bytes:
    """Undo gzip, if there is any, no further than the limit."""
    if not data.startswith(GZIP_MAGIC):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            unpacked = stream.read(len(FITS_MAGIC))
            if unpacked == FITS_MAGIC:
                stream.seek(0)
                unpacked = stream.read(limits.max_unpacked_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ImageError(
            f"{name} is a gzip archive that is damaged or cut short: fetch a new copy of it.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        ) from error
    if not unpacked.startswith(FITS_MAGIC):
        raise ImageError(
            f"{name} is a gzip archive of something that is not FITS: unpack it and choose the "
            "picture inside.",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        )
    if len(unpacked) > limits.max_unpacked_bytes:
        raise ImageError(
            f"{name} unpacks to more than the {limits.max_unpacked_bytes / 1e6:,.0f} MB allowed: "
            "cut out or shrink the picture and try again.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        )
    return unpacked
