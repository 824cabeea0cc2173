"""Decode the first picture of an XISF file, the format of PixInsight."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.astronomy.fits_mosaic import PATTERNS
from cluster_core.images.astronomy.fits_rendering import render
from cluster_core.images.astronomy.xisf_headers import (
    UnsupportedXisfError,
    XisfPicture,
    read_xisf_header,
)
from cluster_core.images.limits import ImageLimits, check_pixels, wait_if_large
from cluster_core.images.losses import MAX_LOSS, note_loss
from cluster_core.images.missing import mask_missing
from cluster_core.images.stretch import FitsStretch

_RGB = 3


def decode_xisf(
    data: bytes,
    name: str,
    *,
    stretch: FitsStretch,
    limits: ImageLimits,
    min_side_px: int | None = None,
) -> NDArray[np.uint8]:
    """Decode the first picture of an XISF file, uncompressed or compressed by zlib.

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
    try:
        picture = read_xisf_header(data)
        check_pixels(picture.width, picture.height, name, limits)
        _check_bytes(picture, name, limits)
        with wait_if_large(picture.width * picture.height):
            planes = mask_missing(_read_planes(_read_block(data, picture), picture))
            mosaic = picture.mosaic if picture.mosaic in PATTERNS else ""
            return render(planes, stretch, mosaic=mosaic, min_side_px=min_side_px)
    except UnsupportedXisfError as error:
        raise ImageError(
            f"{name} is an XISF picture with {error}, which cannot be read: save it as FITS, "
            "or as XISF uncompressed or with zlib compression.",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        ) from error
    except (ValueError, zlib.error) as error:
        raise ImageError(
            f"{name} is a damaged or incomplete XISF picture: get a new copy of the file.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        ) from error


def _n_bytes(picture: XisfPicture) -> int:
    n_values = picture.width * picture.height * picture.n_channels
    return n_values * np.dtype(picture.dtype).itemsize


def _check_bytes(picture: XisfPicture, name: str, limits: ImageLimits) -> None:
    if _n_bytes(picture) > limits.max_unpacked_bytes:
        raise ImageError(
            f"{name} unpacks to more than {limits.max_unpacked_bytes / 1e6:,.0f} MB: crop or "
            "shrink the picture and try again.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        )


def _read_block(data: bytes, picture: XisfPicture) -> bytes:
    n_bytes = _n_bytes(picture)
    block = data[picture.offset : picture.offset + picture.n_bytes]
    if picture.codec:
        block = zlib.decompressobj().decompress(block, n_bytes + 1)
    elif picture.n_bytes == n_bytes and 0 < (loss := 1 - len(block) / n_bytes) <= MAX_LOSS:
        note_loss(loss)
        block = block.ljust(n_bytes, b"\0")
    if len(block) != n_bytes:
        raise ValueError(f"{len(block)} bytes instead of {n_bytes}")
    if picture.codec.endswith("+sh"):
        item = np.dtype(picture.dtype).itemsize
        return np.frombuffer(block, np.uint8).reshape(item, -1).T.tobytes()
    return block


def _read_planes(block: bytes, picture: XisfPicture) -> NDArray[np.generic]:
    values = np.frombuffer(block, picture.dtype)
    height, width, n_channels = picture.height, picture.width, picture.n_channels
    if picture.is_planar:
        planes = values.reshape(n_channels, height, width)
    else:
        planes = values.reshape(height, width, n_channels).transpose(2, 0, 1)
    return planes[: _RGB if picture.is_rgb else 1]
