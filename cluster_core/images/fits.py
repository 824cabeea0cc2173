"""Decode FITS pictures to RGB uint8 with astropy."""

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
# Without HCOMPRESS_1: on damaged tiles, astropy's decoder crashes the whole process, for example
# by a division by zero, which cannot be caught. PLIO_1 is for masks.
_COMPRESSIONS = frozenset({"", "RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "NOCOMPRESS"})

# Raised by astropy on damaged pictures, besides two errors of its own; found by flipping bytes.
_ASTROPY_ERRORS = (OSError, EOFError, ValueError, TypeError, LookupError, zlib.error)


@dataclass(frozen=True)
class FitsPicture:
    """A part (HDU) of a FITS file that holds a picture, or a cube of pictures.

    Attributes
    ----------
    hdu : int
        Index of the part in the file, from 0.
    name : str
        Its EXTNAME, often empty.
    height, width : int
        Size in pixels.
    planes : int
        Number of planes of this size; 1 if it is not a cube. Three planes are shown as
        red, green and blue, unless a single one is requested.
    cards : mapping of str to str
        Object, exposure and so on, from the header of the part or else from the first
        header of the file; see `read_cards`.
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


def list_fits_pictures(
    data: bytes, name: str, *, limits: ImageLimits = DEFAULT_LIMITS
) -> tuple[FitsPicture, ...]:
    """List the pictures in a FITS file, from its headers alone.

    Parameters
    ----------
    data : bytes
        Content of the file, plain or gzipped.
    name : str
        Name of the file, for messages.
    limits : ImageLimits
        The largest file that is unpacked.

    Returns
    -------
    tuple of FitsPicture
        In the order of the file; empty if there is no picture.

    Raises
    ------
    ImageError
        The file cannot be read as FITS, or unpacks to more than the limit.
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


def decode_fits(  # noqa: PLR0913  independent options, all keyword-only
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
        Content of the file.
    name : str
        Name of the file, for messages.
    hdu : int, optional
        Index of the part, from 0. Default: the first part that holds a picture.
    plane : int, optional
        Index of the plane of a cube, from 0. Default: three planes as red, green and blue,
        and the first plane of any other cube.
    stretch : FitsStretch
        How brightness is mapped to grey levels.
    limits : ImageLimits
        The largest picture that is read.
    min_side_px : int, optional
        Side of the square that the caller will shrink the picture to. Pictures of more than
        12 megapixels are then reduced, but never below twice this side.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3), C-contiguous. FITS stores the bottom row first; the
        rows are reversed, so that the picture looks as it does in viewers.

    Raises
    ------
    ImageError
        With reason NO_PICTURE, TOO_LARGE, UNSUPPORTED or UNREADABLE.
    """
    silence_library_warnings()
    unpacked = unpack_gzip(data, name, limits)
    part = _choose_part(unpacked, name, hdu)
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
    """Return grey levels, shape (planes, height, width), the top row first."""
    if not np.isfinite(planes).any():
        raise ImageError(
            f"{name} contains a picture without a single valid pixel: choose another file.",
            path=name,
            reason=ImageProblem.NO_PICTURE,
        )
    return apply_stretch(planes, stretch)[:, ::-1]


def _choose_part(data: bytes, name: str, hdu: int | None) -> FitsPart:
    """Return the requested part, or the first one with a picture."""
    has_table = False
    for part in walk_parts(data, name):
        if part.holds_picture and hdu in (None, part.index):
            return part
        has_table = has_table or part.is_table
    if hdu is not None:
        message = f"{name} has no picture in part {hdu}: choose another part."
    elif has_table:
        message = f"{name} contains a table but no picture: choose a FITS file with a picture."
    else:
        message = f"{name} contains no picture: choose a FITS file with a picture."
    raise ImageError(message, path=name, reason=ImageProblem.NO_PICTURE)


def _check_part(part: FitsPart, n_bytes: int, name: str, limits: ImageLimits) -> None:
    height, width = part.shape[-2:]
    check_pixels(width, height, name, limits)
    if part.compression not in _COMPRESSIONS:
        raise ImageError(
            f"{name} uses {part.compression} compression, which cannot be read safely: save it "
            "uncompressed (funpack) or with Rice compression (fpack).",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        )
    if part.tile_shape is not None:
        # Tiles are unpacked whole, and may be many planes deep.
        check_pixels(width, height * math.prod(part.tile_shape[:-2]), name, limits)
    if part.end > n_bytes:
        raise ImageError(
            f"{name} is incomplete: it has {n_bytes:,} of {part.end:,} bytes. Get a new copy of "
            "the file.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        )


def _read_planes(data: bytes, part: FitsPart, name: str, plane: int | None) -> NDArray[np.generic]:
    """Return the values to show, shape (planes, height, width), one plane or three."""
    if plane is None:
        chosen = range(_COLOUR_PLANES if part.n_planes == _COLOUR_PLANES else 1)
    elif 0 <= plane < part.n_planes:
        chosen = range(plane, plane + 1)
    else:
        raise ImageError(
            f"{name} has no plane {plane}: choose one from 0 to {part.n_planes - 1}.",
            path=name,
            reason=ImageProblem.NO_PICTURE,
        )
    from astropy.io import fits
    from astropy.io.fits.hdu.compressed._compression import CfitsioException  # not public

    try:
        return _read_with_astropy(data, part, chosen)
    except (*_ASTROPY_ERRORS, fits.VerifyError, CfitsioException) as error:
        raise ImageError(
            f"{name} contains a damaged picture: get a new copy of the file.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        ) from error


def _read_with_astropy(data: bytes, part: FitsPart, chosen: range) -> NDArray[np.generic]:
    from astropy.io import fits

    # astropy gets nothing beyond the part, because the rest was not checked. The last block is
    # padded, because some writers forget to.
    end = part.end + -part.end % _BLOCK_BYTES
    whole = data[:end].ljust(end, b"\0")
    if part.tile_shape is not None:
        with fits.open(io.BytesIO(whole), memmap=False, disable_image_compression=True) as hdus:
            table = hdus[part.index]
            if not isinstance(table, fits.BinTableHDU):
                raise TypeError(f"part {part.index} is not a table of tiles")
            check_gzipped_tiles(table, part)
    with fits.open(io.BytesIO(whole), memmap=False) as hdus:
        hdu = hdus[part.index]
        # A header that astropy reads differently was not checked.
        is_picture = isinstance(hdu, fits.PrimaryHDU | fits.ImageHDU | fits.CompImageHDU)
        if not is_picture or tuple(hdu.shape) != part.shape:
            raise TypeError(f"part {part.index} is a {type(hdu).__name__}")
        indices = [np.unravel_index(plane, part.shape[:-2]) for plane in chosen]
        planes = [hdu.section[(*index, ...)] for index in indices]
        return np.stack(planes) if len(planes) > 1 else planes[0][np.newaxis]
