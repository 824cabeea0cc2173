"""What the visitor says about pictures: right, another class, or don't know."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import streamlit as st

from cluster_core.answers.records import Review, get_answered_class
from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.tables import name_reviewed_class
from cluster_core.data.counter_classes import COUNTER_CLASS, is_counter_name
from cluster_core.data.labels import fold_name
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.summaries import ModelSummary
from pages.components.classify.answer_table import (
    OPENED,
    SHOWN,
    describe_review,
    turn_to,
)
from pages.components.classify.answered import Answered
from pages.components.classify.redrawing import drop_outcome, request_redraw
from pages.components.labelling.keys import NONE_AREA, watch_keys
from pages.components.outcome import Outcome, set_outcome
from pages.components.text import escape_markdown

_KEYED_CLASSES = 9
# The container of the way back and of the steps.
STEPS = "review_steps"
# Nobody sees a picture and presses a key sooner.
LOOK_S = 0.2
_SEEN = "picture under review"


def list_classes_to_choose(model: ModelSummary, room: AnswerRoom) -> list[str]:
    """Return the model's classes, and those that the visitor named."""
    said = {review.label for review in room.reviews.values() if review.label}
    named = sorted(said - {COUNTER_CLASS})  # which has a button of its own
    return list(dict.fromkeys([*model.labels, *named]))


def mark(room: AnswerRoom, numbers: Iterable[int], review: Review | None) -> None:
    """Record a review of pictures; a problem is shown with the next rerun of the page."""
    drop_outcome()
    try:
        room.review(numbers, review)
    except ClusterError as error:
        set_outcome(Outcome(str(error), is_good=False))
        request_redraw()


def mark_right(room: AnswerRoom, numbers: Iterable[int], classes: Mapping[int, str]) -> None:
    """Record that the answers to pictures are right, except where there is a review already.

    Parameters
    ----------
    room : AnswerRoom
    numbers : iterable of int
    classes : mapping of int to str
        The answered class of each picture, by its number.
    """
    by_label: dict[str, list[int]] = defaultdict(list)
    for number in numbers:
        if number in classes and number not in room.reviews:
            by_label[classes[number]].append(number)
    for label, its_numbers in by_label.items():
        mark(room, its_numbers, Review(label))


def show_review_bar(model: ModelSummary, room: AnswerRoom, one: Answered) -> None:
    """Draw the buttons that say what one picture is, each with its key, and what was said."""
    number, prediction = one.picture.number, one.answer.prediction
    label = get_answered_class(prediction) if prediction else None

    if _get_seen()[0] != number:
        st.session_state.pop(_SEEN, None)

    def decide(review: Review) -> None:
        if _is_seen(number):
            mark(room, [number], review)
            _go(1)

    with st.container(horizontal=True, vertical_alignment="bottom", key="review_bar"):
        if label is not None:
            st.button(
                f"Right: {escape_markdown(name_reviewed_class(label))}",
                key="review_right",
                icon=":material/check:",
                type="primary",
                shortcut="Y",
                on_click=partial(decide, Review(label)),
            )
        for position, other in enumerate(model.labels[:_KEYED_CLASSES], start=1):
            st.button(
                escape_markdown(other),
                key=f"review_{position}",
                shortcut=str(position),
                on_click=partial(decide, Review(other)),
            )
        with st.container(key=NONE_AREA, width="content"):
            st.button(
                "None of these",
                key="review_none",
                shortcut="0",
                help="Key 0 or N.",
                on_click=partial(decide, Review(COUNTER_CLASS)),
            )
        st.button(
            "Don't know",
            key="review_unknown",
            shortcut="D",
            on_click=partial(decide, Review(None)),
        )
        classes = list_classes_to_choose(model, room)
        ask_for_class("other_class", "Another class", classes, decide)
    watch_keys()
    said = describe_review(room.reviews.get(number), label)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"You say: **{escape_markdown(said)}**" if said else "Not reviewed yet.")
        if said:
            st.button(
                "Clear review",
                key="review_back",
                type="tertiary",
                icon=":material/undo:",
                on_click=partial(mark, room, [number], None),
            )


def note_drawn(number: int) -> None:
    """Take keys for a picture from now on, once there was time to see it."""
    if _get_seen()[0] != number:
        st.session_state[_SEEN] = number, time.monotonic()


def _get_seen() -> tuple[int | None, float]:
    """Return the picture that is drawn, and since when; None while another is being drawn."""
    seen: tuple[int | None, float] = st.session_state.get(_SEEN, (None, 0.0))
    return seen


def _is_seen(number: int) -> bool:
    """Tell whether this picture is shown, and long enough: a quick press was for the one before."""
    shown, since_s = _get_seen()
    is_opened = st.session_state.get(OPENED, number) == number
    return shown == number and is_opened and time.monotonic() - since_s >= LOOK_S


def ask_for_class(
    key: str, prompt: str, classes: Sequence[str], decide: Callable[[Review], None]
) -> None:
    """Draw a field to choose one of the classes, or to type the name of a new one."""

    def take() -> None:
        entered = (st.session_state.get(key) or "").strip()
        st.session_state[key] = None
        if is_counter_name(entered):
            decide(Review(COUNTER_CLASS))
        elif entered:
            same = (name for name in classes if fold_name(name) == fold_name(entered))
            decide(Review(next(same, entered)))

    st.selectbox(
        prompt,
        classes,
        index=None,
        key=key,
        accept_new_options=True,
        placeholder=f"{prompt} …",
        label_visibility="collapsed",
        help="Choose a class, or type the name of a new one.",
        on_change=take,
        width=210,
    )


def show_steps(numbers: list[int], number: int) -> None:
    """Draw the way back to the table, and to the pictures before and after."""
    position = numbers.index(number)
    with st.container(horizontal=True, vertical_alignment="center", key=STEPS):
        st.button(
            "Table",
            key="to_table",
            icon=":material/table_rows:",
            shortcut="Esc",
            on_click=_close,
            args=(number,),
        )
        st.button(
            "Previous",
            key="review_previous",
            icon=":material/arrow_back:",
            shortcut="Left",
            disabled=position == 0,
            on_click=_go,
            args=(-1,),
        )
        st.button(
            "Next",
            key="review_next",
            icon=":material/arrow_forward:",
            shortcut="Right",
            disabled=position == len(numbers) - 1,
            on_click=_go,
            args=(1,),
        )
        st.caption(f"{position + 1:,} of {len(numbers):,}", width="content")


def _close(number: int) -> None:
    """Go back to the page of the table that has the picture."""
    st.session_state.pop(OPENED, None)
    turn_to(number)


def _go(step: int) -> None:
    """Open the next picture of the table, or the one before; stay at the end."""
    numbers: list[int] = st.session_state.get(SHOWN, [])
    opened = st.session_state.get(OPENED)
    if opened in numbers:
        position = numbers.index(opened) + step
        st.session_state[OPENED] = numbers[min(max(position, 0), len(numbers) - 1)]
