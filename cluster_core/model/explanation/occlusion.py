"""Measure how much a class depends on each part of a picture by covering it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cluster_core.model.backbones.litert import FeatureExtractor

GRID = 7
# Neighbouring covers overlap by this share of a cell, so that nothing hides on a border.
_MARGIN = 0.25


def measure_occlusion(
    extractor: FeatureExtractor,
    picture: np.ndarray,
    weights: np.ndarray,
    on_progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Return by how much a linear function of the features falls when a part is covered.

    A cover has the mean colour of the picture. The picture is taken as it is, not turned.

    Parameters
    ----------
    extractor : FeatureExtractor
        Runs the network.
    picture : ndarray of uint8, (size, size, 3)
        RGB, in the network's input size.
    weights : ndarray of float32, (n_features,)
        The linear function.
    on_progress : callable, optional
        Called with the numbers of parts covered and in all. An exception in it stops.

    Returns
    -------
    ndarray of float32, (GRID, GRID)
        Top row first.
    """
    colour = picture.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
    whole = extractor.extract([picture])[0] @ weights
    falls = np.empty((GRID, GRID), np.float32)
    for row, column in np.ndindex(GRID, GRID):
        covered = picture.copy()
        covered[_span(row, len(picture)), _span(column, len(picture))] = colour
        falls[row, column] = whole - extractor.extract([covered])[0] @ weights
        if on_progress:
            on_progress(row * GRID + column + 1, GRID * GRID)
    return falls


def _span(cell: int, size_px: int) -> slice:
    """Return the pixels of a row or column of cells, with a margin."""
    side = size_px / GRID
    first = max(0, round((cell - _MARGIN) * side))
    return slice(first, min(size_px, round((cell + 1 + _MARGIN) * side)))
