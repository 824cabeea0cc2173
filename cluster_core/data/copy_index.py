"""Find pairs of similar fingerprints among many pictures in n log n time, by hashing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

# Each pair of parts makes a table, 66 in all. The figures of `python -m benchmarks.health copies`
# say how many pairs they find.
N_PARTS = 12
N_TABLES = math.comb(N_PARTS, 2)
DIRECTIONS_PER_PART = 64
N_PROBES = 2
# How many neighbours with the same key are compared: bounds the work on pictures of one scene.
WINDOW = 10
SKETCH_PARTS = 4
# Of 256 signs, 70 differ on average (standard deviation 7) if two rows correlate by 0.65, and 128
# (8) if they are unrelated.
MAX_DIFFERENT_SIGNS = 102
# A first look at 64 of them: 18 (4) against 32 (4).
MAX_DIFFERENT_AT_FIRST = 29
_SEED = 20180913
_PORTION = 4096


def iterate_candidates(rows: np.ndarray, skipped: np.ndarray) -> Iterator[np.ndarray]:
    """Yield pairs of rows that may correlate by 0.65 or more, table by table.

    The method is cross-polytope hashing [1]_ with two probes: in each part of some random
    directions, a row has the number of the direction that it is closest to, and of the second
    closest. Rows that share numbers in two parts are compared by the signs of their
    projections [2]_, but with `WINDOW` neighbours at most, so that the work grows with n log n
    whatever the pictures are.

    Parameters
    ----------
    rows : ndarray of int8, (n, n_values)
        The rows; their lengths do not matter.
    skipped : ndarray of bool, (n,)
        Pairs of two such rows are left out. The caller may change it between tables.

    Yields
    ------
    ndarray of int64, (n_pairs, 2)
        Different pairs of one table, the smaller index first, in ascending order.

    References
    ----------
    .. [1] Andoni, A., Indyk, P., Laarhoven, T., Razenshteyn, I., Schmidt, L. 2015, "Practical and
       optimal LSH for angular distance", NIPS.
    .. [2] Charikar, M. S. 2002, "Similarity estimation techniques from rounding algorithms", STOC.
    """
    closest, sketches = _hash(rows)
    for first, second in combinations(range(N_PARTS), 2):
        third = closest[(second + 1) % N_PARTS, :, 0]
        keys, numbers = _list_keys(closest[first], closest[second], third)
        yield _pair_neighbours(keys, numbers, sketches, skipped)


def _hash(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the closest directions of each row, and the signs of its projections.

    Returns
    -------
    closest : ndarray of int32, (N_PARTS, n, N_PROBES)
        2 * the number of a direction in its part, + 1 for the opposite direction.
    sketches : ndarray of uint64, (n, 4)
        256 signs.
    """
    random = np.random.default_rng(_SEED)
    directions = random.standard_normal((rows.shape[1], N_PARTS * DIRECTIONS_PER_PART), np.float32)
    closest = np.empty((N_PARTS, len(rows), N_PROBES), np.int32)
    sketches = np.empty((len(rows), SKETCH_PARTS * DIRECTIONS_PER_PART // 64), np.uint64)
    for start in range(0, len(rows), _PORTION):
        portion = slice(start, start + _PORTION)
        projected = rows[portion].astype(np.float32) @ directions
        signs = projected[:, : SKETCH_PARTS * DIRECTIONS_PER_PART] > 0
        sketches[portion] = np.packbits(signs, axis=1).view(np.uint64)
        every = np.arange(len(projected))
        for part in range(N_PARTS):
            values = projected[:, part * DIRECTIONS_PER_PART :][:, :DIRECTIONS_PER_PART]
            sizes = np.abs(values)
            for probe in range(N_PROBES):
                best = sizes.argmax(axis=1)
                closest[part, portion, probe] = 2 * best + (values[every, best] < 0)
                sizes[every, best] = -1
    return closest, sketches


def _list_keys(
    first: np.ndarray, second: np.ndarray, third: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys of each row in ascending order, and the row of each key.

    A third part orders the rows of one key, so that similar ones are neighbours.
    """
    n_values = 2 * DIRECTIONS_PER_PART
    keys = first[:, :, np.newaxis] * n_values + second[:, np.newaxis, :]
    ordered = keys.reshape(len(third), -1) * n_values + third[:, np.newaxis]
    position = np.argsort(ordered, axis=None)
    return ordered.ravel()[position] // n_values, position // ordered.shape[1]


def _pair_neighbours(
    keys: np.ndarray, numbers: np.ndarray, sketches: np.ndarray, skipped: np.ndarray
) -> np.ndarray:
    """Return the pairs of rows with equal keys and similar signs: int64, (n_pairs, 2)."""
    found = [np.empty(0, np.int64)]
    for start in range(0, len(keys), _PORTION):
        rows = numbers[start : start + _PORTION + WINDOW]
        its_keys, its_sketches = keys[start : start + _PORTION + WINDOW], sketches[rows]
        some_signs = its_sketches[:, 0].copy()
        for distance in range(1, min(WINDOW, len(rows) - 1) + 1):
            different = np.bitwise_count(some_signs[:-distance] ^ some_signs[distance:])
            is_likely = different <= MAX_DIFFERENT_AT_FIRST
            places = np.flatnonzero((its_keys[:-distance] == its_keys[distance:]) & is_likely)
            signs = its_sketches[places] ^ its_sketches[places + distance]
            n_different = np.bitwise_count(signs).sum(axis=1, dtype=np.uint16)
            places = places[n_different <= MAX_DIFFERENT_SIGNS]
            one, other = rows[places], rows[places + distance]
            kept = (one != other) & ~(skipped[one] & skipped[other])
            low, high = np.minimum(one[kept], other[kept]), np.maximum(one[kept], other[kept])
            found.append(low * len(sketches) + high)
    codes = np.unique(np.concatenate(found))
    return np.column_stack(np.divmod(codes, len(sketches)))
