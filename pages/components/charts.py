"""How a training goes, as charts: metrics -> altair."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import altair as alt

from cluster_core.model.head.settings import Evaluation
from cluster_core.training.insight.curves import smooth_curve

# Told apart by people who see colours differently, on white and on black.
COLOURS = ("#4C78D8", "#E8871E", "#3AA887", "#C44E9C", "#8A7AD8", "#B8A024", "#D8504C", "#6C8EA0")
SIDES = {"train": "training", "validation": "validation"}
HEIGHT_PX = 280
DATA = "curves"
HIGHEST_FLOOR = 0.7

Spec = dict[str, Any]


class Measure(StrEnum):
    """What a chart shows; an evaluation has it for either side."""

    ACCURACY = "accuracy"
    CROSS_ENTROPY = "cross_entropy"

    @property
    def heading(self) -> str:
        """How it reads above a chart."""
        return self.replace("_", " ").capitalize()

    @property
    def axis_format(self) -> str:
        """Numbers on the axis."""
        return ".0%" if self is Measure.ACCURACY else ".2f"

    @property
    def exact_format(self) -> str:
        """Numbers under the pointer."""
        return ".1%" if self is Measure.ACCURACY else ".3f"


def draw_learning_curve(
    evaluations: Sequence[Evaluation],
    measure: Measure,
    n_steps: int | None = None,
    height_px: int = HEIGHT_PX,
) -> Spec:
    """Draw one measure of one training, a line for each side.

    Parameters
    ----------
    evaluations : sequence of Evaluation
    measure : Measure
    n_steps : int, optional
        Where the axis ends while the training still runs; at the last evaluation when not given.
    height_px : int

    Returns
    -------
    dict
        As `st.vega_lite_chart` takes it. Drawn again with other evaluations, the
        chart stays as it is and only its points change.
    """
    rows = [
        {"step": row["step"], "curve": side, "of": SIDES[side], "value": value}
        for row, side, value in _list_values(evaluations, measure)
    ]
    floor = _find_floor(rows, measure)
    layout = copy.deepcopy(_lay_out_one(measure, n_steps, floor, height_px))
    return {**layout, "datasets": {DATA: rows}}


def draw_comparison(
    runs: Mapping[str, Sequence[Evaluation]], measure: Measure, height_px: int = HEIGHT_PX
) -> Spec:
    """Draw one measure of several trainings: a colour for each, dashes for validation.

    Parameters
    ----------
    runs : mapping of str to sequence of Evaluation
        By the name in the legend.
    measure : Measure
    height_px : int
    """
    rows = [
        {"step": row["step"], "curve": f"{side}{n}", "run": name, "of": SIDES[side], "value": value}
        for n, (name, evaluations) in enumerate(runs.items())
        for row, side, value in _list_values(evaluations, measure)
    ]
    layout = _lay_out_several(measure, tuple(runs), _find_floor(rows, measure), height_px)
    return {**layout, "datasets": {DATA: rows}}


def _list_values(
    evaluations: Sequence[Evaluation], measure: Measure
) -> list[tuple[dict[str, Any], str, float]]:
    rows = [vars(point) for point in smooth_curve(evaluations)]
    found = [(row, side, row[f"{side}_{measure}"]) for row in rows for side in SIDES]
    return [(row, side, value) for row, side, value in found if value is not None]


def _find_floor(rows: list[dict[str, Any]], measure: Measure) -> float | None:
    """Return where the axis of accuracies begins: below the worst, and far enough to hide noise."""
    if measure is not Measure.ACCURACY:
        return None
    worst = min((row["value"] for row in rows), default=0.0)
    return min(HIGHEST_FLOOR, math.floor(worst * 10) / 10)


# Altair takes 30 ms to check a chart, which is drawn several times a second.
@functools.lru_cache(maxsize=64)
def _lay_out_one(
    measure: Measure, n_steps: int | None, floor: float | None, height_px: int
) -> Spec:
    colour = alt.Color(
        "of:N",
        title=None,
        scale=alt.Scale(domain=list(SIDES.values()), range=list(COLOURS[:2])),
        legend=alt.Legend(orient="top"),
    )
    return _lay_out(measure, {"color": colour}, SIDES, n_steps, floor, height_px)


def _lay_out_several(
    measure: Measure, names: tuple[str, ...], floor: float | None, height_px: int
) -> Spec:
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
    # A legend takes a line for each run, and one for the sides.
    return _lay_out(measure, encodings, curves, None, floor, height_px + 22 * (len(names) + 1))


def _lay_out(
    measure: Measure,
    encodings: Mapping[str, Any],
    curves: Mapping[str, str],
    n_steps: int | None,
    floor: float | None,
    height_px: int,
) -> Spec:
    """Lay out lines, and under the pointer a rule that tells every curve's value at that step."""
    base = alt.Chart(alt.NamedData(name=DATA))
    x = alt.X(
        "step:Q",
        title="Training step",
        axis=alt.Axis(format="d", tickMinStep=1, grid=False, titlePadding=6),
        scale=alt.Scale(domain=[0, n_steps]) if n_steps else alt.Scale(nice=False),
    )
    y = alt.Y(
        "value:Q",
        title=None,
        axis=alt.Axis(format=measure.axis_format, tickCount=5),
        scale=alt.Scale(zero=False, nice=True)
        if floor is None
        else alt.Scale(domain=[floor, 1], clamp=True),
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
        .properties(title=alt.Title(measure.heading, anchor="start", offset=4), height=height_px)
        .configure_legend(offset=6, padding=0)
    )
    spec = chart.to_dict()
    spec["config"] = {"legend": spec["config"]["legend"]}  # the rest is the page's theme
    return spec
