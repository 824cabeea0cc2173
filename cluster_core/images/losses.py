"""Load a picture although its file ends early or is damaged, if few pixels are lost."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Raised by Pillow's readers on damaged files; found by tests that flip bytes and truncate files.
PILLOW_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    RuntimeError,
    struct.error,
    zlib.error,
)
# What may be missing of a picture that is shown: a few last rows, not the half of it.
MAX_LOSS = 0.25
_SAMPLES_PER_SIDE = 1000
_noted: ContextVar[list[float] | None] = ContextVar("noted losses", default=None)


@contextlib.contextmanager
def noting_losses() -> Iterator[list[float]]:
    """Yield a list to which pictures that are loaded in this block add the share they have lost.

    Yields
    ------
    list of float
        A share of the pixels, above 0 and at most 0.25, for each damaged picture.
    """
    losses: list[float] = []
    token = _noted.set(losses)
    try:
        yield losses
    finally:
        _noted.reset(token)


def describe_loss(name: str, losses: list[float]) -> str:
    """Return a sentence about what `noting_losses` found, or an empty string if nothing is lost."""
    if not losses:
        return ""
    share = max(losses)
    amount = "less than 1%" if share < 0.01 else f"about {share:.0%}"  # noqa: PLR2004
    return f"{name} is cut off or damaged: {amount} of the picture is missing."


def note_loss(share: float) -> None:
    """Note that a picture is shown although a share of its pixels, 0 to 1, is lost."""
    if share and (losses := _noted.get()) is not None:
        losses.append(share)


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
        # Pixels that keep what was there before were never written by the decoder. One
        # picture at a time is kept, because they may be large.
        other = _sample(_load_over(reopen(1), 1))
        black = _load_over(reopen(0), 0)
        loss = _estimate_loss(_sample(black), other)
        if loss > MAX_LOSS:
            raise
        note_loss(loss)
        return black
    return image


def _load_over(image: Image.Image, fill: int) -> Image.Image:
    n_bands = len(image.getbands())
    size = getattr(image, "_tile_size", image.size)  # of a TIFF, before Pillow turns it upright
    image.im = Image.new(image.mode, size, (fill,) * n_bands if n_bands > 1 else fill).im
    with contextlib.suppress(*PILLOW_ERRORS):
        image.load()
    image.tile = []  # type: ignore[attr-defined]  # else Pillow would load it again
    return image


def _estimate_loss(a: NDArray[np.generic], b: NDArray[np.generic]) -> float:
    """Return the share of pixels that differ between two samples of a picture."""
    if a.shape != b.shape:
        return 1.0
    return float((a != b).reshape(*a.shape[:2], -1).any(axis=2).mean())


def _sample(image: Image.Image) -> NDArray[np.generic]:
    """Return at most a million pixels, shape (height, width) or (height, width, bands)."""
    size = (min(image.width, _SAMPLES_PER_SIDE), min(image.height, _SAMPLES_PER_SIDE))
    return np.asarray(image.resize(size, Image.Resampling.NEAREST))
