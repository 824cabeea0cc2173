"""The confusion matrix, as a chart whose cells can be clicked."""

from __future__ import annotations

from typing import Any

import altair as alt
import streamlit as st

from cluster_core.evaluation.scores import Metrics

CELL = "cell"
# Two classes get thumb-sized cells; ten classes still fit on a screen.
LARGEST_PX, MATRIX_PX, AXIS_PX = 80, 460, 70
FEW_CLASSES, MANY_CLASSES = 3, 5
LABEL_PX, NUMBER_PX = 110, 16
# Sizes for more than FEW_CLASSES classes.
SMALL_LABEL_PX, SMALL_NUMBER_PX = 90, 12
RIGHT, WRONG = "#3F77C8", "#E8871E"
ON_DARK, ON_LIGHT = "#E3E8F4", "#1B2333"


def show_confusion(
    metrics: Metrics, key: str, *, in_shares: bool = False
) -> tuple[str, str] | None:
    """Draw the matrix; return the clicked cell as true class and answer, or None.

    Parameters
    ----------
    metrics : Metrics
    key : str
        Of the chart.
    in_shares : bool
        Whether cells show their share of the row instead of a number of pictures.
    """
    event: Any = st.altair_chart(
        draw_confusion(metrics, is_dark=st.context.theme.type == "dark", in_shares=in_shares),
        width="stretch",
        on_select="rerun",
        selection_mode=CELL,
        key=key,
    )
    picked = event["selection"].get(CELL) or []
    if not picked:
        return None
    row = picked[0]
    return str(row["shown"]), str(row["answered"])


def draw_confusion(metrics: Metrics, *, is_dark: bool, in_shares: bool = False) -> alt.LayerChart:
    """Return the confusion matrix as a chart: one row per class, one column per answer.

    The opacity of a cell is its share of the row. Right and wrong answers differ in colour.

    Parameters
    ----------
    metrics : Metrics
    is_dark : bool
        Whether the page has a dark theme.
    in_shares : bool
        Whether cells show their share of the row instead of a number of pictures.

    Returns
    -------
    alt.LayerChart
        With a selection named `CELL` that holds the clicked cell.
    """
    order = list(metrics.labels)
    is_small = len(order) > FEW_CLASSES
    rows_axis, columns = _draw_axes(is_small=is_small)
    base = alt.Chart({"values": _list_cells(metrics)}).encode(
        x=alt.X("answered:N", sort=order, title="model's answer", axis=columns),
        y=alt.Y("shown:N", sort=order, title="class", axis=rows_axis),
        tooltip=[
            alt.Tooltip("shown:N", title="class"),
            alt.Tooltip("answered:N", title="answer"),
            alt.Tooltip("n:Q", title="pictures"),
            alt.Tooltip("share:Q", title="share of class", format=".0%"),
        ],
    )
    picked = alt.selection_point(name=CELL, fields=["shown", "answered"])
    cells = base.mark_rect(cornerRadius=4).encode(
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=["right", "wrong", "nothing"], range=[RIGHT, WRONG, "#8891A5"]),
            legend=None,
        ),
        opacity=alt.Opacity(
            "share:Q", scale=alt.Scale(domain=[0, 1], range=[0.12, 0.95]), legend=None
        ),
    )
    number_colour = ON_DARK if is_dark else ON_LIGHT
    numbers = base.mark_text(
        fontSize=SMALL_NUMBER_PX if is_small else NUMBER_PX, fontWeight="bold"
    ).encode(
        text=alt.Text("share:Q", format=".0%") if in_shares else alt.Text("n:Q"),
        color=alt.when("datum.share > 0.5")
        .then(alt.value("white"))
        .otherwise(alt.value(number_colour)),
    )
    # On top, so that a click on a number also selects its cell.
    frames = (
        base.mark_rect(fillOpacity=0, strokeWidth=3, cornerRadius=4, cursor="pointer")
        .encode(
            stroke=alt.when(picked, empty=False)
            .then(alt.value(number_colour))
            .otherwise(alt.value("transparent"))
        )
        .add_params(picked)
    )
    height_px = min(LARGEST_PX, MATRIX_PX // len(order)) * len(order) + AXIS_PX
    if is_small:
        height_px += SMALL_LABEL_PX
    words = _describe(metrics)
    return (cells + numbers + frames).properties(height=height_px, description=words)


def _describe(metrics: Metrics) -> str:
    """Return the matrix in words, for those who cannot see it."""
    counts = (
        f"{label} answered as {answer} {count}"
        for label, row in zip(metrics.labels, metrics.confusion, strict=True)
        for answer, count in zip(metrics.labels, row, strict=True)
        if count
    )
    return f"Confusion matrix: {', '.join(counts)}"


def _list_cells(metrics: Metrics) -> list[dict[str, Any]]:
    cells = []
    for label, counts in zip(metrics.labels, metrics.confusion, strict=True):
        for answer, count in zip(metrics.labels, counts, strict=True):
            share = count / sum(counts) if sum(counts) else 0.0
            kind = "nothing" if not count else "right" if label == answer else "wrong"
            cells.append(
                {"shown": label, "answered": answer, "n": count, "share": share, "kind": kind}
            )
    return cells


def _draw_axes(*, is_small: bool) -> tuple[alt.Axis, alt.Axis]:
    """Return the axes of rows and columns; every label is drawn, and long ones are truncated."""
    style: dict[str, Any] = {
        "labelLimit": SMALL_LABEL_PX if is_small else LABEL_PX,
        "labelOverlap": False,
        "ticks": False,
        "domain": False,
    }
    if is_small:
        return alt.Axis(**style), alt.Axis(**style, orient="top", labelAngle=-90)
    # One word per line, so that labels fit side by side even on a phone.
    words = "split(datum.label, ' ')"
    return alt.Axis(**style, labelExpr=words), alt.Axis(
        **style, orient="top", labelAngle=0, labelExpr=words
    )
