"""Recognise copies of a picture, whatever their size, format or compression."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter

# Part of the cache key. Since version 2 cache entries have a checksum; since 3, blank pictures
# are refused and measurements of more than 8 bits are shown like FITS; since 4, they end with
# the share of the picture that is missing.
FINGERPRINT_VERSION = 4
SIDE_PX = 32
COPY_CORRELATION = 0.65
MAX_COPIES = 10
BLOCK = 2048


def compute_fingerprint(pixels: np.ndarray) -> bytes:
    """Reduce a picture to its fine structure.

    The picture is shrunk to 32 x 32 grey pixels, its own blur by one pixel is
    subtracted, and the rest is scaled to a maximum of 127. Two different globular
    clusters are both a bright blob on black, but their stars are in different
    positions, and only those remain.

    Parameters
    ----------
    pixels : ndarray of uint8, (height, width, 3)
        The picture.

    Returns
    -------
    bytes
        1024 signed bytes, row by row; all zero for a picture without structure.
    """
    grey = Image.fromarray(pixels).convert("L")
    # A box filter takes the mean of each block, which averages out JPEG noise.
    small = grey.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(1))
    detail = np.asarray(small, np.float32) - np.asarray(blurred, np.float32)
    detail -= detail.mean()
    peak = float(np.abs(detail).max())
    if peak < 1:
        return bytes(SIDE_PX * SIDE_PX)
    return np.rint(detail * (127 / peak)).astype(np.int8).tobytes()


def find_copies(fingerprints: Sequence[bytes]) -> list[tuple[int, int]]:
    """Find the pairs of pictures that are copies of each other.

    Parameters
    ----------
    fingerprints : sequence of bytes
        One per picture, from `compute_fingerprint`.

    Returns
    -------
    list of (int, int)
        Index pairs in ascending order, the smaller index first. Two pictures are
        copies if their fingerprints correlate by 0.65 or more. Pictures that
        resemble more than ten others are left out: they are not copies but one
        scene photographed repeatedly, such as parts on a conveyor belt.
    """
    if not fingerprints:
        return []
    # Blocks are scaled as they are needed, since all pictures in floats take four times the memory.
    pairs: list[np.ndarray] = []
    for top in range(0, len(fingerprints), BLOCK):
        block = _scale(fingerprints[top : top + BLOCK])
        for left in range(top, len(fingerprints), BLOCK):
            other = block if left == top else _scale(fingerprints[left : left + BLOCK])
            rows, columns = np.nonzero(block @ other.T >= COPY_CORRELATION)
            alike = np.column_stack([rows + top, columns + left])
            pairs.append(alike[alike[:, 0] < alike[:, 1]])
    found = np.concatenate(pairs)
    found = found[np.lexsort((found[:, 1], found[:, 0]))]
    partners = np.bincount(found.ravel(), minlength=len(fingerprints))
    keep = (partners[found] <= MAX_COPIES).all(axis=1)
    return [(int(first), int(second)) for first, second in found[keep]]


def _scale(fingerprints: Sequence[bytes]) -> np.ndarray:
    """Return fingerprints as rows of length 1, or 0 without structure: float32, (n, 1024)."""
    raw = np.frombuffer(b"".join(fingerprints), np.int8).reshape(len(fingerprints), -1)
    rows = raw.astype(np.float32)
    scaled: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return scaled
