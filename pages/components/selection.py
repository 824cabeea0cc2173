"""Which dataset, run and model are being worked on; the address says it, so a link brings it."""

from __future__ import annotations

from enum import StrEnum

import streamlit as st

from cluster_core.data.datasets import choose_default, list_datasets
from cluster_core.workspace import Workspace


class Choice(StrEnum):
    """What is chosen; also the name of its parameter in the address."""

    DATASET = "dataset"
    RUN = "run"
    MODEL = "model"


def get_chosen(choice: Choice) -> str | None:
    """Return the id of what is chosen, or None; nobody has checked that it exists.

    The address comes first: a link must show what it names. Going to another
    page empties the address, and then the session remembers.
    """
    key = f"chosen {choice}"
    found = st.query_params.get(choice) or st.session_state.get(key)
    if found is None:
        return None
    choose(choice, found)
    return str(found)


def get_active_dataset(workspace: Workspace) -> str | None:
    """Return the dataset that pages work on: the chosen one, else the first; None without any."""
    names = list_datasets(workspace)
    chosen = get_chosen(Choice.DATASET)
    return chosen if chosen in names else choose_default(names)


def choose(choice: Choice, identifier: str | None) -> None:
    """Work on something else from now on; None for nothing in particular."""
    key = f"chosen {choice}"
    if identifier is None:
        st.session_state.pop(key, None)
        st.query_params.pop(choice, None)
        return
    st.session_state[key] = identifier
    if st.query_params.get(choice) != identifier:
        st.query_params[choice] = identifier
