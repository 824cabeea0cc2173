"""What is done to models on the page Models, each with a sentence that says how it went."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cluster_core.data.trash import restore
from cluster_core.errors import ClusterError
from cluster_core.model.entries import ModelEntry
from cluster_core.model.library import (
    delete_model,
    rename_model,
    set_default_model,
)
from cluster_core.workspace import Workspace
from pages.components.selection import Choice, choose
from pages.components.text import escape_markdown

_OUTCOME = "models outcome"
_DELETED = "models deleted"


def rename(model: ModelEntry, title: str) -> None:
    """Give a model another title."""
    _try(lambda: rename_model(Workspace.default(), model.id, title), "It has its new name.")


def make_default(model: ModelEntry) -> None:
    """Let a model answer where none is chosen."""
    told = f"{model.title} answers from now on wherever no other model is chosen."
    _try(lambda: set_default_model(Workspace.default(), model.id), told)


def delete(model: ModelEntry) -> None:
    """Move a model to the trash, from where it can be brought back."""

    def act() -> None:
        entry = delete_model(Workspace.default(), model.id)
        st.session_state[_DELETED] = (entry.id, model.title)
        choose(Choice.MODEL, None)

    _try(act, None)


def show_outcome() -> None:
    """Say how the last click went, once; and offer to undo a deletion as long as one is here."""
    if outcome := st.session_state.pop(_OUTCOME, None):
        is_good, told = outcome
        show, icon = (st.success, "check") if is_good else (st.error, "error")
        show(escape_markdown(told), icon=f":material/{icon}:")
    if deleted := st.session_state.get(_DELETED):
        _, title = deleted
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(
                f"{escape_markdown(title)} was deleted.", icon=":material/delete:", width="stretch"
            )
            st.button("Undo", key="undo", icon=":material/undo:", on_click=_undo)


def _undo() -> None:
    entry_id, title = st.session_state.pop(_DELETED)

    def act() -> None:
        (folder,) = restore(Workspace.default(), entry_id)
        choose(Choice.MODEL, folder.name)

    _try(act, f"{title} is back.")


def _try(act: Callable[[], object], told: str | None) -> None:
    try:
        act()
    except ClusterError as error:
        st.session_state[_OUTCOME] = (False, str(error))
    else:
        if told:
            st.session_state[_OUTCOME] = (True, told)
