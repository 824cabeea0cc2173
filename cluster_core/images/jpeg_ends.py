"""Complete JPEGs that end early: without the last marker, libjpeg waits for more."""

from __future__ import annotations

import numpy as np

_START_OF_SCAN = b"\xff\xda"
_END_OF_IMAGE = b"\xff\xd9"
_RESTART_INTERVAL = b"\xff\xdd\x00\x04"
_RESTARTS = [b"\xff" + bytes([0xD0 + number]) for number in range(8)]
_BYTES_PER_RESTART = 200


def has_second_scan(data: bytes) -> bool:
    """Tell whether the first scan is complete; that of a progressive JPEG has every pixel."""
    first = _find_scan(data)
    # In compressed data, a byte of 255 is followed by 0: these two are always a marker.
    return first >= 0 and data.find(_START_OF_SCAN, first + 2) >= 0


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
    noise = np.random.default_rng(0).integers(0, 255, n_noise, np.uint8).tobytes()
    if _RESTART_INTERVAL in data[: _find_scan(data)]:
        starts = range(0, n_noise, _BYTES_PER_RESTART)
        noise = b"".join(
            _RESTARTS[number % 8] + noise[start : start + _BYTES_PER_RESTART]
            for number, start in enumerate(starts)
        )
    return data + noise + _END_OF_IMAGE


def _find_scan(data: bytes) -> int:
    at = 2
    while data[at : at + 1] == b"\xff" and data[at : at + 2] != _START_OF_SCAN:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data.find(_START_OF_SCAN, at)
