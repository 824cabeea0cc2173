"""The planes of a picture, whose numbers are computed only where they are used.

A copy of all numbers of a large picture would take hundreds of megabytes beside its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROWS_PER_STEP = 64


class LazyPlanes:
    """An array, shape (planes, height, width), each part of which is computed when it is indexed.

    Parameters
    ----------
    stored : ndarray
        Shape (planes, height, width), of any dtype.
    convert : callable
        Called with a part of `stored` and the key that it was indexed with; returns the numbers of
        the part, of the same shape.
    """

    def __init__(
        self, stored: Planes, convert: Callable[[NDArray[np.generic], Any], NDArray[np.generic]]
    ) -> None:
        self._stored, self._convert = stored, convert
        self.shape: tuple[int, ...] = stored.shape
        self.dtype: np.dtype[Any] = self[:1, :1, :1].dtype

    @property
    def size(self) -> int:
        """Number of values in all planes."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[NDArray[np.generic]]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, key: Any) -> NDArray[np.generic]:
        return self._convert(self._stored[key], key)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.generic]:
        return self[:].astype(dtype or self.dtype, copy=bool(copy))


Planes = NDArray[np.generic] | LazyPlanes


def list_strips(planes: Planes) -> Iterator[tuple[int, slice]]:
    """Iterate over keys of all planes, a few rows at a time: (plane, rows)."""
    for index in range(len(planes)):
        for top in range(0, planes.shape[1], _ROWS_PER_STEP):
            yield index, slice(top, top + _ROWS_PER_STEP)


def mask(planes: Planes, missing: NDArray[np.bool_]) -> LazyPlanes:
    """Return planes as floating point with NaN where a mask, of their shape, is true."""
    dtype = np.result_type(planes.dtype, np.float32)

    def convert(part: NDArray[np.generic], key: Any) -> NDArray[np.generic]:
        numbers = part.astype(dtype)
        numbers[missing[key]] = np.nan
        return numbers

    return LazyPlanes(planes, convert)
