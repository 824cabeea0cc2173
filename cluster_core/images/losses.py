"""Load a picture although its file ends early or is damaged, if few pixels are lost."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

# Raised by Pillow's readers on damaged files; found by tests that flip bytes and truncate files.
PILLOW_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
)
# What may be missing of a picture that is shown: a few last rows, not the half of it.
_MAX_LOSS = 0.25
_ROWS_PER_STEP = 256


def load_most(image: Image.Image, reopen: Callable[[int], Image.Image]) -> Image.Image:
    """Load a picture, with black for the pixels that its file has lost.

    Parameters
    ----------
    image : Image.Image
        Opened, but not loaded.
    reopen : callable
        Opens the picture again if it is damaged. It is called with 0 and 1, and may use these
        to complete the file in two ways.

    Returns
    -------
    Image.Image
        Loaded.

    Raises
    ------
    OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error, zlib.error
        More than a quarter of the pixels are lost.
    """
    try:
        image.load()
    except PILLOW_ERRORS:
        image.close()
        # Pixels that keep what was there before were never written by the decoder.
        black, other = (_load_over(reopen(fill), fill) for fill in (0, 1))
        if _count_differing(black, other) > _MAX_LOSS * black.width * black.height:
            raise
        return black
    return image


def _load_over(image: Image.Image, fill: int) -> Image.Image:
    n_bands = len(image.getbands())
    image.im = Image.new(image.mode, image.size, (fill,) * n_bands if n_bands > 1 else fill).im
    with contextlib.suppress(*PILLOW_ERRORS):
        image.load()
    image.tile = []  # type: ignore[attr-defined]  # else Pillow would load it again
    return image


def _count_differing(a: Image.Image, b: Image.Image) -> int:
    if (a.mode, a.size) != (b.mode, b.size):
        return a.width * a.height
    n_differing = 0
    for top in range(0, a.height, _ROWS_PER_STEP):
        box = (0, top, a.width, min(top + _ROWS_PER_STEP, a.height))
        differs = np.asarray(a.crop(box)) != np.asarray(b.crop(box))
        n_differing += int(np.count_nonzero(differs.reshape(*differs.shape[:2], -1).any(axis=2)))
    return n_differing
