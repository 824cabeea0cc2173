"""How far the labelling of a queue is, and how accurate the labels of the rest would be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from cluster_core.labelling.guide import Guide
from cluster_core.labelling.progress import MIN_LABELS, MIN_PER_CLASS, AccuracyEstimate
from cluster_core.labelling.queue import LabelQueue
from pages.components.charts import COLOURS
from pages.components.text import escape_markdown
from pages.components.words import format_percent

_CHART_PX = 150
_REFRESH_S = 2.0
_EXPLANATION = (
    "Estimated by leaving out each labelled picture in turn. You are shown the hard pictures "
    "first, so the labelled ones are weighted to resemble the others. The interval holds the true "
    "accuracy in 95 of 100 cases."
)


def show_progress(queue: LabelQueue, guide: Guide) -> None:
    """Draw how many pictures are labelled, and the estimated accuracy."""
    n_labelled, n = queue.n_labelled, len(queue.pictures)
    n_skipped = len(queue.decisions) - n_labelled
    skipped = f", {n_skipped:,} skipped" if n_skipped else ""
    st.progress(n_labelled / max(n, 1), text=f"**{n_labelled:,} of {n:,} labelled**{skipped}")
    _show_accuracy(guide.state.advice.curve, n_others=n - n_labelled)
    if guide.state.problem:
        st.warning(escape_markdown(guide.state.problem), icon=":material/warning:")


def show_examination(queue: LabelQueue, guide: Guide) -> None:
    """Draw how many pictures have been compared, until all have."""
    if not _is_examined(queue, guide):
        st.fragment(_show_examined, run_every=_REFRESH_S)(queue, guide)


def _is_examined(queue: LabelQueue, guide: Guide) -> bool:
    return bool(guide.state.problem) or guide.state.n_examined >= len(queue.pictures)


def _show_examined(queue: LabelQueue, guide: Guide) -> None:
    # Nothing is drawn at the end. A rerun of the page from here could lose a key that is pressed
    # at that moment.
    if _is_examined(queue, guide):
        return
    n_examined, n = guide.state.n_examined, len(queue.pictures)
    st.progress(
        n_examined / n,
        text=f"Comparing the pictures: {n_examined:,} of {n:,}. You can start labelling.",
    )


def _show_accuracy(curve: Sequence[AccuracyEstimate], n_others: int) -> None:
    if not n_others:
        if curve:
            st.caption(
                "No other pictures are left. Trained on all labels but one, a model labels "
                f"{format_percent(curve[-1].on_labelled)} of these pictures as you did."
            )
        return
    if not curve:
        st.caption(
            f"The estimated accuracy appears after {MIN_LABELS} labels, with at least "
            f"{MIN_PER_CLASS} in each of two classes."
        )
        return
    latest = curve[-1]
    st.markdown(
        f"About **{format_percent(latest.accuracy)}** of the other pictures would be labelled "
        f"correctly (between {format_percent(latest.low)} and {format_percent(latest.high)}).",
        help=f"{_EXPLANATION} On the labelled pictures themselves it is "
        f"{format_percent(latest.on_labelled)}.",
    )
    if len(curve) > 1:
        st.vega_lite_chart(draw_accuracy(curve), height=_CHART_PX, key="label_accuracy")


def draw_accuracy(curve: Sequence[AccuracyEstimate]) -> dict[str, Any]:
    """Return a Vega-Lite specification: the estimated accuracy against the number of labels."""
    rows = [
        {"labels": one.n_labels, "accuracy": one.accuracy, "low": one.low, "high": one.high}
        for one in curve
    ]
    share = {"format": ".0%", "values": [0, 0.5, 1]}
    y = {"field": "accuracy", "type": "quantitative", "title": None, "axis": share}
    x = {
        "field": "labels",
        "type": "quantitative",
        "title": "labels",
        "axis": {"tickMinStep": 1, "tickCount": 5, "grid": False},
        "scale": {"zero": False, "nice": False},
    }
    band = {"y": {**y, "field": "low", "scale": {"domain": [0, 1]}}, "y2": {"field": "high"}}
    tooltip = [
        {"field": "labels", "title": "labels"},
        *(
            {"field": name, "title": title, "format": ".0%"}
            for name, title in (("accuracy", "accuracy"), ("low", "from"), ("high", "to"))
        ),
    ]
    return {
        "data": {"values": rows},
        "encoding": {"x": x},
        "layer": [
            {
                "mark": {"type": "area", "color": COLOURS[0], "opacity": 0.2},
                "encoding": band,
            },
            {
                "mark": {"type": "line", "color": COLOURS[0], "point": {"color": COLOURS[0]}},
                "encoding": {"y": y, "tooltip": tooltip},
            },
        ],
    }
