"""Find pixels without a measurement, and pictures without anything in them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_ROWS_PER_STEP = 64
_TRIED_PIXELS = 1_000_000
_MIN_BORDER = 0.0005  # of the pixels; a few dead ones do not matter
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
    step = math.isqrt(planes[0].size // _TRIED_PIXELS) + 1
    thinned = planes[:, ::step, ::step]
    border = _trace_border(thinned)
    n_border, n_zeros = np.count_nonzero(border), np.count_nonzero((thinned == 0).all(axis=0))
    n_others = border.size - n_border
    is_narrow = _MIN_BORDER * border.size < n_border <= _MAX_BORDER * border.size
    if not is_narrow or n_zeros - n_border > _MAX_INNER_ZEROS * n_others:
        return None
    sky = thinned[0][~border]
    sky = sky[np.isfinite(sky)].astype(np.float64)
    if sky.size == 0 or sky.min() == sky.max():
        return None
    darkest, median = np.percentile(sky, (2.0, 50.0))
    if darkest <= max(0.0, _MIN_GAP * (median - darkest)):
        return None
    return border if step == 1 else _trace_border(planes)


def _trace_border(planes: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Find the zeros of all planes from which only zeros lead to an edge."""
    known = (planes != 0).any(axis=0)
    border = np.zeros_like(known)
    for measured, found in ((known, border), (known.T, border.T)):
        n = measured.shape[1]
        holds_any = measured.any(axis=1)
        first = np.where(holds_any, measured.argmax(axis=1), n)
        last = n - 1 - measured[:, ::-1].argmax(axis=1)
        position = np.arange(n)
        outside = (position < first[:, np.newaxis]) | (position > last[:, np.newaxis])
        np.logical_or(found, outside, out=found)
    return border
