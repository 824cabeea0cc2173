"""Reduce a picture to what its copies share, whatever their size, format or compression."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

# Part of the cache key. Since version 2 cache entries have a checksum; since 3, blank pictures
# are refused and measurements of more than 8 bits are shown like FITS; since 4, they end with
# the share of the picture that is missing.
FINGERPRINT_VERSION = 4
SIDE_PX = 32


def compute_fingerprint(pixels: np.ndarray) -> bytes:
    """Reduce a picture to its fine structure.

    The picture is shrunk to 32 x 32 grey pixels, its own blur by one pixel is
    subtracted, and the rest is scaled to a maximum of 127. Two different globular
    clusters are both a bright blob on black, but their stars are in different
    positions, and only those remain.

    Parameters
    ----------
    pixels : ndarray of uint8, (height, width, 3)
        The picture.

    Returns
    -------
    bytes
        1024 signed bytes, row by row; all zero for a picture without structure.
    """
    grey = Image.fromarray(pixels).convert("L")
    # A box filter takes the mean of each block, which averages out JPEG noise.
    small = grey.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(1))
    detail = np.asarray(small, np.float32) - np.asarray(blurred, np.float32)
    detail -= detail.mean()
    peak = float(np.abs(detail).max())
    if peak < 1:
        return bytes(SIDE_PX * SIDE_PX)
    return np.rint(detail * (127 / peak)).astype(np.int8).tobytes()
