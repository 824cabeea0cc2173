"""Decode JPEG, PNG, WebP, TIFF, BMP and GIF pictures to RGB uint8 with Pillow."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import (
    Image,
    TiffImagePlugin,
    WebPImagePlugin,  # noqa: F401  registers WebP, else Pillow imports all fifty formats to find it
)

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.library_warnings import silence_library_warnings
from cluster_core.images.limits import ImageLimits, check_pixels, find_reduction, wait_if_large
from cluster_core.images.pixels import reduce_to_rgb, to_rgb
from cluster_core.images.sniffing import ACCEPTED, describe_other, raster_format

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")
# The JPEG reader also opens MPO, in which some phones store several pictures.

_ORIENTATION_TAG = 0x0112
_TIFF_TILE_TAGS = (322, 323)  # width, height
_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Raised by Pillow's readers on damaged files; found by tests that flip bytes and truncate files.
_PILLOW_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
)


def decode_raster(
    data: bytes, name: str, *, limits: ImageLimits, min_side_px: int | None = None
) -> NDArray[np.uint8]:
    """Decode a picture other than FITS; the first one if the file holds several.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Name of the file, for messages.
    limits : ImageLimits
        The largest picture that is decoded.
    min_side_px : int, optional
        Side of the square that the caller will shrink the picture to. A JPEG is then decoded
        at a half, a quarter or an eighth of its size, and pictures of more than 12 megapixels
        are reduced during conversion, but never below twice this side.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3), C-contiguous, rotated according to EXIF.

    Raises
    ------
    ImageError
        With reason UNSUPPORTED for other kinds of file, TOO_LARGE, or UNREADABLE for a
        damaged file.
    """
    if raster_format(data) is None:
        raise _unsupported(data, name)
    silence_library_warnings()
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _check_header(image, name, limits)
            if min_side_px is not None:
                image.draft(None, (2 * min_side_px, 2 * min_side_px))
            with wait_if_large(image.width * image.height):
                try:
                    return _convert(image, min_side_px)
                finally:
                    image.close()  # frees the memory before the next large picture starts
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"{name} is far above the limit of {limits.max_pixels / 1e6:,.0f} megapixels: shrink "
            "the picture and try again.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        ) from error
    except _PILLOW_ERRORS as error:
        raise ImageError(
            f"{name} is a damaged or incomplete {raster_format(data)} picture: open it in a "
            "picture viewer and save it again, or get a new copy.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        ) from error


def _check_header(image: Image.Image, name: str, limits: ImageLimits) -> None:
    check_pixels(*image.size, name, limits)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        # A tile may be larger than its picture, and whole tiles are allocated.
        width, height = (image.tag_v2.get(tag, 0) for tag in _TIFF_TILE_TAGS)
        if isinstance(width, int) and isinstance(height, int):
            check_pixels(width, height, name, limits)


def _convert(image: Image.Image, min_side_px: int | None) -> NDArray[np.uint8]:
    image.load()
    reduction = find_reduction(*image.size, min_side_px)
    if reduction == (1, 1):
        return to_rgb(_turn_upright(image, image))
    return np.array(_turn_upright(reduce_to_rgb(image, reduction), image))


def _turn_upright(image: Image.Image, loaded: Image.Image) -> Image.Image:
    """Rotate `image` by the EXIF orientation of `loaded`; Pillow rotates a TIFF while loading."""
    try:
        turn = _TURN.get(loaded.getexif().get(_ORIENTATION_TAG, 1))
    except (SyntaxError, ValueError, struct.error):
        return image  # a damaged EXIF block is no reason to refuse good pixels
    return image if turn is None else image.transpose(turn)


def _unsupported(data: bytes, name: str) -> ImageError:
    found = describe_other(data)
    is_what = f"is {found}" if found else "is of an unknown kind"
    return ImageError(
        f"{name} {is_what}, but only {ACCEPTED} can be read: save it as one of these, "
        "for example as PNG.",
        path=name,
        reason=ImageProblem.UNSUPPORTED,
    )
