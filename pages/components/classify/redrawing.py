"""Redraw the whole page after an action inside the fragment of answers."""

from __future__ import annotations

import streamlit as st

from pages.components.outcome import clear_outcome, has_outcome

_REQUESTED = "whole page must be drawn"


def request_redraw() -> None:
    """Make the next run of the fragment draw the whole page."""
    st.session_state[_REQUESTED] = True


def take_redraw_request() -> bool:
    """Return, once, whether the whole page must be drawn."""
    return bool(st.session_state.pop(_REQUESTED, False))


def drop_outcome() -> None:
    """Stop showing the outcome of an earlier action, which is outside the fragment."""
    if has_outcome():
        clear_outcome()
        request_redraw()
