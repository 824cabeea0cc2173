"""Decode all pictures except FITS to RGB uint8."""

from __future__ import annotations

import contextlib
import itertools
import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cluster_core.errors import ImageError
from cluster_core.images import refusals
from cluster_core.images.frames import Frame, RasterOptions, is_blank
from cluster_core.images.library_warnings import silence_library_warnings
from cluster_core.images.limits import find_reduction, wait_if_large
from cluster_core.images.losses import PILLOW_ERRORS
from cluster_core.images.pixels import reduce_to_rgb, to_rgb
from cluster_core.images.raster.colour_profiles import to_srgb
from cluster_core.images.raster.jpeg_varieties import name_unsupported_jpeg
from cluster_core.images.raster.pillow_files import PillowFile
from cluster_core.images.tones import to_eight_bits

_APPLE_CHUNK = b"CgBI"
_ORIENTATION_TAG = 0x0112
_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Of these pixels, an animation has those of all earlier frames for each, as it is decoded anew.
_MIN_TRIES, _MAX_TRIES, _MAX_TRIED_PIXELS = 3, 256, 64_000_000


def decode_raster(
    data: bytes, kind: str | None, name: str, options: RasterOptions
) -> NDArray[np.uint8]:
    """Decode a picture other than FITS; the first one if the file holds several.

    Parameters
    ----------
    data : bytes
        Content of the file.
    kind : str or None
        Its format, from `raster_format`.
    name : str
        Name of the file, for messages.
    options : RasterOptions
        Limits and so on.

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
    if kind is None:
        raise refusals.other_kind(data, name)
    silence_library_warnings()
    try:
        return _decode_first_picture(_list_frames(data, kind, name, options), options)
    except Image.DecompressionBombError as error:
        raise refusals.above_pillows_limit(name, options.limits) from error
    except PILLOW_ERRORS as error:
        variety = _name_unsupported(data, kind, error)
        raise (
            refusals.unsupported_variety(name, variety) if variety else refusals.damaged(name, kind)
        ) from error


def _name_unsupported(data: bytes, kind: str, error: Exception) -> str | None:
    """Name the variety of a sound file that Pillow cannot decode, or None if it is damaged."""
    if kind == "JPEG":
        return name_unsupported_jpeg(data)
    if kind == "PNG" and data[12:16] == _APPLE_CHUNK:
        return "a PNG packed for an iPhone app"
    if kind == "BMP" and str(error).startswith("Unsupported BMP"):
        return "a BMP with an unusual layout of colours"
    return None


def _decode_first_picture(frames: Iterator[Frame], options: RasterOptions) -> NDArray[np.uint8]:
    """Decode the first frame that is not blank; the very first if all are, or are damaged."""
    first = _decode_frame(next(frames), options)
    if not is_blank(first):
        return first
    n_pixels = 0
    with contextlib.suppress(ImageError, Image.DecompressionBombError, *PILLOW_ERRORS):
        for index, frame in enumerate(itertools.islice(frames, _MAX_TRIES)):
            n_pixels += frame.n_pixels + frame.n_others
            if index >= _MIN_TRIES and n_pixels > _MAX_TRIED_PIXELS:
                break
            pixels = _decode_frame(frame, options)
            if not is_blank(pixels):
                return pixels
    return first


def _decode_frame(frame: Frame, options: RasterOptions) -> NDArray[np.uint8]:
    with wait_if_large(frame.n_pixels):
        image = frame.load()
        try:
            return _convert(image, options)
        finally:
            image.close()  # frees the memory before the next large picture starts


def _list_frames(data: bytes, kind: str, name: str, options: RasterOptions) -> Iterator[Frame]:
    if kind == "TIFF":
        from cluster_core.images.tiff.decoding import list_pages  # not needed by most datasets

        yield from list_pages(data, name, options)
    elif kind == "HEIC":
        from cluster_core.images.raster.heif import open_heif

        yield open_heif(data, name, options.limits)
    else:
        yield from PillowFile(data, kind, name, options).frames()


def _convert(image: Image.Image, options: RasterOptions) -> NDArray[np.uint8]:
    shown = to_eight_bits(image, options.measured) if options.measured else image
    reduction = find_reduction(*image.size, options.min_side_px)
    if reduction == (1, 1):
        pixels = to_rgb(_turn_upright(shown, image))
    else:
        pixels = np.array(_turn_upright(reduce_to_rgb(shown, reduction), image))
    return to_srgb(pixels, image.info.get("icc_profile"))


def _turn_upright(image: Image.Image, loaded: Image.Image) -> Image.Image:
    """Rotate `image` by the EXIF orientation of `loaded`; Pillow rotates a TIFF while loading."""
    try:
        turn = _TURN.get(loaded.getexif().get(_ORIENTATION_TAG, 1))
    except (SyntaxError, ValueError, struct.error):
        return image  # a damaged EXIF block is no reason to refuse good pixels
    return image if turn is None else image.transpose(turn)
