"""Decode TIFF files of all layouts that cameras, microscopes and telescopes write."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import partial

import numpy as np
from PIL import Image, UnidentifiedImageError

from cluster_core.images import refusals
from cluster_core.images.frames import Frame
from cluster_core.images.limits import ImageLimits
from cluster_core.images.losses import load_most
from cluster_core.images.pixels import find_range, scale_to_bytes
from cluster_core.images.sniffing import has_camera_raw_suffix
from cluster_core.images.tiff.headers import TiffPage, is_camera_raw, read_pages
from cluster_core.images.tiff.raw_bytes import check_page
from cluster_core.images.tiff.samples import TiffSamples
from cluster_core.images.tiff.varieties import (
    FLOAT,
    RGB,
    SIGNED,
    WHITE_IS_ZERO,
    describe,
    is_for_pillow,
    name_unsupported,
)

_ORIENTATION = 274
_PREMULTIPLIED, _ALPHA = 1, 2
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_MODES_PREMULTIPLIED = {2: "La", 4: "RGBa"}
_MAX_RANGED_BITS = 16


def list_pages(data: bytes, name: str, limits: ImageLimits) -> Iterator[Frame]:
    """Check the pages of a TIFF file, one by one.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Name of the file, for messages.
    limits : ImageLimits
        The largest picture that is decoded.

    Yields
    ------
    Frame
        Ready to be loaded. Thumbnails and masks are left out, unless there is nothing else.

    Raises
    ------
    ImageError
        The file is a camera raw file, or a page is of a variety that cannot be read, or too
        large.
    ValueError
        A page is damaged.
    """
    pages = read_pages(data)
    # Old raw files hold a preview, and the sensor's data in tags that only their maker knows.
    if has_camera_raw_suffix(name) or is_camera_raw(data, pages):
        raise refusals.camera_raw(name)
    for page in [page for page in pages if not page.is_secondary] or pages:
        check_page(page, name, limits)
        if variety := name_unsupported(page):
            raise refusals.unsupported_variety(name, variety)
        decode = _decode_with_pillow if is_for_pillow(page) else _decode
        yield Frame(page.width * page.height, partial(decode, data, page, name))


def _decode_with_pillow(data: bytes, page: TiffPage, name: str) -> Image.Image:
    first = struct.pack(page.byte_order + ("Q" if page.is_big else "I"), page.offset)
    at = 8 if page.is_big else 4
    rest = at + len(first)
    alone = data if data[at:rest] == first else data[:at] + first + data[rest:]

    def reopen(_: int = 0) -> Image.Image:
        return Image.open(io.BytesIO(alone), formats=("TIFF",))

    try:
        return load_most(reopen(), reopen)
    except UnidentifiedImageError as error:  # sound, as far as its directory says
        raise refusals.unsupported_variety(name, describe(page)) from error
    except TypeError as error:  # Pillow does not check the types of numbers in a directory
        raise ValueError("a tag has the wrong type") from error


def _decode(data: bytes, page: TiffPage, _: str) -> Image.Image:
    n_colours = 3 if page.photometric == RGB else 1
    extra = page.extra_samples[:1]
    has_alpha = page.samples > n_colours and extra in ((_PREMULTIPLIED,), (_ALPHA,))
    samples = TiffSamples(data, page, n_colours + has_alpha)
    colours = (values[..., :n_colours] for _, values in samples.blocks())
    low, high = _full_range(page) or find_range(colours)
    pixels = np.empty((page.height, page.width, n_colours + has_alpha), np.uint8)
    for top, values in samples.blocks():
        rows = pixels[top : top + len(values)]
        rows[..., :n_colours] = scale_to_bytes(values[..., :n_colours], low, high)
        rows[..., n_colours:] = scale_to_bytes(values[..., n_colours:], *_alpha_range(page))
    if page.photometric == WHITE_IS_ZERO:
        np.subtract(255, pixels[..., 0], out=pixels[..., 0])
    modes = _MODES_PREMULTIPLIED if extra == (_PREMULTIPLIED,) and has_alpha else _MODES
    mode = modes[pixels.shape[2]]
    image = Image.frombytes(mode, (page.width, page.height), pixels.tobytes(), "raw", mode)
    image.info["icc_profile"] = page.icc_profile
    image.getexif()[_ORIENTATION] = page.first(_ORIENTATION, 1)
    return image


def _full_range(page: TiffPage) -> tuple[float, float] | None:
    """Return the range of unsigned numbers of up to 16 bits; others have none by their type."""
    bits = page.bits[0]
    if page.sample_format in (SIGNED, FLOAT) or bits > _MAX_RANGED_BITS:
        return None
    return 0.0, float(2**bits - 1)


def _alpha_range(page: TiffPage) -> tuple[float, float]:
    if page.sample_format == FLOAT:
        return 0.0, 1.0
    return 0.0, float(2 ** (page.bits[0] - (page.sample_format == SIGNED)) - 1)
