"""Find pixels without a measurement, and pictures without anything in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROWS_PER_STEP = 64
_MAX_BORDER = 0.25  # of the pixels; a larger black area is a background, not a border
_MAX_INNER_ZEROS = 0.01  # of the other pixels; photon counts are zero almost everywhere
_MIN_GAP = 3.0  # from zero to the darkest sky, in units of the width of the sky's lower half


def mask_missing(planes: NDArray[np.generic], lowest: float | None = None) -> NDArray[np.generic]:
    """Set pixels to NaN that hold a filler instead of a measurement.

    Parameters
    ----------
    planes : ndarray
        Numbers of any dtype, shape (planes, height, width).
    lowest : float, optional
        What a stored -32768 means, the usual filler of 16-bit files whose header does not
        declare one. It counts as missing if all other values are far above it.

    Returns
    -------
    ndarray
        The same array if no pixel is missing, otherwise a copy as floating point. Zeros that
        run from an edge inwards are missing in all planes if the sky does not reach down to
        zero: programs that align or rotate pictures fill the borders with them.
    """
    with np.errstate(all="ignore"):
        missing = _find_lowest(planes, lowest)
        border = _find_border(planes)
    if border is not None:
        missing = border if missing is None else missing | border
    if missing is None:
        return planes
    numbers = planes.astype(np.result_type(planes.dtype, np.float32))
    numbers[np.broadcast_to(missing, planes.shape)] = np.nan
    return numbers


def holds_something(planes: NDArray[np.generic]) -> bool:
    """Tell whether an array, shape (planes, height, width), has two different finite values."""
    seen: set[float] = set()
    for plane in planes:
        for top in range(0, len(plane), _ROWS_PER_STEP):
            rows = plane[top : top + _ROWS_PER_STEP]
            finite = rows[np.isfinite(rows)]
            if finite.size:
                seen |= {float(finite.min()), float(finite.max())}
            if len(seen) > 1:
                return True
    return False


def _find_lowest(planes: NDArray[np.generic], lowest: float | None) -> NDArray[np.bool_] | None:
    if planes.dtype.kind == "u" or not lowest:
        return None
    found = planes == (lowest if planes.dtype.kind == "f" else int(lowest))
    if not found.any() or found.all():
        return None
    others = planes[~found]
    others = others[np.isfinite(others)]
    is_far = others.size > 0 and float(others.min()) - lowest > abs(lowest) / 4
    return found if is_far else None


def _find_border(planes: NDArray[np.generic]) -> NDArray[np.bool_] | None:
    """Return the pixels of a zero border, shape (height, width), or None."""
    if planes[:, :: planes.shape[1] - 1, :: planes.shape[2] - 1].all():
        return None  # such borders cover a corner
    zero = (planes == 0).all(axis=0)
    border = np.zeros_like(zero)
    for axis in (0, 1):
        border |= np.logical_and.accumulate(zero, axis=axis)
        border |= np.flip(np.logical_and.accumulate(np.flip(zero, axis), axis=axis), axis)
    n_border = np.count_nonzero(border)
    n_others = zero.size - n_border
    n_inner = np.count_nonzero(zero) - n_border
    if not 0 < n_border <= _MAX_BORDER * zero.size or n_inner > _MAX_INNER_ZEROS * n_others:
        return None
    sky = planes[0][~border]
    sky = sky[np.isfinite(sky)].astype(np.float64)
    if sky.size == 0 or sky.min() == sky.max():
        return None
    darkest, median = np.percentile(sky, (2.0, 50.0))
    return border if darkest > max(0.0, _MIN_GAP * (median - darkest)) else None
