"""Turn the mosaic of a colour camera (a Bayer pattern) into red, green and blue."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cluster_core.images.astronomy.fits_cards import read_number, read_text
from cluster_core.images.limits import LARGE_PIXELS

# Capture programs differ in the keyword, but not in the four letters.
_KEYWORDS = ("BAYERPAT", "COLORTYP", "CFATYPE", "CFAPAT", "CFA")
PATTERNS = frozenset({"RGGB", "BGGR", "GRBG", "GBRG"})
_MAX_GAIN = 8.0
_MEDIAN_STEP = 3  # odd, so that a regular subsample meets all rows and columns of a pattern


def find_pattern(header: Any, height: int) -> str:
    """Return the colours of the first 2 x 2 pixels that a FITS file stores.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Header of the picture.
    height : int
        Height of the picture in pixels.

    Returns
    -------
    str
        Such as "RGGB": the first two pixels of the first row in the file, then those of the
        second row. Empty if the header declares no mosaic.
    """
    declared = (read_text(header, keyword).upper() for keyword in _KEYWORDS)
    pattern = next((text for text in declared if text in PATTERNS), "")
    if not pattern:
        return ""
    right = int(read_number(header, "XBAYROFF", 0.0))
    down = int(read_number(header, "YBAYROFF", 0.0))
    if read_text(header, "ROWORDER").upper() == "BOTTOM-UP":
        down += height - 1  # the pattern starts at the top row, which the file stores last
    return "".join(
        pattern[2 * ((row + down) % 2) + (column + right) % 2]
        for row in (0, 1)
        for column in (0, 1)
    )


def debayer(values: NDArray[np.generic], pattern: str) -> NDArray[np.float32]:
    """Interpolate the two colours that each pixel of a mosaic lacks, and balance the colours.

    Parameters
    ----------
    values : ndarray
        Numbers of any dtype, shape (height, width), at least 2 x 2.
    pattern : str
        See `find_pattern`.

    Returns
    -------
    ndarray
        float32, shape (3, height, width): red, green and blue, each scaled so that its median is
        that of green, because sensors see green best. More than 12 megapixels are
        returned at half the size, one pixel for each 2 x 2.
    """
    # Damaged pictures contain infinities, and NumPy would warn about each.
    with np.errstate(all="ignore"):
        large = values.size > LARGE_PIXELS
        planes = _join_cells(values, pattern) if large else _interpolate(values, pattern)
        red, green, blue = (_median(plane) for plane in planes)
        for colour, median in ((0, red), (2, blue)):
            gain = green / median if median > 0 else 0.0
            if 1 / _MAX_GAIN < gain < _MAX_GAIN:
                planes[colour] *= np.float32(gain)
    return planes


def _join_cells(values: NDArray[np.generic], pattern: str) -> NDArray[np.float32]:
    height, width = (side // 2 for side in values.shape)
    planes = np.zeros((3, height, width), np.float32)
    for cell, letter in enumerate(pattern):
        corner = values[cell // 2 :: 2, cell % 2 :: 2][:height, :width]
        planes["RGB".index(letter)] += corner.astype(np.float32) / pattern.count(letter)
    return planes


def _interpolate(values: NDArray[np.generic], pattern: str) -> NDArray[np.float32]:
    """Average the known neighbours by a bilinear kernel, which also closes gaps of one pixel."""
    numbers = values.astype(np.float32)
    finite = np.isfinite(numbers)
    planes = np.empty((3, *values.shape), np.float32)
    for letter, plane in zip("RGB", planes, strict=True):
        known = np.zeros(values.shape, bool)
        for cell, found in enumerate(pattern):
            if found == letter:
                known[cell // 2 :: 2, cell % 2 :: 2] = True
        known &= finite
        weight = _blur(known.astype(np.float32))
        np.divide(_blur(np.where(known, numbers, np.float32(0.0))), weight, out=plane)
    return planes


def _blur(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convolve with [1, 2, 1] along both axes."""
    padded = np.pad(values, 1)
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    return rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]


def _median(plane: NDArray[np.float32]) -> float:
    thinned = plane[::_MEDIAN_STEP, ::_MEDIAN_STEP]
    finite = thinned[np.isfinite(thinned)]
    return float(np.median(finite)) if finite.size else 0.0
