"""A novelty detector as one table of numbers and a few named values, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from cluster_core.model.novelty.detector import NoveltyDetector
from cluster_core.storage.saved_values import check_count, check_number

# Beyond what `fit_novelty` makes.
MAX_COLUMNS = 256
MAX_REFERENCE_ROWS = 10_000
MAX_NEIGHBOURS = 100
_MAX_DISTANCE = 1e6


def to_table(detector: NoveltyDetector) -> np.ndarray:
    """Return the arrays of a detector, one below the other: float32, (n_rows, n_dimensions)."""
    return np.vstack([detector.projection, detector.references]).astype("<f4")


def to_record(detector: NoveltyDetector) -> dict[str, Any]:
    """Return the other values of a detector, for JSON."""
    return {
        "neighbours": detector.n_neighbours,
        "half_distance": detector.half_distance,
        "threshold": detector.threshold,
    }


def read_detector(table: np.ndarray, record: object, n_features: int) -> NoveltyDetector:
    """Return the detector that was saved, after validating it.

    Parameters
    ----------
    table : ndarray of float32, (n_rows, n_dimensions)
        As `to_table` made it, of finite numbers.
    record : object
        As `to_record` made it.
    n_features : int
        Number of features of the network.

    Raises
    ------
    ValueError
        If they are not of one detector for such features.
    """
    if not isinstance(record, dict):
        raise ValueError("its novelty is not named values")
    n_rows, n_columns = table.shape
    n_references = n_rows - n_features - 1
    if not (1 <= n_references <= MAX_REFERENCE_ROWS and 1 <= n_columns <= MAX_COLUMNS):
        raise ValueError(f"its table of novelty has the wrong shape {table.shape}")
    n_neighbours = check_count(record["neighbours"])
    half_distance = check_number(record["half_distance"])
    threshold = check_number(record["threshold"])
    if not (
        1 <= n_neighbours <= MAX_NEIGHBOURS
        and 0 < half_distance <= _MAX_DISTANCE
        and 0 <= threshold <= 1
    ):
        raise ValueError("a value of its novelty is out of range")
    projection, references = table[: n_features + 1], table[n_features + 1 :]
    return NoveltyDetector(projection, references, n_neighbours, half_distance, threshold)
