"""The browser's Back and Forward between the table of answers and an opened picture.

The address says only whether a picture is opened, not which: each change of it adds an entry to
the browser's history, and Back would lead through all pictures reviewed, one by one.
"""

from __future__ import annotations

import streamlit as st

from pages.components.classify.answer_table import OPENED, turn_to

_NAME, _PICTURE = "view", "picture"
# What the address said, and whether a picture was opened, when the page was drawn last.
_SAID, _WAS_OPENED = "address says picture", "was opened"
_LAST = "last opened answer"


def follow_address() -> None:
    """Close the opened picture, or open it again, if the visitor went back or forward."""
    says = st.query_params.get(_NAME)
    if _SAID not in st.session_state or says == st.session_state[_SAID]:
        return
    if says is None:
        if (number := st.session_state.pop(OPENED, None)) is not None:
            turn_to(number)
    elif OPENED not in st.session_state and _LAST in st.session_state:
        st.session_state[OPENED] = st.session_state[_LAST]


def note_in_address(number: int | None) -> None:
    """Let the address say whether one of several pictures is opened.

    It changes only when a picture is opened or closed here: an address that was visited before
    stays as it is, so that Back always leads on.

    Parameters
    ----------
    number : int or None
        Of the picture.
    """
    is_opened = number is not None
    if is_opened:
        st.session_state[_LAST] = number
    if is_opened != st.session_state.get(_WAS_OPENED, False):
        wanted = _PICTURE if is_opened else None
        if wanted and st.query_params.get(_NAME) != wanted:
            # Before the choices, as `sync_choices` has it: another order is another entry.
            st.query_params.from_dict({_NAME: wanted, **st.query_params.to_dict()})
        elif not wanted:
            st.query_params.pop(_NAME, None)
    st.session_state[_WAS_OPENED] = is_opened
    st.session_state[_SAID] = st.query_params.get(_NAME)


def forget_address() -> None:
    """Take the next address as it is, because another page was opened."""
    for key in (_SAID, _WAS_OPENED):
        st.session_state.pop(key, None)
