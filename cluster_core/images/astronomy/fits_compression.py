"""Unpack FITS files compressed by gzip or bzip2, up to a limit."""

from __future__ import annotations

import bz2
import gzip
import io
import zlib

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.limits import ImageLimits
from cluster_core.images.sniffing import BZIP2_MAGIC, FITS_MAGIC, GZIP_MAGIC

_KINDS = {GZIP_MAGIC: "gzip", BZIP2_MAGIC: "bzip2"}
_BYTES_PER_STEP = 2**20
_BZIP2_SLOWNESS = 4  # compared with gzip; a file must not take many seconds


def unpack(data: bytes, name: str, limits: ImageLimits) -> bytes:
    """Unpack a FITS file compressed by gzip or bzip2, or return other data unchanged.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Name of the file, for messages.
    limits : ImageLimits
        How many bytes are unpacked at most; a quarter of that from bzip2, which is slow.

    Raises
    ------
    ImageError
        With reason UNREADABLE if the archive is damaged, UNSUPPORTED if they are not
        FITS, or TOO_LARGE.
    """
    kind = next((kind for magic, kind in _KINDS.items() if data.startswith(magic)), None)
    if kind is None:
        return data
    max_bytes = limits.max_unpacked_bytes // (1 if kind == "gzip" else _BZIP2_SLOWNESS)
    try:
        unpacked = _unpack_members(data, kind, len(FITS_MAGIC))
        if unpacked == FITS_MAGIC:
            unpacked = _unpack_members(data, kind, max_bytes + 1)
    except (OSError, zlib.error) as error:
        raise _damaged(name, kind) from error
    if not unpacked:
        raise _damaged(name, kind)
    if not unpacked.startswith(FITS_MAGIC):
        raise ImageError(
            f"{name} is a {kind} archive without a FITS file: unpack it and choose the picture "
            "inside.",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        )
    if len(unpacked) > max_bytes:
        raise ImageError(
            f"{name} unpacks to more than {max_bytes / 1e6:,.0f} MB: crop or "
            "shrink the picture and try again.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        )
    return unpacked


def _unpack_members(data: bytes, kind: str, max_bytes: int) -> bytes:
    """Unpack a file of one member or several, or as much as there is of a file that is cut off."""
    parts: list[bytes] = []
    file, n_left = io.BytesIO(data), max_bytes
    with gzip.open(file) if kind == "gzip" else bz2.open(file) as stream:
        try:
            while n_left > 0 and (part := stream.read1(min(n_left, _BYTES_PER_STEP))):
                parts.append(part)
                n_left -= len(part)
        except EOFError:
            pass  # how much of the picture is lost decides
    return b"".join(parts)


def _damaged(name: str, kind: str) -> ImageError:
    return ImageError(
        f"{name} is a damaged or incomplete {kind} archive: get a new copy of the file.",
        path=name,
        reason=ImageProblem.UNREADABLE,
    )
