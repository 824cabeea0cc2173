"""Any Pillow mode -> RGB uint8: alpha, palettes, CMYK, LAB, 16 and 32 bits a pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIXTEEN_BITS = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_ROWS_AT_ONCE = 8  # of the reduced picture
_UINT16_PER_UINT8 = 257  # 65535 / 255


def to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Convert a loaded picture.

    Parameters
    ----------
    image : Image.Image
        In any mode that the accepted formats can have. 16-bit grey is taken to use its
        whole range, 0 to 65535. Grey of 32 bits, whole or floating, has no range of its
        own and is scaled from its least to its greatest finite value.

    Returns
    -------
    ndarray
        uint8, axes (height, width, 3), C-contiguous. What was transparent is black,
        as an empty sky is.
    """
    if image.mode in _SIXTEEN_BITS:
        return _grey_to_rgb(_from_16_bits(np.asarray(image)))
    if image.mode in ("I", "F"):
        return _grey_to_rgb(_from_any_range(np.asarray(image)))
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        image = _on_black(image)
    # A copy: what NumPy makes of a Pillow picture may be read-only.
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def reduce_to_rgb(image: Image.Image, reduction: tuple[int, int]) -> Image.Image:
    """Convert a large picture a few rows at a time, averaging blocks of so many pixels in x and y.

    What `to_rgb` and then a reduction would give, without a second picture of full size.
    """
    if image.mode in ("I", "F"):  # which take their range from the whole picture
        image = Image.fromarray(to_rgb(image))
    (width, height), (factor_x, factor_y) = image.size, reduction
    reduced = Image.new("RGB", (-(-width // factor_x), -(-height // factor_y)))
    step = _ROWS_AT_ONCE * factor_y
    for top in range(0, height, step):
        rows = image.crop((0, top, width, min(top + step, height)))
        reduced.paste(Image.fromarray(to_rgb(rows)).reduce(reduction), (0, top // factor_y))
    if width % factor_x or height % factor_y:  # the last blocks are cut, and stand for less
        box = (0, 0, width / factor_x, height / factor_y)
        reduced = reduced.resize(reduced.size, Image.Resampling.BILINEAR, box=box)
    return reduced


def _on_black(image: Image.Image) -> Image.Image:
    # Pillow converts premultiplied modes only to their plain twins.
    if image.mode == "La":
        image = image.convert("LA")
    rgba = image.convert("RGBA")
    black = Image.new("RGB", rgba.size)
    black.paste(rgba, mask=rgba.getchannel("A"))
    return black


def _from_16_bits(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    # Pillow's own convert("L") clips at 255, and a night sky comes out white.
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
