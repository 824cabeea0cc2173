"""Decode the first frame of a SER video, which planetary cameras record.

Format: SER version 3, Grischa Hahn and Heiko Wilkens (2014).
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.astronomy.fits_rendering import render
from cluster_core.images.limits import ImageLimits, check_pixels, wait_if_large
from cluster_core.images.losses import MAX_LOSS, note_loss
from cluster_core.images.stretch import FitsStretch

_HEADER = struct.Struct("<14s7i")
_HEADER_BYTES = 178
_MONO, _RGB, _BGR = 0, 100, 101
_MOSAICS = {8: "RGGB", 9: "GRBG", 10: "GBRG", 11: "BGGR"}
_MAX_BITS = 16
_MAX_FRAMES, _MAX_TRIES = 2**31, 64
_MUCH = 2.0  # by this factor a byte order must be smoother than the one of the flag
_TRIED_PIXELS = 1_000_000
_APART = 2  # columns between compared pixels: the next ones of a mosaic have other colours


def decode_ser(
    data: bytes,
    name: str,
    *,
    stretch: FitsStretch,
    limits: ImageLimits,
    min_side_px: int | None = None,
) -> NDArray[np.uint8]:
    """Decode the first frame of a SER video that is not blank.

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
    if min(width, height, n_frames + 1) < 1 or not 1 <= bits <= _MAX_BITS:
        raise _damaged(name)
    check_pixels(width, height, name, limits)
    if colour not in {_MONO, _RGB, _BGR, *_MOSAICS}:
        raise ImageError(
            f"{name} is a SER video with colours of kind {colour}, which cannot be read: save a "
            "frame as FITS, TIFF or PNG.",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        )
    n_values = width * height * (3 if colour in (_RGB, _BGR) else 1)
    dtype = np.dtype(np.uint8 if bits <= 8 else ">u2" if is_big_endian else "<u2")  # noqa: PLR2004  bits of a byte
    frame_bytes = n_values * dtype.itemsize
    # A recording that was broken off counts 0 frames.
    n_whole = min(n_frames or _MAX_FRAMES, (len(data) - _HEADER_BYTES) // frame_bytes)
    with wait_if_large(width * height):
        frame = _find_frame(data, dtype, n_values, n_whole)
        if frame is None:
            raise _damaged(name)
        planes = frame.reshape(height, width, -1).transpose(2, 0, 1)
        planes = _in_true_order(planes[::-1] if colour == _BGR else planes)
        mosaic = _MOSAICS.get(colour, "")
        return render(planes, stretch, mosaic=mosaic, min_side_px=min_side_px)


def _find_frame(
    data: bytes, dtype: np.dtype[Any], n_values: int, n_whole: int
) -> NDArray[np.generic] | None:
    """Return the values of the first frame that is not blank, else of the first; None if cut."""
    if not n_whole:
        frame_bytes = n_values * dtype.itemsize
        loss = 1 - (len(data) - _HEADER_BYTES) / frame_bytes
        if loss > MAX_LOSS:
            return None
        note_loss(loss)
        return np.frombuffer(data[_HEADER_BYTES:].ljust(frame_bytes, b"\0"), dtype, n_values)
    frames = [
        np.frombuffer(data, dtype, n_values, _HEADER_BYTES + index * n_values * dtype.itemsize)
        for index in range(min(n_whole, _MAX_TRIES))
    ]
    return next((frame for frame in frames if (frame != frame[0]).any()), frames[0])


def _in_true_order(planes: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return numbers of 16 bits in the byte order in which neighbours are alike.

    The flag of the byte order means one thing in the format's description and the opposite in
    most programs. In the wrong order, the noisy lower byte counts as the higher one.
    """
    if planes.dtype.itemsize == 1 or planes.shape[2] <= _APART:
        return planes
    other = planes.view(planes.dtype.newbyteorder())
    return other if _MUCH * _roughness(other) < _roughness(planes) else planes


def _roughness(planes: NDArray[np.generic]) -> float:
    """Return the mean difference of neighbours in units of the values' spread."""
    step = math.isqrt(planes[0].size // _TRIED_PIXELS) + 1
    rows = planes[:, ::step].astype(np.float32)
    spread = float(rows.std())
    steps = rows[..., _APART:] - rows[..., :-_APART]
    return float(np.abs(steps).mean()) / spread if spread else np.inf


def _damaged(name: str) -> ImageError:
    return ImageError(
        f"{name} is a damaged or incomplete SER video: get a new copy of the file.",
        path=name,
        reason=ImageProblem.UNREADABLE,
    )
