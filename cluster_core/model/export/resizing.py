"""Pillow's bilinear resizing in operations of Keras, to the last bit. Loads TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import PIL
from keras import KerasTensor, ops

# As in `Preprocessing.shrink`: pictures of more than twice so many times the size are reduced
# in whole steps first.
_REDUCING_GAP = 2
# Pillow counts in whole numbers: means of so many bits, weights of so many.
_MEAN_UNIT, _WEIGHT_UNIT = 2.0**24, 2.0**22
# From this version on, pictures that shrink much more in height are resized down, then across.
_DOWN_FIRST_SINCE = 13


@dataclass(frozen=True)
class _Axis:
    """One axis of a picture, whose length is only known when the model runs.

    Attributes
    ----------
    size_px : int
        Its length afterwards.
    length : KerasTensor of float32, ()
    step : KerasTensor of float32, ()
        Pixels in a cell of the reduced picture.
    cell : KerasTensor of int32, (length,)
        The cell of each pixel.
    counts : KerasTensor of float32, (n_cells,)
        Pixels in each cell: `step`, or fewer in the last one.
    """

    size_px: int
    length: KerasTensor
    step: KerasTensor
    cell: KerasTensor
    counts: KerasTensor

    @classmethod
    def of(cls, line: KerasTensor, size_px: int) -> _Axis:
        """Return the axis along which a line of pixels runs."""
        ones = ops.ones_like(line)
        ends = ops.cumsum(ones)
        length = ops.max(ends)
        step = ops.maximum(ops.floor(length / (size_px * _REDUCING_GAP)), 1.0)
        cell = ops.cast(ops.floor((ends - 1) / step), "int32")
        return cls(size_px, length, step, cell, ops.segment_sum(ones, cell, sorted=True))

    @property
    def shrinkage(self) -> KerasTensor:
        """By how many cells it shrinks; negative if it grows."""
        return ops.sum(ops.ones_like(self.counts)) - self.size_px

    def weigh(self) -> KerasTensor:
        """Return what each cell counts in each resized pixel: float64, (n_cells, size_px)."""
        middles = ops.cast(ops.cumsum(ops.ones_like(self.counts)), "float64") - 0.5
        scale = ops.cast(self.length / self.step, "float64") / self.size_px
        centres = scale * (np.arange(self.size_px, dtype=np.float64) + 0.5)
        distances = ops.abs(ops.expand_dims(middles, 1) - centres) / ops.maximum(scale, 1.0)
        weights = ops.maximum(1.0 - distances, 0.0)
        weights = weights / ops.sum(weights, axis=0, keepdims=True)
        return ops.floor(weights * _WEIGHT_UNIT + 0.5)


def resize(pixels: KerasTensor, size_px: int) -> KerasTensor:
    """Resize pictures of any size to a square, as `Preprocessing.shrink` does.

    Parameters
    ----------
    pixels : KerasTensor of float32, (n, height, width, 3)
        From 0 to 255.
    size_px : int
        Side of the square.

    Returns
    -------
    KerasTensor of float32, (n, size_px, size_px, 3)
        Whole numbers from 0 to 255.
    """
    pixels = ops.floor(pixels + 0.5)
    down, across = _Axis.of(pixels[0, :, 0, 0], size_px), _Axis.of(pixels[0, 0, :, 0], size_px)
    cells = _reduce(pixels, down, across)
    to_rows, to_columns = down.weigh(), across.weigh()
    resized = _resize_down(_resize_across(cells, to_columns), to_rows)
    if int(PIL.__version__.split(".")[0]) >= _DOWN_FIRST_SINCE:
        is_tall = ops.logical_and(down.shrinkage > 0, down.shrinkage > 2 * across.shrinkage)
        other = _resize_across(_resize_down(cells, to_rows), to_columns)
        resized = ops.where(is_tall, other, resized)
    return ops.cast(resized, "float32")


def _reduce(pixels: KerasTensor, down: _Axis, across: _Axis) -> KerasTensor:
    """Return the mean of each cell, rounded: float64, (n, n_cells_down, n_cells_across, 3)."""
    rows = ops.segment_sum(ops.transpose(pixels, (1, 0, 2, 3)), down.cell, sorted=True)
    sums = ops.segment_sum(ops.transpose(rows, (2, 1, 0, 3)), across.cell, sorted=True)
    sums = ops.cast(ops.transpose(sums, (1, 2, 0, 3)), "float64")
    counts = ops.expand_dims(down.counts, 1) * ops.expand_dims(across.counts, 0)
    counts = ops.cast(ops.expand_dims(counts, 2), "float64")
    means = (sums + ops.floor(counts / 2)) * ops.floor(_MEAN_UNIT / counts)
    return ops.floor(means / _MEAN_UNIT)


def _resize_across(pixels: KerasTensor, weights: KerasTensor) -> KerasTensor:
    return ops.floor(ops.einsum("nhwc,wx->nhxc", pixels, weights) / _WEIGHT_UNIT + 0.5)


def _resize_down(pixels: KerasTensor, weights: KerasTensor) -> KerasTensor:
    return ops.floor(ops.einsum("nhwc,hy->nywc", pixels, weights) / _WEIGHT_UNIT + 0.5)
