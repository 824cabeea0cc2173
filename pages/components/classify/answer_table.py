"""The table of answers: filters, ticks, and a column for what the visitor says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from cluster_core.answers.records import Review, get_answered_class
from cluster_core.answers.room import AnswerRoom
from cluster_core.data.counter_classes import COUNTER_CLASS
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.prediction import Prediction, Verdict
from cluster_core.model.prediction.words import format_score, name_verdict
from pages.components.classify.answering import Answered
from pages.components.classify.redrawing import drop_outcome

# The numbers of the ticked pictures, and of those in the table, in its order.
TICKED, SHOWN = "ticked answers", "shown answers"
# The number of the picture to review; the table is shown if there is none.
OPENED = "opened answer"
_TABLE = "answers table"
# Text is wrapped in rows of more than 64 pixels.
_ROW_PX, _MAX_HEIGHT_PX = 66, 600
_OTHERS_SHOWN, _LOWEST_SHOWN = 3, 0.005
_ORDERS = {
    "given": "as added",
    "sure": "highest score first",
    "unsure": "lowest score first",
    "novel": "most novel first",
    "class": "by class",
    "name": "by name",
}
_MARKS = {
    "all": "all pictures",
    "open": "not reviewed yet",
    "done": "reviewed",
    "corrected": "corrected",
    "unknown": "don't know",
}


def filter_answers(
    model: ModelSummary, room: AnswerRoom, answered: Sequence[Answered]
) -> list[Answered]:
    """Draw the filters and the order, and return the answers that match, in that order."""
    choices = list(
        dict.fromkeys([*model.labels, Verdict.UNSURE.value, Verdict.NONE_OF_THESE.value])
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="answer_filters"):
        verdicts = st.multiselect(
            "Only these answers", choices, key="only_labels", placeholder="all answers", width=220
        )
        low, high = st.slider(
            "Score", 0, 100, (0, 100), step=1, format="%d%%", key="only_scores", width=180
        )
        mark = st.selectbox(
            "Review", list(_MARKS), format_func=_MARKS.__getitem__, key="only_marks", width=165
        )
        order = st.selectbox(
            "Order", list(_ORDERS), format_func=_ORDERS.__getitem__, key="order", width=175
        )
    matching = [
        one
        for one in answered
        if one.answer.prediction
        and _is_among(one.answer.prediction, verdicts)
        and low <= 100 * one.answer.prediction.score <= high
        and _has_mark(one, room.reviews.get(one.picture.number), mark)
    ]
    if order != "given":
        matching.sort(key=lambda one: _rank(one, order))
    st.session_state[SHOWN] = [one.picture.number for one in matching]
    return matching


def _is_among(prediction: Prediction, verdicts: Sequence[str]) -> bool:
    """Tell whether an answer has one of the verdicts; an unsure one also counts as its label."""
    names = {name_verdict(prediction)}
    if prediction.verdict is Verdict.UNSURE:
        names.add(prediction.label)
    return not verdicts or bool(names & set(verdicts))


def _has_mark(one: Answered, review: Review | None, mark: str) -> bool:
    assert one.answer.prediction is not None
    if mark == "open":
        return review is None
    if mark == "done":
        return review is not None
    if mark == "corrected":
        return bool(
            review and review.label not in (None, get_answered_class(one.answer.prediction))
        )
    return mark == "all" or bool(review and review.label is None)


def _rank(one: Answered, order: str) -> tuple[str, float]:
    assert one.answer.prediction is not None
    score = one.answer.prediction.score
    if order == "class":
        return one.answer.prediction.label, -score
    if order == "name":
        return one.picture.name.casefold(), -score
    if order == "novel":
        return "", -(one.answer.prediction.novelty or 0.0)
    return "", score if order == "unsure" else -score


def show_table(model: ModelSummary, room: AnswerRoom, shown: Sequence[Answered]) -> None:
    """Draw the table. Ticks are kept in `TICKED`; a click on a row sets `OPENED`."""
    ticked = list_ticked()
    rows = [row for row, one in enumerate(shown) if one.picture.number in ticked]
    number = _number_table(rows)
    st.dataframe(
        _tabulate(model, room, shown),
        key=f"answers_{number}",
        hide_index=True,
        row_height=_ROW_PX,
        height=min(_MAX_HEIGHT_PX, 40 + _ROW_PX * len(shown)),
        column_config=_CONFIG,
        on_select=partial(_take_selection, number),
        selection_mode=["multi-row", "single-cell"],
        selection_default={"selection": {"rows": rows, "columns": [], "cells": []}},
    )


def _number_table(rows: list[int]) -> int:
    """Return the number of a table in which these rows are ticked.

    Ticks that the page itself changes need a new table. If they were set in the old one, the
    browser could send its earlier ticks once more with a quick click elsewhere.
    """
    number: int = st.session_state.get(_TABLE, 0)
    state: Any = st.session_state.get(f"answers_{number}")
    if state is None or sorted(state["selection"]["rows"]) != rows:
        st.session_state[_TABLE] = number = number + 1
    return number


def list_ticked() -> set[int]:
    """Return the numbers of the ticked pictures that are in the table."""
    ticked: set[int] = st.session_state.get(TICKED, set())
    return ticked & set(st.session_state.get(SHOWN, ()))


def _take_selection(number: int) -> None:
    if number != st.session_state[_TABLE]:
        return  # the browser sent the ticks of an earlier table once more
    selection = st.session_state[f"answers_{number}"]["selection"]
    numbers: list[int] = st.session_state.get(SHOWN, [])
    st.session_state[TICKED] = {numbers[row] for row in selection["rows"] if row < len(numbers)}
    if (cells := selection["cells"]) and (row := cells[0][0]) < len(numbers):
        st.session_state[OPENED] = numbers[row]
        drop_outcome()


def _tabulate(
    model: ModelSummary, room: AnswerRoom, shown: Sequence[Answered]
) -> dict[str, list[Any]]:
    found = [(one, one.answer.prediction) for one in shown if one.answer.prediction]
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
    if any(prediction.novelty is not None for _, prediction in found):
        columns["novelty"] = [prediction.novelty for _, prediction in found]
    if _shows_others(model):
        columns["others"] = [_describe_others(prediction) for _, prediction in found]
    return columns


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


def name_reviewed_class(label: str) -> str:
    """Return a class as people read it: `none of these` for that of counter-examples."""
    return Verdict.NONE_OF_THESE.value if label == COUNTER_CLASS else label


def _shows_others(model: ModelSummary) -> bool:
    """Return whether the other classes get a column; with two classes, one score says it all."""
    return len(model.labels) > 2  # noqa: PLR2004


# The first three columns fit the screen of a phone.
_CONFIG = {
    "picture": st.column_config.ImageColumn("Picture", width=62),
    "answer": st.column_config.TextColumn("Answer and score", width=140),
    "yours": st.column_config.TextColumn("You say", width=110),
    "file": st.column_config.TextColumn("File", width="medium"),
    "novelty": st.column_config.NumberColumn(
        "Novelty",
        format="%.2f",
        width=80,
        help="How unlike the training pictures it is, from 0 to 1.",
    ),
    "others": st.column_config.TextColumn("Other classes", width="large"),
}
