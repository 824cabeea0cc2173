"""The way in: a file or its bytes -> RGB uint8, whatever kind of picture it is."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.fits import decode_fits
from cluster_core.images.limits import DEFAULT_LIMITS, ImageLimits, check_file_bytes
from cluster_core.images.raster import decode_raster
from cluster_core.images.sniffing import is_fits
from cluster_core.images.stretch import DEFAULT_STRETCH, FitsStretch


def read_bytes(
    path: Path, limits: ImageLimits = DEFAULT_LIMITS, *, name: str | None = None
) -> bytes:
    """Read a whole file, if it is not larger than files may be.

    Parameters
    ----------
    path : Path
        The file.
    limits : ImageLimits
        What is too large.
    name : str, optional
        What to call it in messages. Left out: its name without its folder.

    Raises
    ------
    ImageError
        TOO_LARGE, or UNREADABLE where the file is missing, locked or no plain file.
    """
    name = name or path.name
    try:
        status = path.stat()
        check_file_bytes(status.st_size, name, limits)
        # A pipe or a device would be waited for, perhaps for ever.
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(
                f"{name} is not a file that can be read: choose a picture file.",
                path=name,
                reason=ImageProblem.UNREADABLE,
            )
        return path.read_bytes()
    except OSError as error:
        raise ImageError(
            f"{name} could not be opened ({error.strerror or error}): check that it is still "
            "there and that you may read it.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        ) from error


def decode_image(
    data: bytes,
    name: str,
    *,
    limits: ImageLimits = DEFAULT_LIMITS,
    stretch: FitsStretch = DEFAULT_STRETCH,
    min_side_px: int | None = None,
) -> NDArray[np.uint8]:
    """Decode a JPEG, PNG, WebP, TIFF, BMP, GIF or FITS picture.

    Parameters
    ----------
    data : bytes
        The file. Its content decides what it is.
    name : str
        Its name, for messages only.
    limits : ImageLimits
        What is too large.
    stretch : FitsStretch
        How the brightness of FITS becomes grey levels; other formats ignore it.
    min_side_px : int, optional
        Side of the square that the picture will be shrunk to. It lets a JPEG be decoded at a
        reduced size, faster, and any picture of more than 12 megapixels in less memory, but
        never below twice this side.

    Returns
    -------
    ndarray
        uint8, axes (height, width, 3), C-contiguous: upright, colours in the order red,
        green, blue, transparent places black.

    Raises
    ------
    ImageError
        For anything that is no picture, too large, or damaged.
    """
    check_file_bytes(len(data), name, limits)
    if not data:
        raise ImageError(
            f"{name} is empty (0 bytes): fetch or save it again.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        )
    if is_fits(data):
        return decode_fits(data, name, stretch=stretch, limits=limits, min_side_px=min_side_px)
    return decode_raster(data, name, limits=limits, min_side_px=min_side_px)


def read_image(
    path: Path,
    *,
    limits: ImageLimits = DEFAULT_LIMITS,
    stretch: FitsStretch = DEFAULT_STRETCH,
    min_side_px: int | None = None,
) -> NDArray[np.uint8]:
    """Read and decode a picture file; see `decode_image`."""
    return decode_image(
        read_bytes(path, limits),
        path.name,
        limits=limits,
        stretch=stretch,
        min_side_px=min_side_px,
    )
