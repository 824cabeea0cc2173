"""Allocate arrays that TensorFlow can use where they are."""

from __future__ import annotations

import numpy as np

ALIGNMENT_BYTES = 64


def allocate_aligned(*shape: int) -> np.ndarray:
    """Return an array of float32 with undefined content, at a multiple of `ALIGNMENT_BYTES`.

    NumPy aligns to 16 bytes, and TensorFlow copies what is not aligned to 64.
    """
    n_bytes = int(np.prod(shape)) * np.dtype(np.float32).itemsize
    raw = np.empty(n_bytes + ALIGNMENT_BYTES, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT_BYTES
    return raw[start : start + n_bytes].view(np.float32).reshape(shape)
