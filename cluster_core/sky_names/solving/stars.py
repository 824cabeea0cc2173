"""Find the stars of a picture, in the order in which a plate solver should try them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import NotSolvedError

MIN_STARS = 4  # the pattern that solvers compare
_MAX_STARS = 60
_MAX_SIDE_PX = 1024
_BACKGROUND_PX = 32  # small enough to take away the glow of a cluster's core
_APERTURE_PX = 4.0
_THRESHOLDS = (3.0, 10.0, 40.0)  # in standard deviations of the background
_MAX_BRIGHT = 0.1  # of the pixels; fainter stars of a crowded picture only take time
_MIN_DEVIATION = 1e-4  # of the range of the picture; a drawn background has no noise at all
_MIN_AREA_PX = 4
_DEBLENDING = 0.001  # the least share of the light of a blend that counts as a star of its own
_MAX_ELONGATION = 3.0  # longer ones are trails, spikes and galaxies
_N_BOXES = 10
_MAX_PIXELS_OF_STARS = 2_000_000
_SMOOTHING = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], dtype=np.float32) / 16


@dataclass(frozen=True)
class StarField:
    """The stars of a picture.

    Attributes
    ----------
    xy : ndarray
        Shape (n_stars, 2), float64 pixels: x to the right, y down, 0 at the centre of the first
        pixel. The most useful stars are first, 60 at most.
    width, height : int
        Size of the picture in pixels.
    """

    xy: NDArray[np.float64]
    width: int
    height: int


def find_stars(picture: NDArray[np.generic]) -> StarField:
    """Find the bright stars of a picture, with SEP (Barbary 2016), after Bertin & Arnouts 1996.

    Brightness is measured in small apertures, because in the crowded core of a cluster the light of
    many faint stars runs together. The brightest star of each of ten boxes is first, then the
    second of each, as catalogues cover the sky evenly and the stars of a cluster do not.

    Parameters
    ----------
    picture : ndarray
        Shape (height, width) or (height, width, 3), uint8 or float, stars bright.

    Raises
    ------
    NotSolvedError
        There are fewer than four stars.
    """
    height, width = picture.shape[:2]
    light, factor = _reduce(picture)
    found = _detect(light)
    if len(found) < MIN_STARS:
        raise NotSolvedError(
            f"Too few stars to recognise: {len(found)} were found, and {MIN_STARS} are needed."
        )
    spread = found[_order_by_box(found, light.shape[1], light.shape[0])][:_MAX_STARS]
    return StarField((spread + 0.5) * factor - 0.5, width, height)


def _reduce(picture: NDArray[np.generic]) -> tuple[NDArray[np.float32], int]:
    """Return a picture as grey of 1024 pixels at most (height, width), 0 to 1, and the factor."""
    grey = np.asarray(picture, dtype=np.float32)
    if grey.ndim == 3:  # noqa: PLR2004  with colours
        grey = grey.mean(axis=2)
    grey = np.nan_to_num(grey, posinf=0.0, neginf=0.0)
    factor = max(1, math.ceil(max(grey.shape) / _MAX_SIDE_PX))
    rows, columns = (size // factor for size in grey.shape)
    if factor > 1 and rows and columns:
        blocks = grey[: rows * factor, : columns * factor]
        grey = blocks.reshape(rows, factor, columns, factor).mean(axis=(1, 3))
    low, high = float(grey.min()), float(grey.max())
    return np.ascontiguousarray((grey - low) / max(high - low, 1e-12), dtype=np.float32), factor


def _detect(light: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the (x, y) of all stars, the brightest first."""
    import sep

    sep.set_extract_pixstack(_MAX_PIXELS_OF_STARS)
    background = sep.Background(light, bw=_BACKGROUND_PX, bh=_BACKGROUND_PX)
    above = light - background.back()
    faintest = float(np.quantile(above, 1 - _MAX_BRIGHT)) / _THRESHOLDS[0]
    deviation = max(background.globalrms, faintest, _MIN_DEVIATION)
    for threshold in _THRESHOLDS:
        try:
            found = sep.extract(
                above,
                threshold,
                err=deviation,
                minarea=_MIN_AREA_PX,
                deblend_cont=_DEBLENDING,
                filter_kernel=_SMOOTHING,
            )
            break
        # sep has no class of its own for too many objects; a higher threshold leaves fewer.
        except Exception as error:
            if threshold == _THRESHOLDS[-1]:
                raise NotSolvedError("The stars of this picture cannot be told apart.") from error
    found = found[(found["b"] > 0) & (found["a"] < _MAX_ELONGATION * found["b"])]
    flux, _, _ = sep.sum_circle(
        above,
        found["x"],
        found["y"],
        _APERTURE_PX,
        bkgann=(_APERTURE_PX + 2, _APERTURE_PX + 6),
    )
    return np.stack([found["x"], found["y"]], axis=1)[np.argsort(-flux, kind="stable")]


def _order_by_box(xy: NDArray[np.float64], width: int, height: int) -> NDArray[np.intp]:
    """Return the order that takes one star of each box in turn; `xy` is sorted by brightness."""
    n_columns = max(1, round(math.sqrt(_N_BOXES * width / height)))
    n_rows = max(1, round(_N_BOXES / n_columns))
    columns = np.clip(xy[:, 0] * n_columns // width, 0, n_columns - 1)
    boxes = columns + n_columns * np.clip(xy[:, 1] * n_rows // height, 0, n_rows - 1)
    ranks = np.empty(len(xy), dtype=int)
    for box in np.unique(boxes):
        inside = np.flatnonzero(boxes == box)
        ranks[inside] = np.arange(len(inside))
    return np.argsort(ranks, kind="stable")
