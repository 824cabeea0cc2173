"""Decode TIFF files of all layouts that cameras, microscopes and telescopes write."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from cluster_core.images import refusals
from cluster_core.images.frames import Frame, RasterOptions
from cluster_core.images.losses import load_most
from cluster_core.images.pixels import find_range, scale_to_bytes
from cluster_core.images.sniffing import has_camera_raw_suffix
from cluster_core.images.stretch import FitsStretch
from cluster_core.images.tiff.headers import TiffPage, is_camera_raw, rank_pages, read_pages
from cluster_core.images.tiff.plain import view_plain, with_metadata
from cluster_core.images.tiff.raw_bytes import check_page
from cluster_core.images.tiff.samples import TiffSamples
from cluster_core.images.tiff.varieties import (
    FLOAT,
    RGB,
    SIGNED,
    WHITE_IS_ZERO,
    count_channels,
    describe,
    is_for_pillow,
    is_plain_colour,
    name_unsupported,
)
from cluster_core.images.tones import is_photograph, show_measured

_PREMULTIPLIED, _ALPHA = 1, 2
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_MODES_PREMULTIPLIED = {2: "La", 4: "RGBa"}
# More bits may hold measured brightness, and in version 0.1 had no range by their type.
_MAX_PLAIN_BITS, _MAX_RANGED_BITS = 8, 16


def list_pages(data: bytes, name: str, options: RasterOptions) -> Iterator[Frame]:
    """Check the pages of a TIFF file, one by one.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Name of the file, for messages.
    options : RasterOptions
        Limits, and how measured brightness is shown.

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
    for page in rank_pages(data, pages):
        check_page(page, name, options.limits)
        if variety := name_unsupported(page):
            raise refusals.unsupported_variety(name, variety)
        load = partial(_load, data, page, name, options.measured)
        n_pixels = page.width * page.height
        n_others = 0 if page.is_planar else n_pixels * (page.samples - 1)
        for channel in range(count_channels(page)):
            yield Frame(n_pixels, partial(load, channel), n_others)


def _load(
    data: bytes, page: TiffPage, name: str, measured: FitsStretch | None, channel: int
) -> Image.Image:
    if plain := view_plain(data, page):
        return plain
    if is_for_pillow(page):
        return _decode_with_pillow(data, page, name, measured)
    return _decode(data, page, measured, channel)


def _decode_with_pillow(
    data: bytes, page: TiffPage, name: str, measured: FitsStretch | None
) -> Image.Image:
    first = struct.pack(page.byte_order + ("Q" if page.is_big else "I"), page.offset)
    at = 8 if page.is_big else 4
    rest = at + len(first)
    alone = data if data[at:rest] == first else data[:at] + first + data[rest:]

    def reopen(_: int = 0) -> Image.Image:
        return Image.open(io.BytesIO(alone), formats=("TIFF",))

    try:
        image = load_most(reopen(), reopen)
    except UnidentifiedImageError as error:  # sound, as far as its directory says
        raise refusals.unsupported_variety(name, describe(page)) from error
    except TypeError as error:  # Pillow does not check the types of numbers in a directory
        raise ValueError("a tag has the wrong type") from error
    colours = page.colour_map
    if image.mode == "P" and colours is not None and colours.max() <= 255:  # noqa: PLR2004
        # Some programs write 8 bits where the format says 16, of which Pillow keeps the upper ones.
        image.putpalette(colours.astype(np.uint8).tobytes())
    if measured and page.bits[0] > _MAX_PLAIN_BITS and is_plain_colour(page):
        high_bytes = np.asarray(image)[..., :3]  # all that Pillow keeps
        if not is_photograph([high_bytes], high_bytes.size, (0.0, 255.0)):
            return _decode(data, page, measured)
    return image


def _decode(
    data: bytes, page: TiffPage, measured: FitsStretch | None, channel: int = 0
) -> Image.Image:
    n_colours = 3 if page.photometric == RGB else 1
    extra = page.extra_samples[:1]
    has_alpha = page.samples > n_colours and extra in ((_PREMULTIPLIED,), (_ALPHA,))
    channels = range(channel, channel + n_colours + has_alpha)
    samples = TiffSamples(data, page, channels)
    pixels = np.empty((page.height, page.width, n_colours + has_alpha), np.uint8)
    colours = pixels[..., :n_colours]
    scale = _find_scale(page, samples, n_colours, measured)
    if measured and scale is None:
        planes = _gather(page, samples, n_colours)
        colours[:] = show_measured(planes, measured, page.no_data).transpose(1, 2, 0)
    for top, values in samples.blocks() if scale or has_alpha else ():
        rows = slice(top, top + len(values))
        if scale is not None:
            colours[rows] = scale_to_bytes(values[..., :n_colours], *scale)
        alpha = scale_to_bytes(values[..., n_colours:], *_alpha_range(page))
        pixels[rows, :, n_colours:] = alpha
    if page.photometric == WHITE_IS_ZERO:
        np.subtract(255, pixels[..., 0], out=pixels[..., 0])
    modes = _MODES_PREMULTIPLIED if extra == (_PREMULTIPLIED,) and has_alpha else _MODES
    mode = modes[pixels.shape[2]]
    image = Image.frombytes(mode, (page.width, page.height), pixels.tobytes(), "raw", mode)
    return with_metadata(image, page)


def _find_scale(
    page: TiffPage, samples: TiffSamples, n_colours: int, measured: FitsStretch | None
) -> tuple[float, float] | None:
    """Return the values that become black and white; None for measured brightness."""
    bits, full_range = page.bits[0], _full_range(page)
    colours: Iterator[NDArray[np.generic]]
    colours = (values[..., :n_colours] for _, values in samples.blocks())
    if page.no_data is not None:
        colours = (values[values != page.no_data] for values in colours)
    if measured and bits > _MAX_PLAIN_BITS:
        n_values = page.width * page.height * n_colours
        return full_range if is_photograph(colours, n_values, full_range) else None
    has_range = page.sample_format != FLOAT and bits <= _MAX_RANGED_BITS
    return (full_range if has_range else None) or find_range(colours)


def _gather(page: TiffPage, samples: TiffSamples, n_colours: int) -> NDArray[np.generic]:
    """Return all colour values, shape (colours, height, width)."""
    planes = np.empty((n_colours, page.height, page.width), samples.dtype)
    for top, values in samples.blocks():
        planes[:, top : top + len(values)] = values[..., :n_colours].transpose(2, 0, 1)
    return planes


def _full_range(page: TiffPage) -> tuple[float, float] | None:
    """Return what black and white are by the number type; signed numbers have no such range."""
    if page.sample_format == SIGNED:
        return None
    return 0.0, 1.0 if page.sample_format == FLOAT else float(2 ** page.bits[0] - 1)


def _alpha_range(page: TiffPage) -> tuple[float, float]:
    if page.sample_format == FLOAT:
        return 0.0, 1.0
    return 0.0, float(2 ** (page.bits[0] - (page.sample_format == SIGNED)) - 1)
