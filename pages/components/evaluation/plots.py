"""The plots of an evaluation, as Vega-Lite specifications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cluster_core.evaluation.calibration import Calibration
from cluster_core.evaluation.coverage import compute_coverage
from cluster_core.evaluation.curves import Curve
from cluster_core.evaluation.learning_curve import LearningCurve
from cluster_core.evaluation.scored_pictures import ScoredPictures
from cluster_core.evaluation.words import describe_coverage
from cluster_core.model.bundle.accuracy import format_share
from pages.components.charts import COLOURS

Spec = dict[str, Any]
HEIGHT_PX = 320
LEGEND_LINE_PX = 22
# A curve of 10,000 pictures would make the page slow.
MAX_POINTS = 300
_SHARE = {"format": ".0%", "tickCount": 5}
_LEGEND = {"orient": "top", "columns": 1, "labelLimit": 320, "offset": 4, "padding": 0}


def draw_curves(curves: Sequence[Curve], x_title: str, y_title: str, *, diagonal: bool) -> Spec:
    """Draw curves of classes, each against all others.

    Parameters
    ----------
    curves : sequence of Curve
        At most as many as there are colours.
    x_title, y_title : str
    diagonal : bool
        Whether to draw where guesses would be.
    """
    names = [f"{curve.label}: area {curve.area:.3f}" for curve in curves]
    rows = [
        {"curve": name, "x": float(curve.x[number]), "y": float(curve.y[number]), "order": number}
        for name, curve in zip(names, curves, strict=True)
        for number in _thin(len(curve.x))
    ]
    line = {
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": 2, "clip": True},
        "encoding": {
            "x": _share_axis("x", x_title),
            "y": _share_axis("y", y_title),
            "order": {"field": "order"},
            "color": _colour("curve", names),
            "tooltip": [
                {"field": "curve", "title": "class"},
                {"field": "x", "title": x_title, "format": ".1%"},
                {"field": "y", "title": y_title, "format": ".1%"},
            ],
        },
    }
    layer = [*([_draw_diagonal()] if diagonal else []), line]
    return {
        "description": f"{y_title} against {x_title}; {', '.join(names)}".capitalize(),
        "height": HEIGHT_PX + LEGEND_LINE_PX * len(names),
        "layer": layer,
    }


def draw_reliability(kinds: Sequence[tuple[str, Calibration]]) -> Spec:
    """Draw how often answers are right against their score, with 95 % intervals.

    Parameters
    ----------
    kinds : sequence of (str, Calibration)
        Each with its name in the legend.
    """
    rows = [
        {
            "kind": name,
            "score": one.score,
            "right": one.accuracy,
            "low": one.interval[0],
            "high": one.interval[1],
            "n": one.n,
        }
        for name, calibration in kinds
        for one in calibration.bins
    ]
    x, colour = _share_axis("score", "score"), _colour("kind", [name for name, _ in kinds])
    y_title = "share that is right"
    tooltip = [
        {"field": "kind", "title": "scores"},
        {"field": "score", "format": ".0%"},
        {"field": "right", "title": y_title, "format": ".0%"},
        {"field": "n", "title": "pictures"},
    ]
    points = ", ".join(
        f"{format_share(one.accuracy)} at a score of {format_share(one.score)}"
        for one in kinds[-1][1].bins
    )
    return {
        "description": f"Share of answers that are right, against their score: {points}",
        "height": HEIGHT_PX + 2 * LEGEND_LINE_PX,
        "layer": [
            _draw_diagonal(),
            {
                "data": {"values": rows},
                "mark": {"type": "rule", "opacity": 0.45},
                "encoding": {
                    "x": x,
                    "y": _share_axis("low", y_title),
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "data": {"values": rows},
                "mark": {"type": "line", "point": {"size": 60}, "strokeWidth": 2},
                "encoding": {
                    "x": x,
                    "y": _share_axis("right", y_title),
                    "color": colour,
                    "tooltip": tooltip,
                },
            },
        ],
    }


def draw_learning_curve(curve: LearningCurve, n_pictures: int) -> Spec:
    """Draw accuracy against the number of pictures that were learned from.

    Parameters
    ----------
    curve : LearningCurve
    n_pictures : int
        Number of pictures in the dataset; the fitted curve goes on to twice as many, with dots at
        both.
    """
    names = ["measured", "forecast"]
    rows = [
        {"kind": names[0], "pictures": point.n_pictures, "accuracy": point.accuracy}
        for point in curve.points
    ]
    forecast = curve.forecast()
    fitted: list[dict[str, Any]] = []
    dots: list[dict[str, Any]] = []
    if forecast is not None and not forecast.is_poor:
        numbers = np.geomspace(curve.points[0].n_pictures, 2 * n_pictures, 60).tolist()
        fitted, dots = (
            [{"kind": names[1], "pictures": n, "accuracy": forecast.predict(n)} for n in some]
            for some in (numbers, [n_pictures, 2 * n_pictures])
        )
    lowest = min(row["accuracy"] for row in [*rows, *fitted])
    y = _share_axis("accuracy", "accuracy")
    y["scale"] = {"domain": [min(0.9, float(np.floor(lowest * 10) / 10)), 1], "clamp": True}
    encoding = {
        "x": {
            "field": "pictures",
            "type": "quantitative",
            "title": "pictures learned from",
            "axis": {"grid": False, "format": ",.0f"},
        },
        "y": y,
        "color": _colour("kind", names if fitted else names[:1]),
        "tooltip": [
            {"field": "pictures", "format": ",.0f"},
            {"field": "accuracy", "format": ".1%"},
        ],
    }
    dashed = {"type": "line", "strokeWidth": 2, "strokeDash": [6, 4]}
    solid = {"type": "line", "strokeWidth": 2, "point": {"size": 60}}
    points = ", ".join(
        f"{row['kind']} {format_share(row['accuracy'])} from {row['pictures']:,.0f}"
        for row in [*rows, *dots]
    )
    return {
        "description": f"Accuracy against the number of pictures learned from: {points}",
        "height": HEIGHT_PX + 2 * LEGEND_LINE_PX,
        "encoding": encoding,
        "layer": [
            {"data": {"values": fitted}, "mark": dashed},
            {"data": {"values": dots}, "mark": {"type": "point", "filled": True, "size": 60}},
            {"data": {"values": rows}, "mark": solid},
        ],
    }


def draw_coverage(scored: ScoredPictures, threshold: float) -> Spec:
    """Draw the share of answers and their accuracy against the score below which all are unsure."""
    names = ["pictures with an answer", "answers that are right"]
    best, is_right = scored.best_scores, scored.is_right
    rows = []
    for value in np.linspace(0, 1, 101).round(2).tolist():
        coverage = compute_coverage(best, is_right, value)
        rows.append({"below": value, "kind": names[0], "share": coverage.share})
        if coverage.accuracy is not None:
            rows.append({"below": value, "kind": names[1], "share": coverage.accuracy})
    x = _share_axis("below", "unsure below")
    chosen = describe_coverage(compute_coverage(best, is_right, threshold))
    return {
        "description": f"Answers by limit. Unsure below {format_share(threshold)}: {chosen}",
        "height": HEIGHT_PX + 2 * LEGEND_LINE_PX,
        "layer": [
            {
                "data": {"values": rows},
                "mark": {"type": "line", "strokeWidth": 2, "interpolate": "step-after"},
                "encoding": {
                    "x": x,
                    "y": _share_axis("share", None),
                    "color": _colour("kind", names),
                    "tooltip": [
                        {"field": "below", "title": "unsure below", "format": ".0%"},
                        {"field": "kind", "title": "share of"},
                        {"field": "share", "format": ".1%"},
                    ],
                },
            },
            {
                "data": {"values": [{"below": threshold}]},
                "mark": {"type": "rule", "color": "gray", "strokeDash": [4, 3]},
                "encoding": {"x": x},
            },
        ],
    }


def _thin(n: int) -> list[int]:
    return sorted(set(np.linspace(0, n - 1, min(n, MAX_POINTS)).astype(int).tolist()))


def _share_axis(field: str, title: str | None) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "axis": _SHARE,
        "scale": {"domain": [0, 1]},
    }


def _colour(field: str, names: Sequence[str]) -> Spec:
    return {
        "field": field,
        "title": None,
        "scale": {"domain": list(names), "range": list(COLOURS[: len(names)])},
        "legend": _LEGEND,
    }


def _draw_diagonal() -> Spec:
    return {
        "data": {"values": [{"x": 0, "y": 0}, {"x": 1, "y": 1}]},
        "mark": {"type": "line", "strokeDash": [4, 4], "strokeWidth": 1, "color": "gray"},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
        },
    }
