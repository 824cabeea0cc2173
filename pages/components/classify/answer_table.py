"""The table of answers, a page at a time: filters, ticks, and what the visitor says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from cluster_core.answers.records import Review, get_answered_class
from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.selecting import Order, Reviewed, Selection, select_answers
from cluster_core.answers.tables import name_reviewed_class
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.prediction import Prediction, Verdict
from cluster_core.model.prediction.words import format_score
from cluster_core.sky_names.words import contradicts
from pages.components.classify.answered import find_answered
from pages.components.classify.redrawing import drop_outcome

# The numbers of the ticked pictures, and of those in the table, in its order.
TICKED, SHOWN = "ticked answers", "shown answers"
# The number of the picture to review; the table is shown if there is none.
OPENED = "opened answer"
_TABLE = "answers table"
_PAGE = "page of the table"
# Only these rows, and their thumbnails, are sent to the browser.
PAGE_ROWS = 100
_PAGE_BUTTON_PX, _MAX_PAGE_NUMBERS = 44, 5
# Text is wrapped in rows of more than 64 pixels.
_ROW_PX, _MAX_HEIGHT_PX = 66, 600
# Streamlit's own download has other columns than ours, and only this page of the table, as its
# search does.
_TOOL_STYLE = """<style>
[class*="st-key-answers_"] [data-testid="stElementToolbarButton"]:has({tools}) {{ display: none }}
</style>"""
_DOWNLOAD, _SEARCH = '[aria-label^="Download as CSV"]', '[aria-label^="Search"]'
_OTHERS_SHOWN, _LOWEST_SHOWN = 3, 0.005
_ORDERS = {
    Order.GIVEN: "as added",
    Order.SURE: "highest score first",
    Order.UNSURE: "lowest score first",
    Order.NOVEL: "most novel first",
    Order.CLASS: "by class",
    Order.NAME: "by name",
}
_MARKS = {
    Reviewed.ALL: "all pictures",
    Reviewed.OPEN: "not reviewed yet",
    Reviewed.DONE: "reviewed",
    Reviewed.CORRECTED: "corrected",
    Reviewed.UNKNOWN: "don't know",
    Reviewed.CONTRADICTED: "catalogue disagrees",
}


def filter_answers(model: ModelSummary, room: AnswerRoom) -> list[int]:
    """Draw the filters and the order; return the numbers of the matching pictures, in order."""
    choices = list(
        dict.fromkeys([*model.labels, Verdict.UNSURE.value, Verdict.NONE_OF_THESE.value])
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="answer_filters"):
        verdicts = st.multiselect(
            "Only these answers", choices, key="only_labels", placeholder="all answers", width=240
        )
        low, high = st.slider(
            "Score", 0, 100, (0, 100), step=1, format="%d%%", key="only_scores", width=170
        )
        mark = st.selectbox(
            "Review", list(_MARKS), format_func=_MARKS.__getitem__, key="only_marks", width=165
        )
        order = st.selectbox(
            "Order",
            list(_ORDERS),
            format_func=_ORDERS.__getitem__,
            key="order",
            on_change=_turn_to_first,
            width=175,
        )
    columns = room.tabulate(model.manifest_sha256, model.labels)
    selection = Selection(verdicts, low / 100, high / 100, Reviewed(mark), Order(order))
    numbers = select_answers(columns, room, selection)
    st.session_state[SHOWN] = numbers
    return numbers


def show_only(mark: Reviewed) -> None:
    """Make the table show the answers with this mark, whatever was filtered before."""
    st.session_state.pop(OPENED, None)
    for key in ("only_labels", "only_scores"):
        st.session_state.pop(key, None)
    st.session_state["only_marks"] = mark
    _turn_to_first()


def choose_page(numbers: Sequence[int]) -> list[int]:
    """Draw the page numbers, if there are several; return the pictures of the chosen one."""
    n_pages = -(-len(numbers) // PAGE_ROWS)
    if n_pages <= 1:
        return list(numbers)
    page, turns = st.session_state.get(_PAGE, (1, 0))
    with st.container(horizontal=True, vertical_alignment="center", key="table_pages"):
        # A page that the script turns to needs a new widget, as ticks do.
        page = st.pagination(
            n_pages,
            default=min(page, n_pages),
            # In a row, the widget takes the least width, which is that of a single number.
            width=_PAGE_BUTTON_PX * (min(n_pages, _MAX_PAGE_NUMBERS) + 2),
            max_visible_pages=_MAX_PAGE_NUMBERS,
            key=f"table_page_{turns}",
        )
        st.session_state[_PAGE] = page, turns
        first = (page - 1) * PAGE_ROWS
        shown = list(numbers[first : first + PAGE_ROWS])
        st.caption(f"{first + 1:,} to {first + len(shown):,} of {len(numbers):,}", width="content")
    return shown


def turn_to(number: int) -> None:
    """Make the table show the page with a picture, if it is in the table."""
    numbers: list[int] = st.session_state.get(SHOWN, [])
    if number in numbers:
        _, turns = st.session_state.get(_PAGE, (1, 0))
        st.session_state[_PAGE] = numbers.index(number) // PAGE_ROWS + 1, turns + 1


def _turn_to_first() -> None:
    _, turns = st.session_state.get(_PAGE, (1, 0))
    st.session_state[_PAGE] = 1, turns + 1


def show_table(model: ModelSummary, room: AnswerRoom, shown: Sequence[int]) -> None:
    """Draw a page of the table. Ticks are kept in `TICKED`; a click on a row sets `OPENED`."""
    ticked = list_ticked()
    rows = [row for row, number in enumerate(shown) if number in ticked]
    table = _number_table(rows, shown)
    hidden = [_DOWNLOAD, _SEARCH] if len(list_shown()) > len(shown) else [_DOWNLOAD]
    st.html(_TOOL_STYLE.format(tools=", ".join(hidden)))
    st.dataframe(
        _tabulate(model, room, shown),
        key=f"answers_{table}",
        hide_index=True,
        row_height=_ROW_PX,
        height=min(_MAX_HEIGHT_PX, 40 + _ROW_PX * len(shown)),
        column_config=_CONFIG,
        on_select=partial(_take_selection, table, shown),
        selection_mode=["multi-row", "single-cell"],
        selection_default={"selection": {"rows": rows, "columns": [], "cells": []}},
    )


def _number_table(rows: list[int], shown: Sequence[int]) -> int:
    """Return the number of a table with these pictures, in which these rows are ticked.

    Ticks that the page itself changes need a new table. If they were set in the old one, the
    browser could send its earlier ticks once more with a quick click elsewhere.
    """
    number, before = st.session_state.get(_TABLE, (0, []))
    state: Any = st.session_state.get(f"answers_{number}")
    is_same = state is not None and sorted(state["selection"]["rows"]) == rows
    if not is_same or (rows and before != shown):
        number += 1
    st.session_state[_TABLE] = number, list(shown)
    return number


def list_shown() -> Sequence[int]:
    """Return the numbers of the pictures in the table, on all its pages."""
    shown: Sequence[int] = st.session_state.get(SHOWN, ())
    return shown


def list_ticked() -> set[int]:
    """Return the numbers of the ticked pictures that are in the table, on any page."""
    ticked: set[int] = st.session_state.get(TICKED, set())
    return ticked & set(list_shown())


def _take_selection(table: int, shown: Sequence[int]) -> None:
    if table != st.session_state[_TABLE][0]:
        return  # the browser sent the ticks of an earlier table once more
    selection = st.session_state[f"answers_{table}"]["selection"]
    here = {shown[row] for row in selection["rows"] if row < len(shown)}
    st.session_state[TICKED] = (list_ticked() - set(shown)) | here
    if (cells := selection["cells"]) and (row := cells[0][0]) < len(shown):
        st.session_state[OPENED] = shown[row]
        drop_outcome()


def _tabulate(model: ModelSummary, room: AnswerRoom, shown: Sequence[int]) -> dict[str, list[Any]]:
    answered = [one for number in shown if (one := find_answered(model, room, number))]
    found = [(one, one.answer.prediction) for one in answered if one.answer.prediction]
    columns: dict[str, list[Any]] = {
        # Relative, so that it also works below another path.
        "picture": [f"answers/{room.id}/{one.picture.number}.jpg" for one, _ in found],
        "answer": [_describe_answer(prediction) for _, prediction in found],
        "yours": [
            describe_review(room.reviews.get(one.picture.number), get_answered_class(prediction))
            for one, prediction in found
        ],
    }
    columns["file"] = [one.picture.name for one, _ in found]
    if room.objects:
        columns["object"] = [
            _describe_object(room, one.picture.number, prediction) for one, prediction in found
        ]
    if any(prediction.novelty is not None for _, prediction in found):
        columns["novelty"] = [prediction.novelty for _, prediction in found]
    if _shows_others(model):
        columns["others"] = [_describe_others(prediction) for _, prediction in found]
    return columns


def _describe_object(room: AnswerRoom, number: int, prediction: Prediction) -> str:
    """Name the object, with a mark if the model says otherwise."""
    known = room.objects.get(number)
    if known is None or not known.name:
        return ""
    mark = "⚠ " if contradicts(prediction.label, prediction.verdict, known.kind) else ""
    return f"{mark}{known.name}, {known.kind}"


def _describe_answer(prediction: Prediction) -> str:
    best = f"{prediction.label}, {format_score(prediction.score)}"
    match prediction.verdict:
        case Verdict.NONE_OF_THESE:
            return f"none of these (most like {prediction.label})"
        case Verdict.UNSURE:
            return f"unsure, perhaps {best}"
    return best


def _describe_others(prediction: Prediction) -> str:
    """Name the classes after the best one that are not next to impossible."""
    others = list(prediction.scores.items())[1 : 1 + _OTHERS_SHOWN]
    return ", ".join(
        f"{label} {format_score(score)}" for label, score in others if score >= _LOWEST_SHOWN
    )


def describe_review(review: Review | None, answer: str | None) -> str:
    """Describe what the visitor said, compared with the answered class, if there is one."""
    if review is None:
        return ""
    if review.label is None:
        return "? don't know"
    return f"{'✓' if review.label == answer else '→'} {name_reviewed_class(review.label)}"


def _shows_others(model: ModelSummary) -> bool:
    """Return whether the other classes get a column; with two classes, one score says it all."""
    return len(model.labels) > 2  # noqa: PLR2004


# The first three columns fit the screen of a phone.
_CONFIG = {
    "picture": st.column_config.ImageColumn("Picture", width=62),
    "answer": st.column_config.TextColumn("Answer and score", width=140),
    "yours": st.column_config.TextColumn("You say", width=110),
    "file": st.column_config.TextColumn("File", width="medium"),
    "object": st.column_config.TextColumn(
        "Object", width="medium", help="By the catalogue. ⚠: the model says otherwise."
    ),
    "novelty": st.column_config.NumberColumn(
        "Novelty",
        format="%.2f",
        width=80,
        help="How unlike the training pictures it is, from 0 to 1.",
    ),
    "others": st.column_config.TextColumn("Other classes", width="large"),
}
