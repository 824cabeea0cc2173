"""The pictures in a file, of which the first that is not blank is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_ROWS_PER_STEP = 64
_PROBES = 8  # along each side


@dataclass(frozen=True)
class Frame:
    """One picture of a file: a page of a TIFF, a frame of an animation.

    Attributes
    ----------
    n_pixels : int
        Its size, known before it is loaded.
    load : callable
        Returns the picture, loaded.
    """

    n_pixels: int
    load: Callable[[], Image.Image]


def is_blank(pixels: NDArray[np.uint8]) -> bool:
    """Tell whether all pixels, shape (height, width, 3), have the same colour."""
    height, width = pixels.shape[:2]
    few = pixels[:: max(1, height // _PROBES), :: max(1, width // _PROBES)]
    if (few != pixels[0, 0]).any():  # as in nearly all pictures
        return False
    steps = range(0, height, _ROWS_PER_STEP)
    return all((pixels[top : top + _ROWS_PER_STEP] == pixels[0, 0]).all() for top in steps)
