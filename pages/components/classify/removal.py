"""Remove pictures from Classify, some or all; ask first if several, or reviews, would be lost."""

from __future__ import annotations

from collections.abc import Callable, Set

import streamlit as st

from cluster_core.answers.room import AnswerRoom
from pages.components.classify.answer_table import TICKED
from pages.components.classify.kept_room import clear_room
from pages.components.classify.redrawing import request_redraw
from pages.components.dialogs import close_dialog, confirm, is_open, open_dialog
from pages.components.outcome import Outcome, attempt


def show_remove(room: AnswerRoom, numbers: Set[int]) -> None:
    """Draw the button that removes pictures, at least one."""
    noun = _count(len(numbers))

    def act() -> Outcome:
        request_redraw()
        room.remove(numbers)
        st.session_state[TICKED] = set()
        return Outcome(f"Removed {noun}.")

    _show_button(room, f"Remove {noun}", "remove_answers", numbers, act)


def show_clear(room: AnswerRoom) -> None:
    """Draw the button that deletes all pictures and answers."""

    def act() -> Outcome:
        request_redraw()
        clear_room(room)
        return Outcome("Cleared all pictures and answers.")

    _show_button(room, "Clear", "clear_answers", room.pictures.keys(), act)


def _show_button(
    room: AnswerRoom, label: str, key: str, numbers: Set[int], act: Callable[[], Outcome]
) -> None:
    n_reviewed = len(numbers & room.reviews.keys())
    st.button(
        label,
        key=key,
        icon=":material/delete:",
        type="tertiary",
        help="Deletes pictures and answers on this server. Your own files and datasets are not "
        "touched.",
        on_click=lambda: open_dialog(key) if n_reviewed or len(numbers) > 1 else attempt(act),
    )
    if is_open(key):
        _ask(label, key, _describe_loss(len(numbers), n_reviewed), act)


@st.dialog("Remove pictures?", icon=":material/delete:", on_dismiss=close_dialog)
def _ask(label: str, key: str, loss: str, act: Callable[[], Outcome]) -> None:
    st.write(f"{loss} Your own files and datasets are not touched.")
    with st.container(horizontal=True):
        confirm(key, label, act)
        if st.button("Cancel", key=f"cancel_{key}"):
            close_dialog()
            st.rerun()


def _describe_loss(n_pictures: int, n_reviewed: int) -> str:
    lost = f"{_count(n_pictures)} and the {'answer' if n_pictures == 1 else 'answers'}"
    if not n_reviewed:
        return f"This deletes {lost} here and cannot be undone."
    reviews = "review" if n_reviewed == 1 else f"{n_reviewed:,} reviews"
    return f"This deletes {lost} here. It also deletes your {reviews} and cannot be undone."


def _count(n: int) -> str:
    return "1 picture" if n == 1 else f"{n:,} pictures"
