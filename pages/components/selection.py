"""The chosen dataset, run and model, kept in the session and in the page's address."""

from __future__ import annotations

from collections.abc import Callable, Container
from enum import StrEnum

import streamlit as st

from cluster_core.data.catalog import choose_default, list_datasets, save_last_dataset
from cluster_core.workspace import Workspace
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown

# An id in the address can be of any length; messages show this many characters of it.
MAX_ID_LENGTH = 100
_SAVED_DATASET = "saved dataset"


class Choice(StrEnum):
    """Things that can be chosen; the values are the names of the URL parameters."""

    DATASET = "dataset"
    RUN = "run"
    MODEL = "model"
    ANSWERS = "answers"
    QUEUE = "queue"


def sync_choices() -> None:
    """Synchronise the session and the address. To be called before a page is drawn.

    Going to another page clears the URL parameters. They are restored here in one step,
    because each change of the address adds an entry to the browser's history.
    """
    for choice in Choice:
        if choice in st.query_params:
            st.session_state[_key(choice)] = st.query_params[choice]
    _update_address()


def get_chosen(choice: Choice) -> str | None:
    """Return the chosen id, or None. It may not exist.

    The address takes precedence over the session, so that a link shows what it names.
    """
    found = st.query_params.get(choice) or st.session_state.get(_key(choice))
    if found is None:
        return None
    choose(choice, found)
    return str(found)


def get_known(
    choice: Choice, known: Container[str], describe_missing: Callable[[str], str]
) -> str | None:
    """Return the chosen id if it exists; otherwise show a warning and clear the choice.

    Parameters
    ----------
    choice : Choice
    known : container of str
        The ids that exist.
    describe_missing : callable
        Takes the id, escaped for Markdown, and returns the warning.

    Returns
    -------
    str or None
        None if nothing is chosen, or if it does not exist.
    """
    chosen = get_chosen(choice)
    if chosen is None or chosen in known:
        return chosen
    st.warning(
        describe_missing(escape_markdown(chosen[:MAX_ID_LENGTH])), icon=":material/search_off:"
    )
    choose(choice, None)
    return None


def get_active_dataset(workspace: Workspace) -> str | None:
    """Return the chosen dataset, or else the default one; None if there are no datasets.

    Raises
    ------
    DatasetError
        The workspace cannot be listed.
    """
    chosen = get_chosen(Choice.DATASET)
    return chosen if chosen in list_datasets(workspace) else choose_default(workspace)


def choose(choice: Choice, identifier: str | None) -> None:
    """Store a choice in the session and the address; None clears it."""
    if identifier is None:
        st.session_state.pop(_key(choice), None)
        st.query_params.pop(choice, None)
        return
    st.session_state[_key(choice)] = identifier
    if choice is Choice.DATASET and st.session_state.get(_SAVED_DATASET) != identifier:
        st.session_state[_SAVED_DATASET] = identifier
        save_last_dataset(get_access(), get_workspace(), identifier)
    if st.query_params.get(choice) != identifier:
        _update_address()


def _key(choice: Choice) -> str:
    return f"chosen {choice}"


def _update_address() -> None:
    """Write all choices to the address, in one step and in a fixed order."""
    current = st.query_params.to_dict()
    others = {name: value for name, value in current.items() if name not in list(Choice)}
    keys = {choice: _key(choice) for choice in Choice}
    chosen = {
        str(choice): st.session_state[key]
        for choice, key in keys.items()
        if key in st.session_state
    }
    if list({**others, **chosen}.items()) != list(current.items()):
        st.query_params.from_dict({**others, **chosen})
