"""Decode the first frame of a SER video, which planetary cameras record.

Format: SER version 3, Grischa Hahn and Heiko Wilkens (2014).
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.astronomy.fits_rendering import render
from cluster_core.images.limits import ImageLimits, check_pixels, wait_if_large
from cluster_core.images.stretch import FitsStretch

_HEADER = struct.Struct("<14s7i")
_HEADER_BYTES = 178
_MONO, _RGB, _BGR = 0, 100, 101
_MOSAICS = {8: "RGGB", 9: "GRBG", 10: "GBRG", 11: "BGGR"}
_MAX_BITS = 16


def decode_ser(
    data: bytes,
    name: str,
    *,
    stretch: FitsStretch,
    limits: ImageLimits,
    min_side_px: int | None = None,
) -> NDArray[np.uint8]:
    """Decode the first frame of a SER video.

    Parameters
    ----------
    data, name, stretch, limits, min_side_px
        See `decode_fits`.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3), C-contiguous.

    Raises
    ------
    ImageError
        With reason TOO_LARGE, UNSUPPORTED, or UNREADABLE for a damaged file.
    """
    if len(data) < _HEADER_BYTES:
        raise _damaged(name)
    _, _, colour, is_big_endian, width, height, bits, n_frames = _HEADER.unpack_from(data)
    if min(width, height, n_frames) < 1 or not 1 <= bits <= _MAX_BITS:
        raise _damaged(name)
    check_pixels(width, height, name, limits)
    if colour not in {_MONO, _RGB, _BGR, *_MOSAICS}:
        raise ImageError(
            f"{name} is a SER video with colours of kind {colour}, which cannot be read: save a "
            "frame as FITS, TIFF or PNG.",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        )
    n_planes = 3 if colour in (_RGB, _BGR) else 1
    # The flag is called little-endian, but programs have always written the opposite.
    dtype = np.dtype(np.uint8 if bits <= 8 else ">u2" if is_big_endian else "<u2")  # noqa: PLR2004  bits of a byte
    if len(data) < _HEADER_BYTES + width * height * n_planes * dtype.itemsize:
        raise _damaged(name)
    with wait_if_large(width * height):
        frame = np.frombuffer(data, dtype, width * height * n_planes, _HEADER_BYTES)
        planes = frame.reshape(height, width, n_planes).transpose(2, 0, 1)
        if colour == _BGR:
            planes = planes[::-1]
        mosaic = _MOSAICS.get(colour, "")
        return render(planes, stretch, mosaic=mosaic, min_side_px=min_side_px)


def _damaged(name: str) -> ImageError:
    return ImageError(
        f"{name} is a damaged or incomplete SER video: get a new copy of the file.",
        path=name,
        reason=ImageProblem.UNREADABLE,
    )
