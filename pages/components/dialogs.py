"""Which dialog is open: the session says so, and it stays open until it is done or dismissed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cluster_core.errors import ClusterError
from pages.components.outcome import Outcome, set_outcome
from pages.components.text import escape_markdown

_OPEN = "open dialog"
_PROBLEM = "dialog problem"


def open_dialog(name: str) -> None:
    """Have a dialog shown from the next run on, and no other."""
    st.session_state[_OPEN] = name
    st.session_state.pop(_PROBLEM, None)


def close_dialog() -> None:
    """Show no dialog any more."""
    st.session_state.pop(_OPEN, None)


def is_open(name: str) -> bool:
    """Tell whether this is the dialog to be shown."""
    return bool(st.session_state.get(_OPEN) == name)


def ask_for_name(
    key: str,
    label: str,
    verb: str,
    act: Callable[[str], Outcome],
    *,
    value: str = "",
    hint: str = "",
) -> None:
    """Draw a form for one name in a dialog, which stays open with a sentence until it is good.

    Parameters
    ----------
    key : str
        The field gets the key `<key>_name`, the button `confirm_<key>`.
    label, verb : str
        What stands above the field and on the button.
    act : callable
        Takes the name; what it returns is told when the dialog is closed.
    value, hint : str
        What stands in the field, and in grey where it is empty.
    """
    with st.form(f"{key}_form", border=False):
        st.text_input(label, value, key=f"{key}_name", placeholder=hint)
        st.form_submit_button(
            verb,
            type="primary",
            key=f"confirm_{key}",
            on_click=lambda: _try(lambda: act(st.session_state[f"{key}_name"])),
        )
    _finish()


def confirm(key: str, verb: str, act: Callable[[], Outcome]) -> None:
    """Draw the button that does what a dialog asks about; its key is `confirm_<key>`."""
    st.button(verb, key=f"confirm_{key}", type="primary", on_click=_try, args=(act,))
    _finish()


def _finish() -> None:
    """Say what stands in the way, or draw the page anew where the dialog has done its work."""
    problem = st.session_state.get(_PROBLEM)
    if problem is not None:
        st.error(escape_markdown(problem), icon=":material/error:")
    elif _OPEN not in st.session_state:
        st.rerun()


def _try(act: Callable[[], Outcome]) -> None:
    st.session_state.pop(_PROBLEM, None)
    try:
        set_outcome(act())
    except ClusterError as error:
        st.session_state[_PROBLEM] = str(error)
    else:
        close_dialog()
