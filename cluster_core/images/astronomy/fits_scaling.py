"""Turn the numbers that an uncompressed FITS picture stores into those that they mean.

The results are those of astropy, which would make several copies of a large picture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cluster_core.images.astronomy.fits_headers import FitsPart
from cluster_core.images.astronomy.fits_pixel_cards import keep_pixel_cards
from cluster_core.images.planes import LazyPlanes, Planes

_STORED = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


def read_stored(data: bytes, part: FitsPart) -> tuple[NDArray[np.generic], Any]:
    """Return the numbers of a part as they are stored, without a copy, and its header.

    Parameters
    ----------
    data : bytes
        Content of the file, unpacked.
    part : FitsPart
        An uncompressed part that `check_part` has passed.

    Returns
    -------
    stored : ndarray
        A view of the data, in the shape of the part; a copy if the file ends early, with 0 for
        what it has lost.
    header : astropy.io.fits.Header
        The cards that say how they are scaled.

    Raises
    ------
    ValueError
        The part says that it is not standard FITS (SIMPLE = F).
    TypeError
        It is smaller than its shape.
    """
    from astropy.io import fits

    cards = keep_pixel_cards(data[part.start : part.data_start])
    header = fits.Header.fromstring(cards.decode("latin-1"))
    if not header.get("SIMPLE", True):
        raise ValueError("SIMPLE is not T")
    kept: bytearray | memoryview = memoryview(data)[part.data_start : part.end]
    if part.end > len(data):
        whole = bytearray(part.end - part.data_start)
        whole[: len(kept)] = kept
        kept = whole
    stored = np.ndarray(part.shape, _STORED[header["BITPIX"]], buffer=kept)
    return stored, header


def find_lost(data: bytes, part: FitsPart, stored: NDArray[np.generic]) -> NDArray[np.bool_] | None:
    """Return which numbers are lost because the file ends early, or None if it does not.

    Parameters
    ----------
    data, part
        As for `read_stored`.
    stored : ndarray
        Its result.

    Returns
    -------
    ndarray or None
        In the shape of the part.
    """
    if part.end <= len(data):
        return None
    n_kept = (len(data) - part.data_start) // stored.dtype.itemsize
    lost = np.zeros(stored.size, bool)  # a cube may have half a billion numbers
    lost[n_kept:] = True
    return lost.reshape(stored.shape)


def scale(stored: NDArray[np.generic], header: Any) -> Planes:
    """Return what stored numbers mean: BZERO + BSCALE x number, and NaN for BLANK.

    Parameters
    ----------
    stored : ndarray
        Shape (planes, height, width).
    header : astropy.io.fits.Header

    Returns
    -------
    ndarray or LazyPlanes
        The same array if nothing is scaled. Unsigned integers, which are stored with an offset,
        stay integers; others become float32, or float64 from 32 bits on.
    """
    factor, offset = header.get("BSCALE", 1), header.get("BZERO", 0)
    bits = 8 * stored.dtype.itemsize
    is_integer = stored.dtype.kind in "iu"
    blank = header.get("BLANK") if is_integer else None
    blank = blank if isinstance(blank, int) else None
    if factor == 1 and offset == 0 and blank is None:
        return stored
    if is_integer and bits > 8 and factor == 1 and offset == 1 << (bits - 1):  # noqa: PLR2004
        unsigned = np.dtype(f"u{bits // 8}")
        return LazyPlanes(stored, lambda part, _: part.astype(unsigned) + unsigned.type(offset))
    integers = np.dtype(np.float32 if bits <= 16 else np.float64)  # noqa: PLR2004
    dtype = integers if is_integer else stored.dtype

    def convert(part: NDArray[np.generic], _: object) -> NDArray[np.generic]:
        numbers: NDArray[Any] = part.astype(dtype)
        if factor != 1:
            numbers *= factor
        if offset != 0:
            numbers += offset
        if blank:  # astropy takes 0 for a measurement
            numbers[part == blank] = np.nan
        return numbers

    return LazyPlanes(stored, convert)
