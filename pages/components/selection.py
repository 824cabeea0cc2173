"""Which dataset, run and model are being worked on; the address says it, so a link brings it."""

from __future__ import annotations

from collections.abc import Callable, Container
from enum import StrEnum

import streamlit as st

from cluster_core.data.catalog import choose_default, list_datasets
from cluster_core.workspace import Workspace
from pages.components.text import escape_markdown

# Of an id that somebody wrote into the address.
MAX_ID_LENGTH = 100


class Choice(StrEnum):
    """What is chosen; also the name of its parameter in the address."""

    DATASET = "dataset"
    RUN = "run"
    MODEL = "model"


def sync_choices() -> None:
    """Say in the address of every page what is chosen, before the page is drawn.

    Going to another page empties the address. What a page put there again by and by
    would each time be one more step on the browser's way back.
    """
    for choice in Choice:
        if choice in st.query_params:
            st.session_state[_key(choice)] = st.query_params[choice]
    _tell_address()


def get_chosen(choice: Choice) -> str | None:
    """Return the id of what is chosen, or None; nobody has checked that it exists.

    The address comes first: a link must show what it names. Where it says
    nothing, the session remembers.
    """
    found = st.query_params.get(choice) or st.session_state.get(_key(choice))
    if found is None:
        return None
    choose(choice, found)
    return str(found)


def get_known(choice: Choice, known: Container[str], say: Callable[[str], str]) -> str | None:
    """Return the id of what is chosen; where there is no such thing, say so and forget it.

    Parameters
    ----------
    choice : Choice
    known : container of str
        The ids there are.
    say : callable
        Takes an id, fit for Markdown, and returns the sentence to show.
    """
    chosen = get_chosen(choice)
    if chosen is None or chosen in known:
        return chosen
    st.warning(say(escape_markdown(chosen[:MAX_ID_LENGTH])), icon=":material/search_off:")
    choose(choice, None)
    return None


def get_active_dataset(workspace: Workspace) -> str | None:
    """Return the dataset that pages work on: the chosen one, else the first; None without any."""
    names = list_datasets(workspace)
    chosen = get_chosen(Choice.DATASET)
    return chosen if chosen in names else choose_default(names)


def choose(choice: Choice, identifier: str | None) -> None:
    """Work on something else from now on; None for nothing in particular."""
    if identifier is None:
        st.session_state.pop(_key(choice), None)
        st.query_params.pop(choice, None)
        return
    st.session_state[_key(choice)] = identifier
    if st.query_params.get(choice) != identifier:
        _tell_address()


def _key(choice: Choice) -> str:
    return f"chosen {choice}"


def _tell_address() -> None:
    """Write all choices to the address: in one step, and always in the same order."""
    said = st.query_params.to_dict()
    others = {name: value for name, value in said.items() if name not in list(Choice)}
    keys = {choice: _key(choice) for choice in Choice}
    chosen = {
        str(choice): st.session_state[key]
        for choice, key in keys.items()
        if key in st.session_state
    }
    if list({**others, **chosen}.items()) != list(said.items()):
        st.query_params.from_dict({**others, **chosen})
