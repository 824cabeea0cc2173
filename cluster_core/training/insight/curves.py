"""Smooth learning curves for drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import fmean
from typing import Any

from cluster_core.model.head.settings import Evaluation

MAX_POINTS = 100


@dataclass(frozen=True)
class CurvePoint:
    """The mean of consecutive evaluations.

    Attributes
    ----------
    step : int
        Step of the last of these evaluations.
    train_accuracy, train_cross_entropy : float
        Accuracy is from 0 to 1.
    validation_accuracy, validation_cross_entropy : float or None
        None without validation pictures.
    """

    step: int
    train_accuracy: float
    train_cross_entropy: float
    validation_accuracy: float | None
    validation_cross_entropy: float | None


_MEASURES = tuple(field.name for field in fields(CurvePoint) if field.name != "step")


def smooth_curve(
    evaluations: Sequence[Evaluation], max_points: int = MAX_POINTS
) -> tuple[CurvePoint, ...]:
    """Reduce a learning curve to at most `max_points` points by averaging neighbours.

    The first evaluation is kept as it is, so that the curve shows where the training started. The
    others are averaged in groups of equal size. A curve of at most `max_points` evaluations is
    not changed.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        In the order of their steps.
    max_points : int
        At least 2.

    Returns
    -------
    tuple of CurvePoint
        Empty for no evaluations.
    """
    if not evaluations:
        return ()
    group_size = -(-(len(evaluations) - 1) // (max_points - 1)) or 1
    groups = [evaluations[:1]]
    groups += [
        evaluations[start : start + group_size] for start in range(1, len(evaluations), group_size)
    ]
    return tuple(_average(group) for group in groups)


def _average(group: Sequence[Evaluation]) -> CurvePoint:
    means: dict[str, Any] = {}
    for name in _MEASURES:
        values = [getattr(evaluation, name) for evaluation in group]
        means[name] = None if None in values else fmean(values)
    return CurvePoint(group[-1].step, **means)
