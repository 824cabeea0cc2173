"""Find pixels without a measurement, and pictures without anything in them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cluster_core.images.planes import Planes, list_strips, mask

# What programs write where nothing was measured, if the header does not declare another value.
_FILLERS = frozenset({-999.0, -9999.0, -99999.0, -32767.0, -32768.0, -(2.0**31)})
_BORDER_FILLERS = (0, 65535)
_HUGE, _MAX_BESIDE_HUGE = 1e20, 1e14  # no detector spans six orders of magnitude between them
_TRIED_PIXELS = 1_000_000
_MIN_BORDER = 0.0005  # of the pixels; a few dead ones do not matter
_MAX_BORDER = 0.25  # of the pixels; a larger black area is a background, not a border
_MAX_INNER_FILLERS = 0.01  # of the other pixels; photon counts are zero almost everywhere
_MIN_GAP = 3.0  # from the filler to the nearest sky, in units of the width of that half of the sky


def mask_missing(
    planes: Planes, *, lowest: float | None = None, declared: float | None = None
) -> Planes:
    """Set pixels to NaN that hold a filler instead of a measurement.

    Parameters
    ----------
    planes : ndarray or LazyPlanes
        Numbers of any dtype, shape (planes, height, width).
    lowest : float, optional
        What a stored -32768 means, the usual filler of 16-bit files. Like -999, -9999 and so
        on, it counts as missing if all other values are far above it.
    declared : float, optional
        The filler that the file declares, whatever the other values are.

    Returns
    -------
    ndarray or LazyPlanes
        The same planes if no pixel is missing, otherwise in floating point. Floats beyond 1e20
        are missing if all others are ordinary numbers. Values of 0 or 65535 that run from
        an edge inwards are missing in all planes if the sky does not reach them: programs that
        align or rotate pictures fill the borders with them.
    """
    with np.errstate(all="ignore"):
        missing = _find_filler(planes, lowest, declared)
        for filler in _BORDER_FILLERS:
            if missing is None:
                missing = _find_border(planes, filler)
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


def _find_filler(
    planes: Planes, lowest: float | None, declared: float | None
) -> NDArray[np.bool_] | None:
    """Return the pixels that hold a filler, shape (planes, height, width), or None."""
    if declared is not None and np.isfinite(declared):
        found = _compare(planes, lambda rows: rows == declared)
        return found if found.any() else None
    if planes.dtype.kind == "u":
        return None
    least, greatest = _find_extremes(planes, None)
    if max(-least, greatest) >= _HUGE:
        found = _compare(planes, lambda rows: np.abs(rows) >= _HUGE)
        least, greatest = _find_extremes(planes, found)
        return found if least <= greatest and max(-least, greatest) < _MAX_BESIDE_HUGE else None
    fillers = _FILLERS | ({lowest} if lowest else frozenset())
    precision = planes.dtype.type if planes.dtype.kind == "f" else float
    if least not in {float(precision(filler)) for filler in fillers}:
        return None
    found = _compare(planes, lambda rows: rows == least)
    is_far = _find_extremes(planes, found)[0] - least > abs(least) / 4
    return found if is_far else None


def _compare(
    planes: Planes, test: Callable[[NDArray[Any]], NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    found = np.zeros(planes.shape, bool)
    for strip in list_strips(planes):
        found[strip] = test(planes[strip])
    return found


def _find_extremes(planes: Planes, left_out: NDArray[np.bool_] | None) -> tuple[float, float]:
    """Return the smallest and the largest finite value; infinity and its negative if none is."""
    least, greatest = np.inf, -np.inf
    for strip in list_strips(planes):
        rows = planes[strip]
        if left_out is not None:
            rows = rows[~left_out[strip]]
        if rows.dtype.kind == "f":
            rows = rows[np.isfinite(rows)]
        if rows.size:
            least, greatest = min(least, float(rows.min())), max(greatest, float(rows.max()))
    return least, greatest


def _find_border(planes: Planes, filler: int) -> NDArray[np.bool_] | None:
    """Return the pixels of a border of fillers, shape (height, width), or None."""
    if (planes[:, :: planes.shape[1] - 1, :: planes.shape[2] - 1] != filler).all():
        return None  # such borders cover a corner
    step = math.isqrt(planes[0].size // _TRIED_PIXELS) + 1
    thinned = planes[:, ::step, ::step]
    border = _trace_border(thinned, filler)
    n_border = np.count_nonzero(border)
    n_fillers = np.count_nonzero((thinned == filler).all(axis=0))
    n_others = border.size - n_border
    is_narrow = _MIN_BORDER * border.size < n_border <= _MAX_BORDER * border.size
    if not is_narrow or n_fillers - n_border > _MAX_INNER_FILLERS * n_others:
        return None
    sky = thinned[0][~border]
    sky = sky[np.isfinite(sky)].astype(np.float64)
    if sky.size == 0 or sky.min() == sky.max():
        return None
    nearest, median = np.percentile(sky if filler == 0 else filler - sky, (2.0, 50.0))
    if nearest <= max(0.0, _MIN_GAP * (median - nearest)):
        return None
    return border if step == 1 else _trace_border(planes, filler)


def _trace_border(planes: Planes, filler: int) -> NDArray[np.bool_]:
    """Find the fillers of all planes from which only fillers lead to an edge."""
    known = np.zeros(planes.shape[1:], bool)
    for index, rows in list_strips(planes):
        known[rows] |= planes[index, rows] != filler
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
