"""Small linear algebra on one thread."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from cluster_core.blas import FEW_PICTURES, on_one_thread


def count_threads() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_blocks_within_blocks_use_one_thread_until_the_last_ends():
    before = count_threads()
    with on_one_thread():
        with on_one_thread():
            assert count_threads() <= {1}
        assert count_threads() <= {1}
    assert count_threads() == before


def test_exception_ends_the_block():
    before = count_threads()
    with pytest.raises(ValueError, match="stop"), on_one_thread():
        raise ValueError("stop")
    assert count_threads() == before


def test_many_pictures_keep_all_threads():
    before = count_threads()
    with on_one_thread(FEW_PICTURES + 1):
        assert count_threads() == before
