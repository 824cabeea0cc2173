"""Make picture files of all kinds in memory."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from astropy.io import fits
from PIL import Image


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def write_fits(*hdus: Any) -> bytes:
    stream = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(stream)
    return stream.getvalue()


def with_card(data: bytes, key: str, value: str) -> bytes:
    """Overwrite a header card in place, without any check."""
    start = data.index(key.encode().ljust(8) + b"=")
    return data[:start] + f"{key:8}= {value:>20}".ljust(80).encode() + data[start + 80 :]


def blocks(width: int = 48, height: int = 32) -> Image.Image:
    """Draw four flat quarters, which survive JPEG: red and green above blue and white."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2, 0] = 255
    pixels[: height // 2, width // 2 :, 1] = 255
    pixels[height // 2 :, : width // 2, 2] = 255
    pixels[height // 2 :, width // 2 :] = 255
    return Image.fromarray(pixels)


def noise(width: int = 48, height: int = 32) -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def sky(height: int = 64, width: int = 80, level: float = 1000.0) -> np.ndarray:
    """Draw noise around a level, with one bright star near the first row and column.

    Returns
    -------
    ndarray
        float64, shape (height, width).
    """
    rng = np.random.default_rng(0)
    values = rng.normal(level, 5.0, (height, width))
    values[4:7, 6:9] += 4000.0
    return values
