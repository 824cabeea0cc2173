"""Learning curves with as many points as an eye can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import fmean
from typing import Any

from cluster_core.model.head.settings import Evaluation

MAX_POINTS = 100


@dataclass(frozen=True)
class CurvePoint:
    """A stretch of a training: the mean of its evaluations, at the step of the last.

    Attributes
    ----------
    step : int
    train_accuracy, train_cross_entropy : float
    validation_accuracy, validation_cross_entropy : float or None
        None where there are no validation pictures.
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
    """Return a curve that can be drawn at once, its noise averaged where it has many points.

    The first evaluation stands alone, so that a curve shows where it began. The
    others are taken together in stretches of equal length; a curve of at most
    `max_points` evaluations is returned as it is.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        In the order of their steps.
    max_points : int
        At least 2.
    """
    if not evaluations:
        return ()
    length = -(-(len(evaluations) - 1) // (max_points - 1)) or 1
    stretches = [evaluations[:1]]
    stretches += [evaluations[at : at + length] for at in range(1, len(evaluations), length)]
    return tuple(_average(stretch) for stretch in stretches)


def _average(stretch: Sequence[Evaluation]) -> CurvePoint:
    means: dict[str, Any] = {}
    for name in _MEASURES:
        values = [getattr(evaluation, name) for evaluation in stretch]
        means[name] = None if None in values else fmean(values)
    return CurvePoint(stretch[-1].step, **means)
