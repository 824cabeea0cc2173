"""A novelty detector as one table of numbers and a few named values, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from cluster_core.model.novelty.detector import NoveltyDetector
from cluster_core.model.novelty.distance import MAX_AXES, ClassShapes
from cluster_core.storage.saved_values import check_count, check_number

# Far beyond what `fit_novelty` makes.
_MIN_UNIT, _MAX_NUMBER = 1e-12, 1e9


def to_table(detector: NoveltyDetector) -> np.ndarray:
    """Return the arrays of a detector as rows: float32, (n_rows, n_features + 1).

    The first row is the log odds. The means and then the axes follow, with a last column of 0.
    """
    shapes = np.vstack([detector.shapes.means, detector.shapes.axes])
    return np.vstack([detector.log_odds, np.pad(shapes, ((0, 0), (0, 1)))]).astype("<f4")


def to_record(detector: NoveltyDetector) -> dict[str, Any]:
    """Return the other values of a detector, for JSON."""
    return {
        "classes": len(detector.shapes.means),
        "unit": detector.shapes.unit,
        "distance_weight": detector.distance_weight,
        "offset": detector.offset,
        "threshold": detector.threshold,
    }


def read_detector(table: np.ndarray, record: object, n_features: int) -> NoveltyDetector:
    """Return the detector that was saved, after validating it.

    Parameters
    ----------
    table : ndarray of float32, (n_rows, n_features + 1)
        As `to_table` made it, of finite numbers.
    record : object
        As `to_record` made it.
    n_features : int
        Number of features of the network.

    Raises
    ------
    ValueError, KeyError, OverflowError
        If they are not of one detector for such features.
    """
    if not isinstance(record, dict):
        raise ValueError("its novelty is not named values")
    n_classes = check_count(record["classes"])
    n_axes = len(table) - 1 - n_classes
    if table.shape[1] != n_features + 1 or n_classes < 1 or not 0 <= n_axes <= MAX_AXES:
        raise ValueError(f"its table of novelty has the wrong shape {table.shape}")
    unit, weight = check_number(record["unit"]), check_number(record["distance_weight"])
    offset, threshold = check_number(record["offset"]), check_number(record["threshold"])
    is_in_range = _MIN_UNIT <= unit <= _MAX_NUMBER and 0 <= weight <= _MAX_NUMBER
    if not (is_in_range and abs(offset) <= _MAX_NUMBER and 0 <= threshold <= 1):
        raise ValueError("a value of its novelty is out of range")
    means, axes = table[1 : 1 + n_classes, :-1], table[1 + n_classes :, :-1]
    return NoveltyDetector(ClassShapes(means, axes, unit), table[0], weight, offset, threshold)
