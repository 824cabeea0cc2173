"""Learning curves of trainings, as Vega-Lite charts."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cluster_core.model.head.settings import Evaluation
from cluster_core.training.insight.curves import smooth_curve

# Distinguishable with colour blindness, on a white and on a black background.
COLOURS = ("#4C78D8", "#E8871E", "#3AA887", "#C44E9C", "#8A7AD8", "#B8A024", "#D8504C", "#6C8EA0")
SIDES = {"train": "training", "validation": "validation"}
HEIGHT_PX = 280
LEGEND_LINE_PX = 22
DATA = "curves"
MAX_FLOOR = 0.7

Spec = dict[str, Any]


class Measure(StrEnum):
    """The quantity that a chart shows; an evaluation has it for both sides."""

    ACCURACY = "accuracy"
    CROSS_ENTROPY = "cross_entropy"

    @property
    def heading(self) -> str:
        """Title of the chart."""
        return "Error (cross entropy)" if self is Measure.CROSS_ENTROPY else "Accuracy"

    @property
    def explanation(self) -> str:
        """How to read the chart, in plain words."""
        if self is Measure.CROSS_ENTROPY:
            return "How far the scores are from the right answers. Lower is better."
        return (
            "The share of pictures labelled correctly. Training can be below validation: its "
            "pictures include turned, mirrored or distorted views."
        )

    @property
    def axis_format(self) -> str:
        """D3 format of the numbers on the axis."""
        return ".0%" if self is Measure.ACCURACY else ".2f"

    @property
    def exact_format(self) -> str:
        """D3 format of the numbers in the tooltip."""
        return ".1%" if self is Measure.ACCURACY else ".3f"


@dataclass(frozen=True)
class _Frame:
    """The axes of a chart: their limits, None where they follow the data, and the height."""

    floor: float | None
    height_px: int
    n_steps: int | None = None


def draw_learning_curve(
    evaluations: Sequence[Evaluation],
    measure: Measure,
    n_steps: int | None = None,
    height_px: int = HEIGHT_PX,
) -> Spec:
    """Draw one measure of one training, with one line per side.

    Parameters
    ----------
    evaluations : sequence of Evaluation
    measure : Measure
    n_steps : int, optional
        Last step on the axis; by default that of the last evaluation.
    height_px : int

    Returns
    -------
    dict
        A Vega-Lite specification, for `st.vega_lite_chart`. For other evaluations only its
        data differ, so that the browser updates the points and not the whole chart.
    """
    rows = [
        {"step": row["step"], "curve": side, "of": SIDES[side], "value": value}
        for row, side, value in _list_values(evaluations, measure)
    ]
    floor = _find_floor(rows, measure)
    layout = copy.deepcopy(_lay_out_one(measure, _Frame(floor, height_px, n_steps)))
    return {**layout, "datasets": {DATA: rows}}


def draw_comparison(
    runs: Mapping[str, Sequence[Evaluation]], measure: Measure, height_px: int = HEIGHT_PX
) -> Spec:
    """Draw one measure of several trainings: one colour per training, validation dashed.

    Parameters
    ----------
    runs : mapping of str to sequence of Evaluation
        Evaluations by the name of the training in the legend.
    measure : Measure
    height_px : int
        Height of the plot; the legend is added to it.

    Returns
    -------
    dict
        A Vega-Lite specification, for `st.vega_lite_chart`.
    """
    rows = [
        {"step": row["step"], "curve": f"{side}{n}", "run": name, "of": SIDES[side], "value": value}
        for n, (name, evaluations) in enumerate(runs.items())
        for row, side, value in _list_values(evaluations, measure)
    ]
    # The legend takes one line per run, and one for the sides.
    frame = _Frame(_find_floor(rows, measure), height_px + LEGEND_LINE_PX * (len(runs) + 1))
    layout = _lay_out_several(measure, tuple(runs), frame)
    return {**layout, "datasets": {DATA: rows}}


def _list_values(
    evaluations: Sequence[Evaluation], measure: Measure
) -> list[tuple[dict[str, Any], str, float]]:
    rows = [vars(point) for point in smooth_curve(evaluations)]
    found = [(row, side, row[f"{side}_{measure}"]) for row in rows for side in SIDES]
    return [(row, side, value) for row, side, value in found if value is not None]


def _find_floor(rows: list[dict[str, Any]], measure: Measure) -> float | None:
    """Return where the accuracy axis starts: at or below the lowest value, never above 0.7."""
    if measure is not Measure.ACCURACY:
        return None
    lowest = min((row["value"] for row in rows), default=0.0)
    return min(MAX_FLOOR, math.floor(lowest * 10) / 10)


# Altair takes 30 ms to validate a chart, and a live chart is redrawn several times a second.
@functools.lru_cache(maxsize=64)
def _lay_out_one(measure: Measure, frame: _Frame) -> Spec:
    import altair as alt  # only where a chart is drawn: it takes 28 MB and a quarter of a second

    colour = alt.Color(
        "of:N",
        title=None,
        scale=alt.Scale(domain=list(SIDES.values()), range=list(COLOURS[:2])),
        legend=alt.Legend(orient="top"),
    )
    return _lay_out(measure, {"color": colour}, SIDES, frame)


def _lay_out_several(measure: Measure, names: tuple[str, ...], frame: _Frame) -> Spec:
    import altair as alt

    colours = [COLOURS[number % len(COLOURS)] for number in range(len(names))]
    encodings = {
        "color": alt.Color(
            "run:N",
            title=None,
            scale=alt.Scale(domain=list(names), range=colours),
            legend=alt.Legend(orient="top", columns=1, labelLimit=400),
        ),
        "strokeDash": alt.StrokeDash(
            "of:N",
            title=None,
            scale=alt.Scale(domain=list(SIDES.values()), range=[[1, 0], [5, 3]]),
            legend=alt.Legend(orient="bottom"),
        ),
        "detail": alt.Detail("curve:N"),
    }
    curves = {
        f"{side}{number}": f"{name}, {title}"
        for number, name in enumerate(names)
        for side, title in SIDES.items()
    }
    return _lay_out(measure, encodings, curves, frame)


def _lay_out(
    measure: Measure,
    encodings: Mapping[str, Any],
    curves: Mapping[str, str],
    frame: _Frame,
) -> Spec:
    """Lay out the lines, and a rule under the pointer with a tooltip of all values at that step."""
    import altair as alt

    base = alt.Chart(alt.NamedData(name=DATA))
    x = alt.X(
        "step:Q",
        title="Training step",
        axis=alt.Axis(format="d", tickMinStep=1, grid=False, titlePadding=6),
        scale=alt.Scale(domain=[0, frame.n_steps]) if frame.n_steps else alt.Scale(nice=False),
    )
    y = alt.Y(
        "value:Q",
        title=None,
        axis=alt.Axis(format=measure.axis_format, tickCount=5),
        scale=alt.Scale(zero=False, nice=True)
        if frame.floor is None
        else alt.Scale(domain=[frame.floor, 1], clamp=True),
    )
    line = base.mark_line(strokeWidth=2, interpolate="monotone").encode(x=x, y=y, **encodings)
    near = alt.selection_point(
        name="near",
        nearest=True,
        on="pointerover",
        clear="pointerout",
        fields=["step"],
        empty=False,
    )
    values = [
        alt.Tooltip(f"{curve}:Q", title=title, format=measure.exact_format)
        for curve, title in curves.items()
    ]
    rule = (
        base.transform_pivot("curve", value="value", groupby=["step"])
        .mark_rule(color="gray")
        .encode(
            x="step:Q",
            opacity=alt.condition(near, alt.value(0.6), alt.value(0)),
            tooltip=[alt.Tooltip("step:Q", title="step"), *values],
        )
        .add_params(near)
    )
    chart = (
        alt.layer(line, rule)
        .properties(
            title=alt.Title(measure.heading, anchor="start", offset=4), height=frame.height_px
        )
        .configure_legend(offset=6, padding=0)
    )
    spec = chart.to_dict()
    spec["config"] = {"legend": spec["config"]["legend"]}  # the rest comes from the page's theme
    return spec
