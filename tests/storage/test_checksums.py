"""Checksums of cache entries."""

from __future__ import annotations

import pytest

from cluster_core.storage.checksums import seal, unseal


def test_sealed_content_comes_back():
    for content in (b"", b"x", bytes(range(256)) * 40):
        assert unseal(seal(content, "key", 3), "key", 3) == content


def test_every_flipped_bit_is_found():
    sealed = seal(b"features", "key")
    for position in range(8 * len(sealed)):
        damaged = bytearray(sealed)
        damaged[position // 8] ^= 1 << position % 8
        assert unseal(bytes(damaged), "key") is None


def test_content_of_another_key_is_damaged():
    assert unseal(seal(b"features", "view", "a"), "view", "b") is None


@pytest.mark.parametrize("value", [None, 5, 0.5, "text", b"", b"abc", b"never sealed"])
def test_value_without_a_checksum_is_damaged(value):
    assert unseal(value, "key") is None
