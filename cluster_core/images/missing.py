"""Find pixels without a measurement, and pictures without anything in them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cluster_core.images.planes import Planes, list_strips, mask

_TRIED_PIXELS = 1_000_000
_MIN_BORDER = 0.0005  # of the pixels; a few dead ones do not matter
_MAX_BORDER = 0.25  # of the pixels; a larger black area is a background, not a border
_MAX_INNER_ZEROS = 0.01  # of the other pixels; photon counts are zero almost everywhere
_MIN_GAP = 3.0  # from zero to the darkest sky, in units of the width of the sky's lower half


def mask_missing(planes: Planes, lowest: float | None = None) -> Planes:
    """Set pixels to NaN that hold a filler instead of a measurement.

    Parameters
    ----------
    planes : ndarray or LazyPlanes
        Numbers of any dtype, shape (planes, height, width).
    lowest : float, optional
        What a stored -32768 means, the usual filler of 16-bit files whose header does not
        declare one. It counts as missing if all other values are far above it.

    Returns
    -------
    ndarray or LazyPlanes
        The same planes if no pixel is missing, otherwise in floating point. Zeros that
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
    return mask(planes, np.broadcast_to(missing, planes.shape))


def holds_something(planes: Planes) -> bool:
    """Tell whether planes, shape (planes, height, width), have two different finite values."""
    seen: set[float] = set()
    for strip in list_strips(planes):
        rows = planes[strip]
        finite = rows[np.isfinite(rows)]
        if finite.size:
            seen |= {float(finite.min()), float(finite.max())}
        if len(seen) > 1:
            return True
    return False


def _find_lowest(planes: Planes, lowest: float | None) -> NDArray[np.bool_] | None:
    if planes.dtype.kind == "u" or not lowest:
        return None
    filler = lowest if planes.dtype.kind == "f" else int(lowest)
    found, least = np.zeros(planes.shape, bool), np.inf
    for strip in list_strips(planes):
        rows = planes[strip]
        found[strip] = rows == filler
        others = rows[~found[strip] & np.isfinite(rows)]
        least = min(least, float(others.min())) if others.size else least
    is_far = np.isfinite(least) and least - lowest > abs(lowest) / 4
    return found if is_far and found.any() else None


def _find_border(planes: Planes) -> NDArray[np.bool_] | None:
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


def _trace_border(planes: Planes) -> NDArray[np.bool_]:
    """Find the zeros of all planes from which only zeros lead to an edge."""
    known = np.zeros(planes.shape[1:], bool)
    for index, rows in list_strips(planes):
        known[rows] |= planes[index, rows] != 0
    border = np.zeros_like(known)
    for measured, found in ((known, border), (known.T, border.T)):
        n = measured.shape[1]
        holds_any = measured.any(axis=1)
        first = np.where(holds_any, measured.argmax(axis=1), n)
        last = n - 1 - measured[:, ::-1].argmax(axis=1)
        for line, start, end in zip(found, first, last, strict=True):
            line[:start] = True
            line[end + 1 :] = True
    return border
