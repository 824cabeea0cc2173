"""FITS -> RGB uint8, with astropy: which part holds the picture, and what is in it."""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.fits_gzip import unpack_gzip
from cluster_core.images.fits_headers import FitsPart, walk_parts
from cluster_core.images.fits_tiles import check_gzipped_tiles
from cluster_core.images.library_warnings import silence_library_warnings
from cluster_core.images.limits import (
    DEFAULT_LIMITS,
    ImageLimits,
    check_pixels,
    find_reduction,
    wait_if_large,
)
from cluster_core.images.pixels import reduce_to_rgb
from cluster_core.images.stretch import DEFAULT_STRETCH, FitsStretch, apply_stretch

_BLOCK_BYTES = 2880
_COLOUR_PLANES = 3
# HCOMPRESS_1 is left out: on damaged tiles astropy's decoder ends the whole process, with a
# division by zero or worse, and no error can be caught. PLIO_1 is for masks.
_COMPRESSIONS = frozenset({"", "RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "NOCOMPRESS"})

# What astropy raises on damaged pictures, with two errors of its own; found by flipping bytes.
_ASTROPY_ERRORS = (OSError, EOFError, ValueError, TypeError, LookupError, zlib.error)


@dataclass(frozen=True)
class FitsPicture:
    """One part of a FITS file that holds a picture, or a cube of pictures.

    Attributes
    ----------
    hdu : int
        Its place in the file, from 0.
    name : str
        The name it has in the file, often empty.
    height, width : int
        Size in pixels.
    planes : int
        How many pictures of this size lie one behind another; 1 if it is no cube. Three
        are shown as red, green and blue, unless one of them is asked for.
    cards : mapping of str to str
        What its header says of object, exposure and so on; what it leaves out, the file's
        first header may say.
    value_type : str
        How a pixel is stored, in words.
    """

    hdu: int
    name: str
    height: int
    width: int
    planes: int
    cards: Mapping[str, str] = field(default_factory=dict)
    value_type: str = ""


def list_planes(
    data: bytes, name: str, *, limits: ImageLimits = DEFAULT_LIMITS
) -> tuple[FitsPicture, ...]:
    """List what can be chosen to be shown of a FITS file; empty if there is no picture.

    Raises
    ------
    ImageError
        If it cannot be read as FITS.
    """
    silence_library_warnings()
    parts = list(walk_parts(unpack_gzip(data, name, limits), name))
    return tuple(
        FitsPicture(
            hdu=part.index,
            name=part.name,
            height=part.shape[-2],
            width=part.shape[-1],
            planes=part.n_planes,
            cards={**parts[0].cards, **part.cards},
            value_type=part.value_type,
        )
        for part in parts
        if part.holds_picture
    )


def decode_fits(
    data: bytes,
    name: str,
    *,
    hdu: int | None = None,
    plane: int | None = None,
    stretch: FitsStretch = DEFAULT_STRETCH,
    limits: ImageLimits = DEFAULT_LIMITS,
    min_side_px: int | None = None,
) -> NDArray[np.uint8]:
    """Decode one picture of a FITS file, plain, gzipped or tile-compressed.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        Its name, for messages.
    hdu : int, optional
        The part of the file, from 0. Left out: the first one that holds a picture.
    plane : int, optional
        The plane of a cube, from 0. Left out: three planes are red, green and blue, and of
        any other cube the first one is taken.
    stretch : FitsStretch
        How brightness becomes grey levels.
    limits : ImageLimits
        What is too large.
    min_side_px : int, optional
        Side of the square that it will be shrunk to; large pictures are reduced.

    Returns
    -------
    ndarray
        uint8, axes (height, width, 3), C-contiguous. FITS counts its rows from the bottom,
        so they are reversed: the picture looks as it does in viewers.

    Raises
    ------
    ImageError
        NO_PICTURE, TOO_LARGE or UNREADABLE.
    """
    silence_library_warnings()
    unpacked = unpack_gzip(data, name, limits)
    part = _choose(unpacked, name, hdu)
    _check_part(part, len(unpacked), name, limits)
    height, width = part.shape[-2:]
    with wait_if_large(width * height):
        levels = _to_levels(_read_planes(unpacked, part, name, plane), name, stretch)
        reduction = find_reduction(width, height, min_side_px)
        if reduction != (1, 1):
            grey_or_rgb = levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0)
            return np.array(reduce_to_rgb(Image.fromarray(grey_or_rgb), reduction))
        if len(levels) == 1:
            levels = np.repeat(levels, _COLOUR_PLANES, axis=0)
        return np.ascontiguousarray(levels.transpose(1, 2, 0))


def _to_levels(planes: NDArray[np.generic], name: str, stretch: FitsStretch) -> NDArray[np.uint8]:
    """Return grey levels, the first row at the top."""
    if not np.isfinite(planes).any():
        raise ImageError(
            f"{name} holds a picture in which no pixel has a valid value: choose another file.",
            path=name,
            reason=ImageProblem.NO_PICTURE,
        )
    return apply_stretch(planes, stretch)[:, ::-1]


def _choose(data: bytes, name: str, hdu: int | None) -> FitsPart:
    """Return the part asked for, or the first with a picture."""
    has_table = False
    for part in walk_parts(data, name):
        if part.holds_picture and hdu in (None, part.index):
            return part
        has_table = has_table or part.is_table
    if hdu is not None:
        message = f"{name} has no picture in its part {hdu}: choose another part."
    elif has_table:
        message = f"{name} holds a table and no picture: choose a FITS file with a picture in it."
    else:
        message = f"{name} holds no picture: choose a FITS file with a picture in it."
    raise ImageError(message, path=name, reason=ImageProblem.NO_PICTURE)


def _check_part(part: FitsPart, n_bytes: int, name: str, limits: ImageLimits) -> None:
    height, width = part.shape[-2:]
    check_pixels(width, height, name, limits)
    if part.compression not in _COMPRESSIONS:
        raise ImageError(
            f"{name} is compressed with {part.compression}, which cannot be read safely: save it "
            "uncompressed or with Rice compression (funpack, fpack).",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        )
    if part.tile_shape is not None:
        # Whole tiles are unpacked, and they may be many planes deep.
        check_pixels(width, height * math.prod(part.tile_shape[:-2]), name, limits)
    if part.end > n_bytes:
        raise ImageError(
            f"{name} is cut short: its header promises {part.end:,} bytes and it has {n_bytes:,}. "
            "Fetch a new copy of it.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        )


def _read_planes(data: bytes, part: FitsPart, name: str, plane: int | None) -> NDArray[np.generic]:
    """Return the values to be shown, axes (planes, height, width), one plane or three."""
    if plane is None:
        chosen = range(_COLOUR_PLANES if part.n_planes == _COLOUR_PLANES else 1)
    elif 0 <= plane < part.n_planes:
        chosen = range(plane, plane + 1)
    else:
        raise ImageError(
            f"{name} has {part.n_planes} planes, numbered from 0, and no plane {plane}: choose "
            "another one.",
            path=name,
            reason=ImageProblem.NO_PICTURE,
        )
    from astropy.io import fits
    from astropy.io.fits.hdu.compressed._compression import CfitsioException  # nowhere public

    try:
        return _read_with_astropy(data, part, chosen)
    except (*_ASTROPY_ERRORS, fits.VerifyError, CfitsioException) as error:
        raise ImageError(
            f"{name} holds a picture that is damaged: fetch a new copy of it.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        ) from error


def _read_with_astropy(data: bytes, part: FitsPart, chosen: range) -> NDArray[np.generic]:
    from astropy.io import fits

    # astropy is shown nothing behind the part: what follows was not checked.
    # Writers that forget to fill up the last block are common enough.
    end = part.end + -part.end % _BLOCK_BYTES
    whole = data[:end].ljust(end, b"\0")
    if part.tile_shape is not None:
        with fits.open(io.BytesIO(whole), memmap=False, disable_image_compression=True) as hdus:
            table = hdus[part.index]
            if not isinstance(table, fits.BinTableHDU):
                raise TypeError(f"part {part.index} is no table of tiles")
            check_gzipped_tiles(table, part)
    with fits.open(io.BytesIO(whole), memmap=False) as hdus:
        hdu = hdus[part.index]
        # A header that astropy understands otherwise than we did was not checked.
        is_picture = isinstance(hdu, fits.PrimaryHDU | fits.ImageHDU | fits.CompImageHDU)
        if not is_picture or tuple(hdu.shape) != part.shape:
            raise TypeError(f"part {part.index} is a {type(hdu).__name__}")
        places = [np.unravel_index(i, part.shape[:-2]) for i in chosen]
        planes = [hdu.section[(*place, ...)] for place in places]
        return np.stack(planes) if len(planes) > 1 else planes[0][np.newaxis]
