"""Arrays that TensorFlow shares."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_core.model.features.alignment import ALIGNMENT_BYTES, allocate_aligned


@pytest.mark.parametrize("shape", [(1,), (3, 5), (7, 8, 256)])
def test_array_is_aligned_and_writable(shape):
    array = allocate_aligned(*shape)
    array[...] = 7
    assert array.shape == shape
    assert array.dtype == np.float32
    assert array.ctypes.data % ALIGNMENT_BYTES == 0
    assert array.flags.c_contiguous
