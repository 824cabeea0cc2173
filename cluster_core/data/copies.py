"""Find the copies of pictures among many, by the correlation of their fingerprints."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cluster_core.blas import on_one_thread
from cluster_core.data.copy_index import N_TABLES, iterate_candidates

COPY_CORRELATION = 0.65
# Where one star, a compact core or a frame outshines all else, pictures correlate by 0.65 if it is
# in the same place. With the square roots of the values, copies correlate by 0.55 or more, pictures
# with such a core by 0.43 on average, and those with such a star by 0.33 at most.
ROOT_CORRELATION = 0.55
MAX_COPIES = 10
# Up to this number, comparing all pairs is the fastest way.
EXACT_UP_TO = 4096
BLOCK = 2048
_PAIRS_IN_CACHE = 256


def find_copies(
    fingerprints: Sequence[bytes], on_progress: Callable[[int, int], None] | None = None
) -> list[tuple[int, int]]:
    """Find the pairs of pictures that are copies of each other.

    Up to 4,096 pictures, all pairs are compared. Of more, those that share a hash are, in n log n
    time; see `iterate_candidates`.

    Parameters
    ----------
    fingerprints : sequence of bytes
        One per picture, from `compute_fingerprint`.
    on_progress : callable, optional
        Called with (steps done, steps in total) if there are more than 4,096. It may raise to
        stop.

    Returns
    -------
    list of (int, int)
        Index pairs in ascending order, the smaller index first. Two pictures are
        copies if their fingerprints correlate by 0.65 or more; see `find_lookalikes`. Pictures that
        resemble more than ten others are left out: they are not copies but one
        scene photographed repeatedly, such as parts on a conveyor belt.
    """
    found = find_lookalikes(fingerprints, on_progress)
    n_partners = np.bincount(found.ravel(), minlength=len(fingerprints))
    keep = (n_partners[found] <= MAX_COPIES).all(axis=1)
    return [(int(one), int(other)) for one, other in found[keep]]


def find_copies_exactly(fingerprints: Sequence[bytes]) -> list[tuple[int, int]]:
    """Find copies as `find_copies` does, but compare all pairs, however many there are.

    Splits of earlier versions depend on it.
    """
    found = _compare_all(fingerprints)
    n_partners = np.bincount(found.ravel(), minlength=len(fingerprints))
    keep = (n_partners[found] <= MAX_COPIES).all(axis=1)
    return [(int(one), int(other)) for one, other in found[keep]]


def find_lookalikes(
    fingerprints: Sequence[bytes], on_progress: Callable[[int, int], None] | None = None
) -> np.ndarray:
    """Find pairs of pictures whose fingerprints correlate by 0.65 or more.

    Parameters
    ----------
    fingerprints : sequence of bytes
        One per picture, from `compute_fingerprint`.
    on_progress : callable, optional
        As in `find_copies`.

    Returns
    -------
    ndarray of int64, (n_pairs, 2)
        Pairs as of `find_copies`, with those of pictures that resemble more than ten others.
        Of more than 4,096 pictures, such a picture has more than ten pairs, but not all. There,
        the square roots of the values must correlate by 0.55 or more as well: the pairs that are
        alike by chance grow with the square of the number of pictures.
    """
    if len(fingerprints) <= EXACT_UP_TO:
        return _compare_all(fingerprints)
    raw = _stack(fingerprints)
    has_structure = np.flatnonzero(raw.any(axis=1))
    if not len(has_structure):  # blank pictures, of which there are no pairs
        return np.empty((0, 2), np.int64)
    pairs: np.ndarray = has_structure[_compare_candidates(raw[has_structure], on_progress)]
    return pairs


def compute_correlations(
    fingerprints: Sequence[bytes], pairs: np.ndarray, exponent: float = 1.0
) -> np.ndarray:
    """Return the correlation of the fingerprints of each pair.

    Parameters
    ----------
    fingerprints : sequence of bytes
        One per picture, from `compute_fingerprint`.
    pairs : ndarray of int, (n_pairs, 2)
    exponent : float
        Values are raised to it, with their signs kept. With 0.5, a single bright point or edge
        counts less against the rest of the picture.

    Returns
    -------
    ndarray of float32, (n_pairs,)
        -1 to 1; 0 without structure.
    """
    return _correlate_scaled(_stack(fingerprints), pairs, exponent)


def _correlate_scaled(raw: np.ndarray, pairs: np.ndarray, exponent: float) -> np.ndarray:
    found = [np.empty(0, np.float32)]
    for start in range(0, len(pairs), BLOCK):
        sides = (raw[pairs[start : start + BLOCK, side]] for side in (0, 1))
        found.append(np.einsum("pi,pi->p", *(_scale(side, exponent) for side in sides)))
    return np.concatenate(found)


def _compare_all(fingerprints: Sequence[bytes]) -> np.ndarray:
    """Return the pairs that correlate, by comparing all with all: int64, (n_pairs, 2)."""
    pairs = [np.empty((0, 2), np.int64)]
    # Blocks are scaled as they are needed, since all pictures in floats take four times the memory.
    for top in range(0, len(fingerprints), BLOCK):
        block = _scale(_stack(fingerprints[top : top + BLOCK]))
        for left in range(top, len(fingerprints), BLOCK):
            other = block if left == top else _scale(_stack(fingerprints[left : left + BLOCK]))
            with on_one_thread(len(fingerprints)):
                correlations = block @ other.T
            rows, columns = np.nonzero(correlations >= COPY_CORRELATION)
            alike = np.column_stack([rows + top, columns + left])
            pairs.append(alike[alike[:, 0] < alike[:, 1]])
    found = np.concatenate(pairs)
    return found[np.lexsort((found[:, 1], found[:, 0]))]


def _compare_candidates(
    raw: np.ndarray, on_progress: Callable[[int, int], None] | None
) -> np.ndarray:
    """Return the candidate pairs that correlate: int64, (n_pairs, 2)."""
    n = len(raw)
    lengths = _measure_lengths(raw)
    known = np.empty(0, np.int64)
    in_series = np.zeros(n, bool)
    for done, candidates in enumerate(iterate_candidates(raw, in_series), start=1):
        codes = candidates[:, 0] * n + candidates[:, 1]
        new = candidates[~np.isin(codes, known, assume_unique=True)]
        new = new[_correlate(raw, lengths, new) >= COPY_CORRELATION]
        new = new[_correlate_scaled(raw, new, 0.5) >= ROOT_CORRELATION]
        known = np.union1d(known, new[:, 0] * n + new[:, 1])
        n_partners = np.bincount(np.concatenate(np.divmod(known, n)), minlength=n)
        in_series[:] = n_partners > MAX_COPIES
        if on_progress:
            on_progress(done, N_TABLES)
    return np.column_stack(np.divmod(known, n))


def _measure_lengths(raw: np.ndarray) -> np.ndarray:
    """Return the length of each row: float64, (n,)."""
    squares = [np.empty(0, np.int32)]
    for start in range(0, len(raw), BLOCK):
        block = raw[start : start + BLOCK].astype(np.int16)
        squares.append((block * block).sum(axis=1, dtype=np.int32))
    lengths: np.ndarray = np.sqrt(np.concatenate(squares))
    return lengths


def _correlate(raw: np.ndarray, lengths: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the correlation of each pair of rows, none of length 0: float64, (n_pairs,)."""
    found = [np.empty(0)]
    # Whole numbers, and blocks that the processor's cache holds, are five times as fast.
    for start in range(0, len(pairs), _PAIRS_IN_CACHE):
        one, other = pairs[start : start + _PAIRS_IN_CACHE].T
        products = raw[one].astype(np.int16)
        products *= raw[other]
        found.append(products.sum(axis=1, dtype=np.int32) / (lengths[one] * lengths[other]))
    return np.concatenate(found)


def _stack(fingerprints: Sequence[bytes]) -> np.ndarray:
    """Return fingerprints as rows: int8, (n, 1024)."""
    return np.frombuffer(b"".join(fingerprints), np.int8).reshape(len(fingerprints), -1)


def _scale(raw: np.ndarray, exponent: float = 1.0) -> np.ndarray:
    """Return rows of length 1, or 0 without structure: float32, of the same shape."""
    rows = raw.astype(np.float32)
    if exponent != 1:
        rows = np.sign(rows) * np.abs(rows) ** np.float32(exponent)
    scaled: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return scaled
