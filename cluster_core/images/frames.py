"""The pictures in a file, of which the first that is not blank is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.limits import ImageLimits
from cluster_core.images.stretch import FitsStretch

_ROWS_PER_STEP = 64
_PROBES = 8  # along each side


@dataclass(frozen=True)
class RasterOptions:
    """How a picture other than FITS is decoded.

    Attributes
    ----------
    limits : ImageLimits
        The largest picture that is decoded.
    min_side_px : int or None
        Side of the square that the caller will shrink the picture to; None if it will not.
        A JPEG is then decoded at a half, a quarter or an eighth of its size, and pictures of
        more than 12 megapixels are reduced during conversion, but never below twice this side.
    measured : FitsStretch or None
        How pictures of more than 8 bits are shown that are not photographs; None scales all
        of them by the range of their number type.
    """

    limits: ImageLimits
    min_side_px: int | None = None
    measured: FitsStretch | None = None


@dataclass(frozen=True)
class Frame:
    """One picture of a file: a page of a TIFF, a frame of an animation.

    Attributes
    ----------
    n_pixels : int
        Its size, known before it is loaded.
    load : callable
        Returns the picture, loaded.
    n_others : int
        Pixels that are decoded with it: of the frames before it, or of its other bands.
    """

    n_pixels: int
    load: Callable[[], Image.Image]
    n_others: int = 0


def is_blank(pixels: NDArray[np.uint8]) -> bool:
    """Tell whether all pixels, shape (height, width, 3), have the same colour."""
    height, width = pixels.shape[:2]
    if pixels[0, 0].tobytes() != pixels[height // 2, width // 2].tobytes():
        return False  # as in nearly all pictures
    few = pixels[:: max(1, height // _PROBES), :: max(1, width // _PROBES)]
    if (few != pixels[0, 0]).any():
        return False
    steps = range(0, height, _ROWS_PER_STEP)
    return all((pixels[top : top + _ROWS_PER_STEP] == pixels[0, 0]).all() for top in steps)


def check_not_blank(pixels: NDArray[np.uint8], name: str) -> None:
    """Refuse a picture that is blank, because a model would answer all the same.

    Parameters
    ----------
    pixels : ndarray
        uint8, shape (height, width, 3).
    name : str
        Name of the file, for the message.

    Raises
    ------
    ImageError
        With reason BLANK.
    """
    if is_blank(pixels):
        raise ImageError(
            f"{name} is blank: every pixel has the same colour, so there is nothing to be seen. "
            "Remove it, or take it again.",
            path=name,
            reason=ImageProblem.BLANK,
        )
