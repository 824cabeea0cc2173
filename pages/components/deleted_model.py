"""The notice that the model of a training was deleted, with the way to restore it."""

from __future__ import annotations

import streamlit as st

from cluster_core.access import Action
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.collection import find_deleted_model
from cluster_core.model.bundle.selection import get_model_id, list_model_folders
from cluster_core.storage.trash import TrashEntry, restore
from cluster_core.workspace import Workspace
from pages.components.outcome import Outcome, attempt, make_restoration_outcome
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown


def is_deleted(workspace: Workspace, model_id: str) -> bool:
    """Return whether a training made this model, and it is no longer there."""
    try:
        present = {get_model_id(folder) for folder in list_model_folders(workspace)}
    except ClusterError:  # the folder cannot be read: nobody knows
        return False
    return bool(model_id) and model_id not in present


def show_deleted_model(workspace: Workspace, model_id: str) -> None:
    """Draw which model was deleted, and a button that restores it if it is in the trash."""
    entry = find_deleted_model(workspace, model_id)
    if entry is None:
        st.info(
            "The model of this training was deleted. Train again to get a new one.",
            icon=":material/delete:",
        )
        return
    name = escape_markdown(entry.description[:1].lower() + entry.description[1:])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            f"Deleted: {name}. Restore it from the trash, or train again.",
            icon=":material/delete:",
            width="stretch",
        )
        if get_access().allows(Action.EDIT_MODELS):
            st.button(
                "Restore the model",
                key="restore_model",
                icon=":material/restore_from_trash:",
                on_click=attempt,
                args=(lambda: _restore(workspace, entry),),
            )


def _restore(workspace: Workspace, entry: TrashEntry) -> Outcome:
    restore(get_access(), workspace, entry.id)
    return make_restoration_outcome(entry)
