"""The search for copies among many pictures."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_core.data import copies
from cluster_core.data.copies import (
    MAX_COPIES,
    compute_correlations,
    find_copies,
    find_copies_exactly,
    find_lookalikes,
)

N = 600


@pytest.fixture(autouse=True)
def hashed_search(monkeypatch):
    monkeypatch.setattr(copies, "EXACT_UP_TO", 0)


def draw(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 30, (n, 1024))


def to_fingerprints(rows: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in np.rint(rows).clip(-127, 127).astype(np.int8)]


def add_copies(rows: np.ndarray, n: int, noise: float, seed: int = 1) -> np.ndarray:
    """Append copies of the first n rows, with noise of this share of their spread."""
    copied = rows[:n] + np.random.default_rng(seed).normal(0, 30 * noise, (n, rows.shape[1]))
    return np.concatenate([rows, copied / np.hypot(1, noise)])


@pytest.mark.parametrize("noise", [0, 0.3, 0.6, 0.9])
def test_hashed_search_finds_the_same_copies_as_the_exact_one(noise):
    prints = to_fingerprints(add_copies(draw(N), 100, noise))
    expected = find_copies_exactly(prints)
    assert len(expected) == 100
    assert find_copies(prints) == expected


def test_pictures_without_structure_have_no_copies():
    prints = [*to_fingerprints(draw(20)), *[bytes(1024)] * 20]
    assert find_copies(prints) == []


def test_large_scene_has_a_bounded_number_of_pairs_and_hides_no_copies():
    scene = draw(1) + np.random.default_rng(2).normal(0, 5, (2_000, 1024))
    prints = to_fingerprints(np.concatenate([scene, add_copies(draw(50, 3), 5, 0.2)]))
    found = find_lookalikes(prints)
    partners = np.bincount(found.ravel(), minlength=len(prints))
    assert partners[:2_000].min() > MAX_COPIES
    assert len(found) < 400 * 2_000  # all pairs would be 2,000,000
    assert find_copies(prints) == [(2_000 + n, 2_050 + n) for n in range(5)]


def test_search_gives_the_same_pairs_each_time():
    prints = to_fingerprints(add_copies(draw(N), 50, 0.9))
    assert find_copies(prints) == find_copies(prints)


def test_correlation_of_compressed_values_ignores_a_single_bright_point():
    rows = draw(2) / 10
    rows[:, 500] = 127
    pair = np.array([[0, 1]])
    prints = to_fingerprints(rows)
    assert compute_correlations(prints, pair)[0] > 0.5
    assert compute_correlations(prints, pair, 0.5)[0] < 0.3


def test_stars_in_one_place_make_no_copies_of_many_pictures():
    rows = draw(200) / 15
    rows[:100, 500] = rows[100:, 600] = 127
    copied = rows[:5] + draw(5, 1) / 100
    assert find_copies(to_fingerprints(np.concatenate([rows, copied]))) == [
        (n, 200 + n) for n in range(5)
    ]


def test_many_blank_pictures_are_not_copies():
    assert find_copies([bytes(32 * 32)] * 3) == []
