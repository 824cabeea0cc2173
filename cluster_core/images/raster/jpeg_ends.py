"""Complete JPEGs that end early: without the last marker, libjpeg waits for more."""

from __future__ import annotations

import numpy as np

_START_OF_SCAN = b"\xff\xda"
_PROGRESSIVE = b"\xff\xc2"
_END_OF_IMAGE = b"\xff\xd9"
_RESTART_INTERVAL = b"\xff\xdd\x00\x04"
_RESTARTS = [b"\xff" + bytes([0xD0 + number]) for number in range(8)]
_NOISE_PER_BLOCK = 100  # bytes that a block of 8 x 8 to 16 x 16 pixels takes


def has_every_pixel(data: bytes) -> bool:
    """Tell whether the first scan of a progressive JPEG is complete; others refine it."""
    first = _find_scan(data)
    if _PROGRESSIVE not in data[: max(0, first)]:
        return False
    # In compressed data, a byte of 255 is followed by 0: these two are always a marker.
    return data.find(_START_OF_SCAN, first + 2) >= 0


def complete(data: bytes, n_noise: int = 0) -> bytes:
    """Append the end that a JPEG lacks.

    Parameters
    ----------
    data : bytes
        A JPEG that ends early.
    n_noise : int
        Number of random bytes to append before. They change exactly those pixels that the
        file has lost, which are of one colour without.
    """
    if not n_noise:
        return data + _END_OF_IMAGE
    interval = _read_restart_interval(data)
    if not interval:
        return data + _make_noise(n_noise) + _END_OF_IMAGE
    # Each restart marker ends the noise for its part of the picture.
    piece = _make_noise(interval * _NOISE_PER_BLOCK)
    n_pieces = 2 * n_noise // len(piece) + 1
    parts = [_RESTARTS[number % len(_RESTARTS)] + piece for number in range(n_pieces)]
    return data + b"".join(parts) + _END_OF_IMAGE


def _make_noise(n_bytes: int) -> bytes:
    return np.random.default_rng(0).integers(0, 255, n_bytes, np.uint8).tobytes()  # never 255


def _read_restart_interval(data: bytes) -> int:
    """Return after how many blocks of pixels a restart marker follows; 0 for never."""
    at = data.find(_RESTART_INTERVAL, 0, max(0, _find_scan(data)))
    return int.from_bytes(data[at + 4 : at + 6], "big") if at >= 0 else 0


def _find_scan(data: bytes) -> int:
    at = 2
    while data[at : at + 1] == b"\xff" and data[at : at + 2] != _START_OF_SCAN:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data.find(_START_OF_SCAN, at)
