"""All answers of the room: a summary, and the table or one picture at a time."""

from __future__ import annotations

import streamlit as st

from cluster_core.answers.room import AnswerRoom
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.predictor import Predictor
from pages.components.classify.answer_actions import (
    show_actions,
    show_bulk_review,
    show_tick_bar,
)
from pages.components.classify.answer_downloads import show_filtered_download
from pages.components.classify.answer_summary import list_problems, show_problems, show_summary
from pages.components.classify.answer_table import (
    OPENED,
    SHOWN,
    choose_page,
    filter_answers,
    list_ticked,
    show_table,
)
from pages.components.classify.answered import find_answered
from pages.components.classify.into_view import scroll_to
from pages.components.classify.kept_room import FOLDED
from pages.components.classify.opened_address import note_in_address
from pages.components.classify.opened_picture import show_opened
from pages.components.classify.redrawing import take_redraw_request
from pages.components.classify.reviewing import STEPS, show_steps
from pages.components.outcome import show_reasons
from pages.components.picture_input import NEWEST
from pages.components.text import escape_markdown

_MAX_PROBLEMS_OPEN = 3


def show_kept(model: ModelSummary, predictor: Predictor | None, room: AnswerRoom) -> None:
    """Draw the answers of a room, if there are any.

    Parameters
    ----------
    model : ModelSummary
        The model that answered.
    predictor : Predictor
        The same model, loaded; None if it is gone.
    room : AnswerRoom
    """
    columns = room.tabulate(model.manifest_sha256, model.labels)
    if not len(columns) and not columns.problems:
        st.session_state[SHOWN] = []
        return
    good = set(columns.numbers.tolist())
    _open_newest(good)
    refused: set[int] | None = st.session_state.get(FOLDED)
    if refused is None:
        _show_all(model, predictor, room)
    else:
        problems = [number for number in columns.problems if number in refused]
        _show_refused(list_problems(model, room, problems), len(good))


def _open_newest(good: set[int]) -> None:
    """Show a single new picture at once; fold earlier answers if nothing new could be read."""
    newest = set(st.session_state.pop(NEWEST, ()))
    if not newest:
        return
    st.session_state.pop(OPENED, None)
    if not newest & good:
        st.session_state[FOLDED] = newest
    elif len(newest) == 1:
        st.session_state[OPENED] = next(iter(newest))


def _show_refused(problems: list[str], n_good: int) -> None:
    """Draw why new pictures were refused, and a button to earlier answers instead of these."""
    for problem in problems[:_MAX_PROBLEMS_OPEN]:
        st.error(escape_markdown(problem), icon=":material/broken_image:")
    if len(problems) > _MAX_PROBLEMS_OPEN:
        show_reasons(problems[_MAX_PROBLEMS_OPEN:])
    if n_good:
        st.button(
            "Show the earlier answer" if n_good == 1 else f"Show the {n_good:,} earlier answers",
            key="unfold",
            icon=":material/unfold_more:",
            on_click=lambda: st.session_state.pop(FOLDED, None),
        )


@st.fragment
def _show_all(model: ModelSummary, predictor: Predictor | None, room: AnswerRoom) -> None:
    """Draw the answers, as a fragment that reruns on its own after a click."""
    if take_redraw_request() or not room.exists():
        st.rerun()  # the whole page
    room.refresh()  # with what a job has answered since
    numbers = room.tabulate(model.manifest_sha256, model.labels).numbers
    opened = st.session_state.get(OPENED)
    show_summary(model, predictor, room)
    if opened is None:
        show_problems(model, room)
    if not len(numbers):
        return
    if len(numbers) == 1:
        opened = int(numbers[0])
        st.session_state[SHOWN] = [opened]
    one = None if opened is None else find_answered(model, room, opened)
    if one is None or one.answer.prediction is None:
        note_in_address(None)
        _show_table(model, room)
        return
    if len(numbers) > 1:
        # Frozen while pictures are reviewed, so that none leaves the filter under one's eyes.
        shown: list[int] = st.session_state.get(SHOWN, [])
        if opened not in shown:
            shown = numbers.tolist()
            st.session_state[SHOWN] = shown
        note_in_address(one.picture.number)
        show_steps(shown, one.picture.number)
        scroll_to(STEPS, one.picture.number)
    show_opened(model, predictor, room, one)


def _show_table(model: ModelSummary, room: AnswerRoom) -> None:
    numbers = filter_answers(model, room)
    if not numbers:
        st.caption("No pictures match these filters.")
        return
    ticked = list_ticked()
    with st.container(horizontal=True, vertical_alignment="center", key="tick_bar"):
        show_tick_bar(len(numbers), ticked)
        if len(numbers) < len(room.tabulate(model.manifest_sha256, model.labels)):
            show_filtered_download(model, room, numbers)
        if ticked:
            st.markdown(f"**{len(ticked):,} ticked**", width="content")
        else:
            st.caption(
                "Click a row to review it: press Y if the answer is right, 1 to 9 for another "
                "class, 0 or N for none of these, D for don't know, and the arrow keys to move on. "
                "Tick rows to review several at once, add them to a dataset or download them "
                "sorted."
            )
    if ticked:
        show_bulk_review(model, room, ticked)
        show_actions(model, room, ticked)
    show_table(model, room, choose_page(numbers))
