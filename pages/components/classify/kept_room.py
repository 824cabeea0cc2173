"""The room of this visitor: found by the id in the session or in the page's address."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from cluster_core.answers.answering import follow_renamed
from cluster_core.answers.job_registry import forget_cleared
from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.rooms import create_room, find_room, find_room_folder
from cluster_core.errors import DatasetError
from cluster_core.workspace import Workspace
from pages.components.offered_models import list_offered
from pages.components.selection import Choice, choose, get_chosen
from pages.components.signed_in import get_access

_ROOM = "answer room"
# The numbers of refused pictures, while only refusals are shown; the answers are kept.
FOLDED = "answers are folded"


def open_room() -> AnswerRoom | None:
    """Return the visitor's room, with what other tabs did to it, or None if there is none."""
    chosen = get_chosen(Choice.ANSWERS)
    if chosen is None:
        st.session_state.pop(_ROOM, None)
        return None
    room: AnswerRoom | None = st.session_state.get(_ROOM)
    workspace, access = Workspace.default(), get_access()
    if room is None or room.id != chosen:
        room = find_room(workspace, chosen, access)
    elif find_room_folder(workspace, chosen, access) is None:
        room = None
    if room is None:
        st.info(
            "The pictures and answers at this address are no longer kept: add your pictures again.",
            icon=":material/history:",
        )
        choose(Choice.ANSWERS, None)
        st.session_state.pop(_ROOM, None)
        return None
    st.session_state[_ROOM] = room
    room.refresh()
    return room


def find_last_model() -> str | None:
    """Return the hash of the manifest of the model that answered last, as it is called now."""
    room = open_room()
    if room is None:
        return None
    with suppress(DatasetError):  # then the answers are shown as those of another model
        follow_renamed(room, list_offered())
    return room.last_model


def obtain_room() -> AnswerRoom:
    """Return the visitor's room; create it if there is none.

    Raises
    ------
    DatasetError
        It cannot be created.
    """
    room = open_room()
    if room is None:
        room = create_room(Workspace.default(), get_access())
        st.session_state[_ROOM] = room
        choose(Choice.ANSWERS, room.id)
    return room


def clear_room(room: AnswerRoom) -> None:
    """Delete the room with all pictures and answers."""
    room.clear()
    forget_cleared(Workspace.default())
    st.session_state.pop(_ROOM, None)
    st.session_state.pop(FOLDED, None)
    choose(Choice.ANSWERS, None)
