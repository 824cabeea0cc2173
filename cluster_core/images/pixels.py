"""Convert any Pillow mode to RGB uint8: alpha, palettes, CMYK, LAB, 16 and 32 bits per pixel."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cluster_core.images.tones import SIXTEEN_BITS
from cluster_core.images.transparency import choose_backdrop, has_alpha, lay_over

_ROWS_PER_STEP = 8  # of the reduced picture
_UINT16_PER_UINT8 = 257  # 65535 / 255


def to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Convert a loaded picture to RGB.

    Parameters
    ----------
    image : Image.Image
        In any mode of the accepted formats. 16-bit grey is assumed to use the whole range
        from 0 to 65535. 32-bit grey, integer or float, is scaled as by `find_range`.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3), C-contiguous, writeable. Transparent pixels are
        black, like an empty sky, or white if the drawing would be lost on black.
    """
    return _lay_over(image, choose_backdrop(image) if has_alpha(image) else None)


def _lay_over(image: Image.Image, backdrop: int | None) -> NDArray[np.uint8]:
    if image.mode in SIXTEEN_BITS:
        return _grey_to_rgb(_from_16_bits(np.asarray(image)))
    if image.mode in ("I", "F"):
        values = np.asarray(image)
        return _grey_to_rgb(scale_to_bytes(values, *find_range([values])))
    if has_alpha(image):
        image = lay_over(image, backdrop)
    # A copy, because NumPy's view of a Pillow image may be read-only.
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def reduce_to_rgb(image: Image.Image, reduction: tuple[int, int]) -> Image.Image:
    """Convert a large picture to RGB and reduce it, a few rows at a time.

    The result is the same as of `to_rgb` followed by a reduction, but without a second
    full-size picture in memory.

    Parameters
    ----------
    image : Image.Image
        As for `to_rgb`.
    reduction : tuple of (int, int)
        Width and height in pixels of the blocks that are averaged.

    Returns
    -------
    Image.Image
        Mode RGB, its size divided by `reduction` and rounded up.
    """
    backdrop = choose_backdrop(image) if has_alpha(image) else None
    if image.mode in ("I", "F"):  # scaled by the range of the whole picture
        image = Image.fromarray(to_rgb(image))
    (width, height), (factor_x, factor_y) = image.size, reduction
    reduced = Image.new("RGB", (-(-width // factor_x), -(-height // factor_y)))
    step = _ROWS_PER_STEP * factor_y
    for top in range(0, height, step):
        rows = image.crop((0, top, width, min(top + step, height)))
        reduced.paste(
            Image.fromarray(_lay_over(rows, backdrop)).reduce(reduction), (0, top // factor_y)
        )
    if width % factor_x or height % factor_y:  # the last blocks are smaller and must weigh less
        box = (0, 0, width / factor_x, height / factor_y)
        reduced = reduced.resize(reduced.size, Image.Resampling.BILINEAR, box=box)
    return reduced


def _from_16_bits(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    # Pillow's convert("L") clips at 255, which turns a night sky white.
    rounded = (values.astype(np.uint32) + _UINT16_PER_UINT8 // 2) // _UINT16_PER_UINT8
    return rounded.astype(np.uint8)


def find_range(blocks: Iterable[NDArray[np.generic]]) -> tuple[float, float]:
    """Return the values that become black and white, for data without a range of their type.

    Parameters
    ----------
    blocks : iterable of ndarray
        The parts of a picture, all integers or all floats, of any shapes.

    Returns
    -------
    tuple of (float, float)
        0 and 1 for floats within these, else the smallest and the largest finite value;
        0 and 0 if no value is finite.
    """
    low, high, is_float = np.inf, -np.inf, False
    for values in blocks:
        is_float |= values.dtype.kind == "f"
        finite = values if _all_finite(values) else values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        return 0.0, 0.0
    return (0.0, 1.0) if is_float and 0 <= low < high <= 1 else (low, high)


def scale_to_bytes(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.uint8]:
    """Scale values linearly to grey levels.

    Parameters
    ----------
    values : ndarray
        Integers or floats, any shape.
    low, high : float
        The values that become 0 and 255. If they are equal, everything becomes 0.

    Returns
    -------
    ndarray
        uint8, the shape of `values`. Values that are not finite become 0.
    """
    if not low < high:
        return np.zeros(values.shape, np.uint8)
    fits_float32 = values.dtype.itemsize <= (4 if values.dtype.kind == "f" else 2)
    precision = np.float32 if fits_float32 else np.float64
    with np.errstate(all="ignore"):
        levels = np.subtract(values, low, dtype=precision)
        levels *= 255 / (high - low)
        np.clip(levels, 0, 255, out=levels)
        if not _all_finite(values):
            levels[~np.isfinite(values)] = 0
        return np.rint(levels, out=levels).astype(np.uint8)


def _all_finite(values: NDArray[np.generic]) -> bool:
    """Tell whether all values are finite: a sum is not if one of them is not."""
    if values.dtype.kind != "f":
        return True
    with np.errstate(all="ignore"):
        return bool(np.isfinite(values.sum(dtype=np.float64)))


def _grey_to_rgb(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
