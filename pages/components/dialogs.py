"""Dialogs that stay open across reruns until they are confirmed or dismissed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from cluster_core.errors import ClusterError
from pages.components.outcome import Outcome, set_outcome
from pages.components.text import escape_markdown

_OPEN = "open dialog"
_PROBLEM = "dialog problem"


@dataclass(frozen=True)
class NameField:
    """A text field for a name, with its button.

    Attributes
    ----------
    key : str
        The field gets the widget key `<key>_name`, the button `confirm_<key>`.
    label : str
        The field's label.
    button : str
        The button's label.
    value : str
        Initial text.
    placeholder : str
        Shown while the field is empty.
    """

    key: str
    label: str
    button: str
    value: str = ""
    placeholder: str = ""


def open_dialog(name: str) -> None:
    """Open a dialog with the next rerun, instead of any other."""
    st.session_state[_OPEN] = name
    st.session_state.pop(_PROBLEM, None)


def close_dialog() -> None:
    """Close the open dialog."""
    st.session_state.pop(_OPEN, None)


def is_open(name: str) -> bool:
    """Return whether this dialog is open."""
    return bool(st.session_state.get(_OPEN) == name)


def ask_for_name(field: NameField, act: Callable[[str], Outcome]) -> None:
    """Draw a form for a name in a dialog, which stays open and shows the error if it is refused.

    Parameters
    ----------
    field : NameField
    act : callable
        Takes the name, and returns the outcome to show after the dialog has closed.
    """
    name_key = f"{field.key}_name"
    with st.form(f"{field.key}_form", border=False):
        st.text_input(field.label, field.value, key=name_key, placeholder=field.placeholder)
        st.form_submit_button(
            field.button,
            type="primary",
            key=f"confirm_{field.key}",
            on_click=lambda: _try(lambda: act(st.session_state[name_key])),
        )
    _finish()


def confirm(key: str, button: str, act: Callable[[], Outcome]) -> None:
    """Draw a dialog's confirm button, with the widget key `confirm_<key>`."""
    st.button(button, key=f"confirm_{key}", type="primary", on_click=_try, args=(act,))
    _finish()


def _finish() -> None:
    """Show the error, or rerun the page if the dialog has done its work."""
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
