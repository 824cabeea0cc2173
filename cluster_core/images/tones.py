"""Bring pictures of more than 8 bits to 8: photographs as they are, measurements like FITS.

Cameras and telescopes store counts of 10 to 14 bits in 16, or as floating point. By the range
of their number type, these are black. A photograph that was developed uses that range.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cluster_core.images.missing import mask_missing
from cluster_core.images.stretch import FitsStretch, apply_stretch

SIXTEEN_BITS = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_MAX_UINT16 = 65535.0
_ROWS_PER_STEP = 64
# Brighter values are not found in raw data of 14 bits. Of 304 photos of star clusters, even the
# darkest has 0.16 % of its values there; hot pixels are fewer than the share that is ignored.
_BRIGHT = 0.25
_IGNORED_SHARE = 0.001


def is_photograph(
    blocks: Iterable[NDArray[Any]], n_values: int, full_range: tuple[float, float] | None
) -> bool:
    """Tell whether a picture uses the range of its number type, as developed photographs do.

    Parameters
    ----------
    blocks : iterable of ndarray
        The colour values of the picture in parts of any shape, all of one dtype.
    n_values : int
        How many they are together.
    full_range : tuple of (float, float) or None
        The values that mean black and white by the number type; None if it has no such range.

    Returns
    -------
    bool
        Whether more than 0.1 % of the values are above a quarter of the range, and of
        floating-point values no more than 0.1 % out of the range. This is the same white
        value, exceeded by 0.1 % of the values, that `FitsStretch` uses by default.
    """
    if full_range is None:
        return False
    black, white = full_range
    quarter, n_ignored = black + _BRIGHT * (white - black), _IGNORED_SHARE * n_values
    n_bright = n_outside = 0
    for values in blocks:
        n_bright += int(np.count_nonzero(values > quarter))
        if values.dtype.kind == "f":
            n_outside += int(np.count_nonzero((values < black) | (values > white)))
        elif n_bright > n_ignored:
            return True  # without a look at the rest
    return n_bright > n_ignored >= n_outside


def show_measured(
    planes: NDArray[np.generic], stretch: FitsStretch, no_data: float | None = None
) -> NDArray[np.uint8]:
    """Map measured brightness to grey levels as if it came from a FITS file.

    Parameters
    ----------
    planes : ndarray
        Numbers of any dtype, shape (planes, height, width).
    stretch : FitsStretch
        How brightness is mapped to grey levels.
    no_data : float, optional
        The value of pixels without a measurement, if the file declares it.

    Returns
    -------
    ndarray
        uint8, the shape of `planes`.
    """
    return apply_stretch(mask_missing(planes, declared=no_data), stretch)


def to_eight_bits(image: Image.Image, stretch: FitsStretch) -> Image.Image:
    """Show a grey picture of 16 bits like FITS, unless it is a photograph.

    Parameters
    ----------
    image : Image.Image
        Loaded, in any mode.
    stretch : FitsStretch
        How measured brightness is mapped to grey levels.

    Returns
    -------
    Image.Image
        Mode L; `image` itself if it is a photograph, or has another mode.
    """
    if image.mode not in SIXTEEN_BITS:
        return image
    values = np.asarray(image)
    rows = (values[top : top + _ROWS_PER_STEP] for top in range(0, len(values), _ROWS_PER_STEP))
    if is_photograph(rows, values.size, (0.0, _MAX_UINT16)):
        return image
    return Image.fromarray(show_measured(values[np.newaxis], stretch)[0])
