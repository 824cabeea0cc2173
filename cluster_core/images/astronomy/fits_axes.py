"""Decide which axes of a FITS array are height, width, planes and colours."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_RGB = 3
_COLOURS = (_RGB, 4)  # red, green and blue, without or with transparency
_MIN_ASPECT = 4  # a colour axis is shorter than height and width by at least this factor


@dataclass(frozen=True)
class PictureAxes:
    """The axes of an array that holds one picture, or a cube of them.

    Attributes
    ----------
    leading : tuple of int
        Lengths of the axes before the height, which count planes.
    height, width : int
        Size in pixels.
    n_last : int
        3 or 4 if the last axis holds the colours of each pixel, otherwise 1.
    """

    leading: tuple[int, ...]
    height: int
    width: int
    n_last: int = 1

    @property
    def n_planes(self) -> int:
        """Number of planes of height x width pixels, without transparency."""
        return math.prod(self.leading) * min(self.n_last, _RGB)

    @property
    def planes_per_picture(self) -> int:
        """3 if the planes are red, green and blue, otherwise 1."""
        return _RGB if self.n_last > 1 or self.n_planes == _RGB else 1

    def pictures(self) -> Iterator[range]:
        """Iterate over the planes of each picture."""
        step = self.planes_per_picture
        return (range(first, first + step) for first in range(0, self.n_planes, step))

    def view(self, array: NDArray[np.generic], planes: range) -> NDArray[np.generic]:
        """Return planes of one picture in an array of all: shape (planes, height, width)."""
        blocks = array.reshape(-1, self.height, self.width, self.n_last)
        if self.n_last == 1:
            return blocks[planes.start : planes.stop, ..., 0]
        block, first = divmod(planes.start, _RGB)
        return np.moveaxis(blocks[block], -1, 0)[first : first + len(planes)]

    def read(self, section: Any, planes: range) -> NDArray[np.generic]:
        """Read planes of one picture.

        Parameters
        ----------
        section : astropy.io.fits.CompImageSection
            The array, which is read only as far as needed.
        planes : range
            From `pictures`, or a part of it.

        Returns
        -------
        ndarray
            Numbers of any dtype, shape (planes, height, width), the first row of the file first.
        """
        if self.n_last == 1:
            found = [self._read_block(section, plane)[..., 0] for plane in planes]
            return np.stack(found) if len(found) > 1 else found[0][np.newaxis]
        block, first = divmod(planes.start, _RGB)
        colours = np.moveaxis(self._read_block(section, block), -1, 0)
        return colours[first : first + len(planes)]

    def _read_block(self, section: Any, index: int) -> NDArray[np.generic]:
        indices = np.unravel_index(index, self.leading) if self.leading else ()
        block = np.asarray(section[(*indices, ...)])
        return block.reshape(self.height, self.width, self.n_last)


def find_axes(shape: tuple[int, ...]) -> PictureAxes | None:
    """Find the axes of a picture from the shape of its array alone.

    Parameters
    ----------
    shape : tuple of int
        In NumPy's order, the reverse of NAXIS1, NAXIS2, ...

    Returns
    -------
    PictureAxes or None
        None if there is no picture, as in a spectrum. Axes of length 1 at the end are
        ignored. A last axis of 3 or 4 that is short beside the two before it holds colours, as
        NumPy and Pillow order them; otherwise height and width come last, as in the standard.
    """
    while shape and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) < 2 or min(shape) < 1 or min(shape[-2:]) < 2:  # noqa: PLR2004  two axes
        return None
    n_last = shape[-1]
    if len(shape) > 2 and n_last in _COLOURS and min(shape[-3:-1]) >= _MIN_ASPECT * n_last:  # noqa: PLR2004  an axis more
        return PictureAxes(shape[:-3], *shape[-3:])
    return PictureAxes(shape[:-2], *shape[-2:])
