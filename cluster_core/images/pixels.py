"""Convert any Pillow mode to RGB uint8: alpha, palettes, CMYK, LAB, 16 and 32 bits per pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIXTEEN_BITS = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_ROWS_PER_STEP = 8  # of the reduced picture
_UINT16_PER_UINT8 = 257  # 65535 / 255


def to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Convert a loaded picture to RGB.

    Parameters
    ----------
    image : Image.Image
        In any mode of the accepted formats. 16-bit grey is assumed to use the whole range
        from 0 to 65535. 32-bit grey, integer or float, has no fixed range and is scaled
        from its smallest to its largest finite value.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3), C-contiguous, writeable. Transparent pixels are
        black, like an empty sky.
    """
    if image.mode in _SIXTEEN_BITS:
        return _grey_to_rgb(_from_16_bits(np.asarray(image)))
    if image.mode in ("I", "F"):
        return _grey_to_rgb(_from_any_range(np.asarray(image)))
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        image = _on_black(image)
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
    if image.mode in ("I", "F"):  # scaled by the range of the whole picture
        image = Image.fromarray(to_rgb(image))
    (width, height), (factor_x, factor_y) = image.size, reduction
    reduced = Image.new("RGB", (-(-width // factor_x), -(-height // factor_y)))
    step = _ROWS_PER_STEP * factor_y
    for top in range(0, height, step):
        rows = image.crop((0, top, width, min(top + step, height)))
        reduced.paste(Image.fromarray(to_rgb(rows)).reduce(reduction), (0, top // factor_y))
    if width % factor_x or height % factor_y:  # the last blocks are smaller and must weigh less
        box = (0, 0, width / factor_x, height / factor_y)
        reduced = reduced.resize(reduced.size, Image.Resampling.BILINEAR, box=box)
    return reduced


def _on_black(image: Image.Image) -> Image.Image:
    # Pillow converts a premultiplied mode only to its plain counterpart.
    if image.mode == "La":
        image = image.convert("LA")
    rgba = image.convert("RGBA")
    black = Image.new("RGB", rgba.size)
    black.paste(rgba, mask=rgba.getchannel("A"))
    return black


def _from_16_bits(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    # Pillow's convert("L") clips at 255, which turns a night sky white.
    rounded = (values.astype(np.uint32) + _UINT16_PER_UINT8 // 2) // _UINT16_PER_UINT8
    return rounded.astype(np.uint8)


def _from_any_range(values: NDArray[np.float32] | NDArray[np.int32]) -> NDArray[np.uint8]:
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low, high = float(values[finite].min()), float(values[finite].max())
    if low == high:
        return np.zeros(values.shape, np.uint8)
    scaled = (np.where(finite, values, low).astype(np.float64) - low) / (high - low)
    return np.rint(scaled * 255).astype(np.uint8)


def _grey_to_rgb(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
