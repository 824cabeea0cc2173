"""The plots of a report."""

from __future__ import annotations

import numpy as np

from cluster_core.evaluation.calibration import measure_calibration
from cluster_core.evaluation.curves import Curve, compute_precision_recall, compute_roc
from cluster_core.evaluation.learning_curve import LearningCurve
from cluster_core.evaluation.report.svg import COLOURS, Axes, Line, draw_plot
from cluster_core.evaluation.scored_pictures import ScoredPictures

# Up to this many classes, each has its line; of two classes, one says everything.
MAX_LINES = len(COLOURS)


def list_classes_drawn(scored: ScoredPictures) -> list[int]:
    """Return the indices of the classes with a curve: at most `MAX_LINES`, the largest first."""
    counts = np.bincount(scored.classes, minlength=len(scored.labels))
    return sorted(np.argsort(-counts, kind="stable")[:MAX_LINES].tolist())


def draw_roc(scored: ScoredPictures) -> str:
    """Return the ROC curves of the classes; empty if there are none."""
    found = [compute_roc(scored, number) for number in list_classes_drawn(scored)]
    chance = Line("", (0, 1), (0, 1), is_dashed=True)
    return _draw_curves(found, Axes("false positives", "true positives"), [chance])


def draw_precision_recall(scored: ScoredPictures) -> str:
    """Return the precision-recall curves of the classes; empty if there are none."""
    found = [compute_precision_recall(scored, number) for number in list_classes_drawn(scored)]
    return _draw_curves(found, Axes("recall", "precision"), [])


def _draw_curves(curves: list[Curve | None], axes: Axes, others: list[Line]) -> str:
    lines = [
        Line(f"{one.label}: area {one.area:.3f}", one.x.tolist(), one.y.tolist(), colour)
        for one, colour in zip(curves, COLOURS, strict=False)
        if one is not None
    ]
    return draw_plot([*others, *lines], axes) if lines else ""


def draw_reliability(scored: ScoredPictures) -> str:
    """Return the reliability diagram before and after scaling; empty for too few pictures."""
    kinds = [("after scaling", scored.scores, COLOURS[0])]
    if scored.raw_scores is not None:
        kinds.insert(0, ("before scaling", scored.raw_scores, COLOURS[1]))
    lines = []
    for name, scores, colour in kinds:
        found = measure_calibration(scores, scored.classes)
        if found is not None:
            x, y = [one.score for one in found.bins], [one.accuracy for one in found.bins]
            lines.append(Line(name, x, y, colour, has_dots=True))
    perfect = Line("", (0, 1), (0, 1), is_dashed=True)
    return draw_plot([perfect, *lines], Axes("score", "share that is right")) if lines else ""


def draw_learning_curve(curve: LearningCurve) -> str:
    """Return accuracy against the number of pictures, and its power law; empty without points."""
    if not curve.points:
        return ""
    x = [point.n_pictures for point in curve.points]
    y = [point.accuracy for point in curve.points]
    lines = [Line("measured", x, y, COLOURS[0], has_dots=True)]
    forecast = curve.forecast()
    last = x[-1]
    if forecast is not None and not forecast.is_poor:
        grid = np.geomspace(x[0], 2 * last, 40)
        fitted = [forecast.predict(n) for n in grid.tolist()]
        lines.append(Line("power law", grid.tolist(), fitted, COLOURS[1], is_dashed=True))
        y, last = [*y, *fitted], 2 * last
    low = min(0.9, np.floor(min(y) * 10) / 10)
    return draw_plot(lines, Axes("pictures learned from", "accuracy", (0, last), (low, 1)))
