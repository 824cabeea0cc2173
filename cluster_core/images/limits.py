"""Size limits for picture files, checked on headers before anything is decoded."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields

from cluster_core.errors import ConfigError, ImageError, ImageProblem

MEGA = 1_000_000
# Larger pictures are decoded one at a time, and may be reduced piece by piece.
LARGE_PIXELS = 12 * MEGA
_large_picture = threading.Lock()


@dataclass(frozen=True)
class ImageLimits:
    """The largest files and pictures that are read.

    Attributes
    ----------
    max_pixels : int
        Width times height of a picture. Pillow's own limit of about
        179 megapixels applies as well.
    max_file_bytes : int
        Size of the file on disk.
    max_unpacked_bytes : int
        Size of a gzipped FITS file after unpacking.

    Raises
    ------
    ConfigError
        A limit is less than 1.
    """

    max_pixels: int = 64_000_000  # a full-frame camera has 60 megapixels
    max_file_bytes: int = 200_000_000
    max_unpacked_bytes: int = 500_000_000

    def __post_init__(self) -> None:
        for field in fields(self):
            received = getattr(self, field.name)
            if received < 1:
                raise ConfigError(
                    f"{field.name} must be a whole number of at least 1, not {received}.",
                    field=field.name,
                    received=received,
                    allowed="a whole number of at least 1",
                )


DEFAULT_LIMITS = ImageLimits()


def check_pixels(width: int, height: int, name: str, limits: ImageLimits) -> None:
    """Check the size in a picture's header against the limit.

    Parameters
    ----------
    width, height : int
        Size in pixels.
    name : str
        Name of the file, for the message.
    limits : ImageLimits
        The limits.

    Raises
    ------
    ImageError
        With reason TOO_LARGE.
    """
    if width * height > limits.max_pixels:
        raise ImageError(
            f"{name} has {width:,} x {height:,} pixels ({_format_mega(width * height)} "
            f"megapixels), but the limit is {_format_mega(limits.max_pixels)} megapixels: shrink "
            "the picture and try again.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        )


def wait_if_large(n_pixels: int) -> AbstractContextManager[object]:
    """Return a context manager that lets only one large picture be decoded at a time.

    Large pictures decoded on all cores at once would take gigabytes of memory.
    """
    return _large_picture if n_pixels > LARGE_PIXELS else nullcontext()


def find_reduction(width: int, height: int, min_side_px: int | None) -> tuple[int, int]:
    """Return the factors by which a picture can be reduced while it is decoded.

    Parameters
    ----------
    width, height : int
        Size of the picture in pixels.
    min_side_px : int or None
        Side of the square that the picture will be shrunk to; None if it will not be.

    Returns
    -------
    tuple of (int, int)
        Factors in x and y, at least 1. They are 1 for pictures of up to 12 megapixels, and
        never reduce a side below four times `min_side_px`.
    """
    if min_side_px is None or width * height <= LARGE_PIXELS:
        return 1, 1
    return max(1, width // (4 * min_side_px)), max(1, height // (4 * min_side_px))


def check_file_bytes(n_bytes: int, name: str, limits: ImageLimits) -> None:
    """Check the size of a file against the limit.

    Parameters
    ----------
    n_bytes : int
        Size of the file.
    name : str
        Name of the file, for the message.
    limits : ImageLimits
        The limits.

    Raises
    ------
    ImageError
        With reason TOO_LARGE.
    """
    if n_bytes > limits.max_file_bytes:
        raise ImageError(
            f"{name} is {_format_mega(n_bytes)} MB in size, but the limit is "
            f"{_format_mega(limits.max_file_bytes)} MB: shrink the picture and try again.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        )


def _format_mega(count: int) -> str:
    """Write a count in millions, with decimals only below 10 million."""
    return f"{count / MEGA:,.0f}" if count >= 10 * MEGA else f"{count / MEGA:,.3g}"
