"""The plots of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cluster_core.evaluation.calibration import measure_calibration
from cluster_core.evaluation.curves import Curve, compute_precision_recall, compute_roc
from cluster_core.evaluation.learning_curve import LearningCurve
from cluster_core.evaluation.report.svg import COLOURS, Axes, Line, draw_plot
from cluster_core.evaluation.scored_pictures import ScoredPictures
from cluster_core.model.bundle.accuracy import format_share

# Up to this many classes, each has its line; of two classes, one says everything.
MAX_LINES = len(COLOURS)
ROC_CAPTION = (
    "ROC: pictures of the class that are found (true positives) against other pictures that are "
    "called this class (false positives). Area 1 is perfect, 0.5 is guessing."
)
PRECISION_RECALL_CAPTION = (
    "Precision (answers that are right) against recall (pictures of the class that are found). "
    "Area 1 is perfect."
)
CURVE_CAPTION = (
    "Accuracy after learning from a part of the pictures. The forecast is a power law: a curve "
    "that rises ever more slowly, fitted to the measured points. The dots on it are today's number "
    "of pictures and twice as many."
)


def list_classes_drawn(scored: ScoredPictures) -> list[int]:
    """Return the indices of the classes with a curve: at most `MAX_LINES`, the largest first."""
    counts = np.bincount(scored.classes, minlength=len(scored.labels))
    return sorted(np.argsort(-counts, kind="stable")[:MAX_LINES].tolist())


def draw_roc(scored: ScoredPictures) -> str:
    """Return the ROC curves of the classes; empty if there are none."""
    found = [compute_roc(scored, number) for number in list_classes_drawn(scored)]
    chance = Line("", (0, 1), (0, 1), is_dashed=True)
    return _draw_curves(found, Axes("other pictures called this class", "pictures found"), [chance])


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


def draw_learning_curve(curve: LearningCurve, n_pictures: int) -> str:
    """Return accuracy against the number of pictures; empty without points.

    Parameters
    ----------
    curve : LearningCurve
    n_pictures : int
        Number of pictures in the dataset; the fitted curve goes on to twice as many, with dots at
        both.
    """
    if not curve.points:
        return ""
    x = [point.n_pictures for point in curve.points]
    y = [point.accuracy for point in curve.points]
    lines = [Line("measured", x, y, COLOURS[0], has_dots=True)]
    forecast = curve.forecast()
    last = x[-1]
    if forecast is not None and not forecast.is_poor:
        grid = np.geomspace(x[0], 2 * n_pictures, 40).tolist()
        fitted = [forecast.predict(n) for n in grid]
        lines.append(Line("forecast", grid, fitted, COLOURS[1], is_dashed=True))
        ends = [n_pictures, 2 * n_pictures]
        dots = [forecast.predict(n) for n in ends]
        lines.append(Line("", ends, dots, COLOURS[1], has_dots=True, has_line=False))
        y, last = [*y, *fitted], 2.0 * n_pictures
    low = min(0.9, np.floor(min(y) * 10) / 10)
    return draw_plot(lines, Axes("pictures learned from", "accuracy", (0, last), (low, 1)))


def describe_calibration(figures: Mapping[str, Any]) -> str:
    """Return how far scores can be taken at their word, from a `summarise_pictures` record."""
    after, before = figures["calibration"], figures["calibration_before_scaling"]
    if after is None:
        return ""
    words = (
        "On the dashed line, 80% of the answers with a score of 80% are right. On average, score "
        f"and accuracy differ by {format_share(after['expected_error'])} (calibration error); "
        f"Brier score (mean squared error of the scores, 0 is perfect) {after['brier']:.3f}"
    )
    if before is None:
        return f"{words}."
    return (
        f"{words}. Before scaling, which adjusts how sure scores are (by a temperature): "
        f"{format_share(before['expected_error'])} and {before['brier']:.3f}."
    )
