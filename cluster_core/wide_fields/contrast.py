"""Where a picture has more light than around it: windows at several scales that may be clusters.

Every window is looked at: its middle third is compared with its rim, by sums over boxes that cost
the same at any size. Only the best windows are shown to the network. Its map over the whole
picture was tried instead: without the black border of a window, novelty is off by several units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cluster_core.wide_fields.field import MIN_WINDOW_PX

# Sides in pixels of the picture that is reduced for each scale: the window, its middle, its rim.
_WINDOW_PX, _MIDDLE_PX, _INSIDE_RIM_PX = 48, 16, 32
_SCALE_STEP = math.sqrt(2.0)
_MAX_REDUCED_PIXELS = 3_000_000
# A star counts by its size, not by its light; so does noise.
_MAX_SIGMA = 8.0
_MIN_SIGMA_LEVELS = 0.5
_SHOT_NOISE_FLOOR = 0.5
_MIN_CONTRAST = 0.5
_BLOCK_PX = 8
# Two proposals are the same if their centres are nearer than this share of the larger window.
_SAME = 0.25


@dataclass(frozen=True)
class Proposal:
    """A window that may hold a cluster.

    Attributes
    ----------
    contrast : float
        How much more light its middle third has than its rim, relative to the shot noise of the
        rim; above 0.
    x_px, y_px : float
        Its centre.
    side_px : float
        Its side, about one and a half times the diameter of a cluster.
    """

    contrast: float
    x_px: float
    y_px: float
    side_px: float


def propose_windows(pixels: np.ndarray, most: int) -> list[Proposal]:
    """Return the windows with the highest contrast at all scales.

    Parameters
    ----------
    pixels : ndarray of uint8, (height, width, 3)
        At least `MIN_WINDOW_PX` high and wide.
    most : int
        The largest number of windows.

    Returns
    -------
    list of Proposal
        Without windows that are nearly the same; the highest contrast first.
    """
    grey = Image.fromarray(pixels).convert("L")
    found = [
        proposal
        for side_px in list_scales(*grey.size)
        for proposal in _find_peaks(compute_contrast(grey, side_px), side_px, grey.size)
    ]
    kept: list[Proposal] = []
    for proposal in sorted(found, key=lambda each: -each.contrast):
        if len(kept) == most:
            break
        if not any(_are_same(proposal, other) for other in kept):
            kept.append(proposal)
    return kept


def list_scales(width: int, height: int) -> list[float]:
    """Return the sides in pixels of the windows that are searched in a picture, largest first."""
    smallest = max(MIN_WINDOW_PX, _WINDOW_PX * math.sqrt(width * height / _MAX_REDUCED_PIXELS))
    steps = math.log(min(width, height) / smallest) / math.log(_SCALE_STEP)
    return [min(width, height) / _SCALE_STEP**step for step in range(int(max(steps, 0.0)) + 1)]


def compute_contrast(grey: Image.Image, side_px: float) -> np.ndarray:
    """Return the contrast of all windows of one size.

    Parameters
    ----------
    grey : PIL.Image.Image
        Of mode L.
    side_px : float
        Side of a window, at most that of the picture.

    Returns
    -------
    ndarray of float64, (rows, columns)
        Of windows whose corners are 1 / 48 of their side apart. Light is measured above the
        picture's median, in units of its noise. No light is negative, so that the sky beside a
        part without data does not stand out.
    """
    factor = _WINDOW_PX / side_px
    size = [max(_WINDOW_PX, round(side * factor)) for side in grey.size]
    reduced = np.asarray(grey.resize((size[0], size[1]), Image.Resampling.BOX), np.float64)
    sky = np.median(reduced)
    sigma = max(1.4826 * float(np.median(np.abs(reduced - sky))), _MIN_SIGMA_LEVELS)
    light = np.clip((reduced - sky) / sigma, 0.0, _MAX_SIGMA)
    sums = np.pad(light.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    inside, window = _sum_boxes(sums, _INSIDE_RIM_PX), _sum_boxes(sums, _WINDOW_PX)
    rim = (window - inside) / (_WINDOW_PX**2 - _INSIDE_RIM_PX**2)
    middle = _sum_boxes(sums, _MIDDLE_PX) / _MIDDLE_PX**2
    contrast: np.ndarray = (middle - rim) / np.sqrt(rim + _SHOT_NOISE_FLOOR)
    return contrast


def _sum_boxes(sums: np.ndarray, side: int) -> np.ndarray:
    """Return the sum over the middle box of each window, from the sums up to each pixel."""
    rows, columns = sums.shape[0] - _WINDOW_PX, sums.shape[1] - _WINDOW_PX
    near = (_WINDOW_PX - side) // 2
    top, bottom = slice(near, near + rows), slice(near + side, near + side + rows)
    left, right = slice(near, near + columns), slice(near + side, near + side + columns)
    total: np.ndarray = sums[bottom, right] - sums[top, right]
    return total - sums[bottom, left] + sums[top, left]


def _find_peaks(
    contrast: np.ndarray, side_px: float, picture_size: tuple[int, int]
) -> list[Proposal]:
    """Return the windows that have a higher contrast than those around them."""
    rows, columns = (-(-size // _BLOCK_PX) for size in contrast.shape)
    padding = [
        (0, n * _BLOCK_PX - size) for n, size in zip((rows, columns), contrast.shape, strict=True)
    ]
    blocks = np.pad(contrast, padding, constant_values=-np.inf)
    blocks = blocks.reshape(rows, _BLOCK_PX, columns, _BLOCK_PX).swapaxes(1, 2)
    blocks = blocks.reshape(rows, columns, _BLOCK_PX**2)
    best, where = blocks.max(axis=2), blocks.argmax(axis=2)
    framed = np.pad(best, 1, constant_values=-np.inf)
    around = np.max(
        [framed[dy : dy + rows, dx : dx + columns] for dy in range(3) for dx in range(3)], axis=0
    )
    peaks = np.argwhere((best == around) & (best > _MIN_CONTRAST))
    scale = side_px / _WINDOW_PX
    found = []
    for row, column in peaks:
        dy, dx = divmod(int(where[row, column]), _BLOCK_PX)
        x = min((column * _BLOCK_PX + dx + _WINDOW_PX / 2) * scale, picture_size[0] - 1)
        y = min((row * _BLOCK_PX + dy + _WINDOW_PX / 2) * scale, picture_size[1] - 1)
        found.append(Proposal(float(best[row, column]), float(x), float(y), side_px))
    return found


def _are_same(one: Proposal, other: Proposal) -> bool:
    near = _SAME * max(one.side_px, other.side_px)
    return abs(one.x_px - other.x_px) < near and abs(one.y_px - other.y_px) < near
