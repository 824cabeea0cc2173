"""How large a picture file may be, checked on headers before anything is decoded."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields

from cluster_core.errors import ConfigError, ImageError, ImageProblem

MEGA = 1_000_000
# Beyond this, a picture is decoded alone, and may be reduced piece by piece.
LARGE_PIXELS = 12 * MEGA
_large_picture = threading.Lock()


@dataclass(frozen=True)
class ImageLimits:
    """The largest files and pictures that are read.

    Attributes
    ----------
    max_pixels : int
        Width times height of a picture. Pillow's own bound of about
        179 megapixels stays in force above it.
    max_file_bytes : int
        Size of the file as it lies on disk.
    max_unpacked_bytes : int
        What a gzipped FITS file may unpack to.

    Raises
    ------
    ConfigError
        If a limit is below 1.
    """

    max_pixels: int = 50_000_000
    max_file_bytes: int = 200_000_000
    max_unpacked_bytes: int = 500_000_000

    def __post_init__(self) -> None:
        for field in fields(self):
            received = getattr(self, field.name)
            if received < 1:
                raise ConfigError(
                    f"{field.name} must be a whole number from 1 up, not {received}.",
                    field=field.name,
                    received=received,
                    allowed="a whole number from 1 up",
                )


DEFAULT_LIMITS = ImageLimits()


def check_pixels(width: int, height: int, name: str, limits: ImageLimits) -> None:
    """Refuse a picture whose header promises too many pixels.

    Raises
    ------
    ImageError
        With reason TOO_LARGE.
    """
    if width * height > limits.max_pixels:
        raise ImageError(
            f"{name} has {width:,} x {height:,} pixels ({_mega(width * height)} megapixels), more "
            f"than the {_mega(limits.max_pixels)} megapixels allowed: save it smaller and try "
            "again.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        )


def wait_if_large(n_pixels: int) -> AbstractContextManager[object]:
    """Return what to hold while decoding: large pictures, one a core, would take gigabytes."""
    return _large_picture if n_pixels > LARGE_PIXELS else nullcontext()


def find_reduction(width: int, height: int, min_side_px: int | None) -> tuple[int, int]:
    """Return by how much a picture that will be shrunk may be reduced at once, in x and y.

    Only large ones are, and never below four times the side they are shrunk to.
    """
    if min_side_px is None or width * height <= LARGE_PIXELS:
        return 1, 1
    return max(1, width // (4 * min_side_px)), max(1, height // (4 * min_side_px))


def check_file_bytes(n_bytes: int, name: str, limits: ImageLimits) -> None:
    """Refuse a file that is larger than files may be.

    Raises
    ------
    ImageError
        With reason TOO_LARGE.
    """
    if n_bytes > limits.max_file_bytes:
        raise ImageError(
            f"{name} is {_mega(n_bytes)} MB large, more than the {_mega(limits.max_file_bytes)} MB "
            "allowed: save it smaller and try again.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        )


def _mega(count: int) -> str:
    """Write a count in millions, with a decimal only where it tells something."""
    return f"{count / MEGA:,.0f}" if count >= 10 * MEGA else f"{count / MEGA:,.3g}"
