"""Read and decode picture files of any accepted kind."""

from __future__ import annotations

import importlib
import stat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.frames import RasterOptions
from cluster_core.images.limits import DEFAULT_LIMITS, ImageLimits, check_file_bytes
from cluster_core.images.raster.decoding import decode_raster
from cluster_core.images.sniffing import is_fits, raster_format
from cluster_core.images.stretch import DEFAULT_STRETCH, FitsStretch

# Decoders of measured brightness instead of grey levels, imported only if they are needed.
_MEASURED = {
    "FITS": ("cluster_core.images.astronomy.fits", "decode_fits"),
    "XISF": ("cluster_core.images.astronomy.xisf", "decode_xisf"),
    "SER": ("cluster_core.images.astronomy.ser", "decode_ser"),
}


def read_bytes(
    path: Path, limits: ImageLimits = DEFAULT_LIMITS, *, name: str | None = None
) -> bytes:
    """Read a whole file, up to a size limit.

    Parameters
    ----------
    path : Path
        The file.
    limits : ImageLimits
        The largest file that is read.
    name : str, optional
        Name to show in messages. Default: the file name without its folder.

    Raises
    ------
    ImageError
        With reason TOO_LARGE, or UNREADABLE if the file is missing, not readable or not a
        regular file.
    """
    name = name or path.name
    try:
        status = path.stat()
        check_file_bytes(status.st_size, name, limits)
        # Reading a pipe or a device could block forever.
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(
                f"{name} is not an ordinary file: choose a picture file.",
                path=name,
                reason=ImageProblem.UNREADABLE,
            )
        data = path.read_bytes()
        check_file_bytes(len(data), name, limits)  # it may have grown since
        return data
    except OSError as error:
        raise ImageError(
            f"{name} could not be opened ({error.strerror or error}): check that it still exists "
            "and that you have permission to read it.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        ) from error


def decode_image(  # noqa: PLR0913  independent options, all keyword-only
    data: bytes,
    name: str,
    *,
    limits: ImageLimits = DEFAULT_LIMITS,
    stretch: FitsStretch = DEFAULT_STRETCH,
    min_side_px: int | None = None,
    deep_by_type: bool = False,
) -> NDArray[np.uint8]:
    """Decode a JPEG, PNG, WebP, TIFF, BMP, GIF or FITS picture.

    Parameters
    ----------
    data : bytes
        Content of the file, which alone decides its kind.
    name : str
        Name of the file, for messages only.
    limits : ImageLimits
        The largest file and picture that are read.
    stretch : FitsStretch
        How measured brightness is mapped to grey levels: FITS, XISF, SER, and PNG and TIFF
        of more than 8 bits that do not use the range of their number type.
    min_side_px : int, optional
        Side of the square that the caller will shrink the picture to. JPEGs are then decoded
        at a reduced size, which is faster, and pictures of more than 12 megapixels in less
        memory, but never below twice this side.
    deep_by_type : bool
        Whether more than 8 bits are always scaled by the range of their number type, as in
        version 0.1, whose models need it.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3), C-contiguous: upright, channels in the order red,
        green, blue, transparent pixels black or white.

    Raises
    ------
    ImageError
        The file is not a picture, too large, or damaged.
    """
    check_file_bytes(len(data), name, limits)
    if not data:
        raise ImageError(
            f"{name} is empty (0 bytes): save or download it again.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        )
    kind = "FITS" if is_fits(data) else raster_format(data)
    if kind in _MEASURED:
        module, function = _MEASURED[kind]
        decode = getattr(importlib.import_module(module), function)
        measured: NDArray[np.uint8] = decode(
            data, name, stretch=stretch, limits=limits, min_side_px=min_side_px
        )
        return measured
    options = RasterOptions(limits, min_side_px, None if deep_by_type else stretch)
    return decode_raster(data, kind, name, options)


def read_image(
    path: Path,
    *,
    limits: ImageLimits = DEFAULT_LIMITS,
    stretch: FitsStretch = DEFAULT_STRETCH,
    min_side_px: int | None = None,
) -> NDArray[np.uint8]:
    """Read and decode a picture file.

    Parameters
    ----------
    path : Path
        The file.
    limits, stretch, min_side_px
        See `decode_image`.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3); see `decode_image`.

    Raises
    ------
    ImageError
        The file cannot be read, or is not a picture, too large, or damaged.
    """
    return decode_image(
        read_bytes(path, limits),
        path.name,
        limits=limits,
        stretch=stretch,
        min_side_px=min_side_px,
    )
