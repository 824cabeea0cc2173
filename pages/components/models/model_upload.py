"""Add a model that somebody else made with this program."""

from __future__ import annotations

from typing import BinaryIO

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.model.bundle.archive import import_model
from cluster_core.model.bundle.library import list_models
from cluster_core.workspace import Workspace
from pages.components.selection import Choice, choose
from pages.components.text import escape_markdown

_TAKEN = "models taken"
_MOST_MB = 20


def show_upload() -> None:
    """Draw a place to drop a model's .zip; what is dropped there is taken once."""
    with st.expander("Add a model from a file", icon=":material/upload_file:"):
        file = st.file_uploader(
            "A .zip that was downloaded from this page, here or elsewhere",
            type=["zip"],
            max_upload_size=_MOST_MB,
            key="model_zip",
        )
        if file is None:
            st.session_state.pop(_TAKEN, None)
            return
        taken = st.session_state.get(_TAKEN)
        if taken is None or taken[0] != file.file_id:
            taken = (file.file_id, *_take(file))
            st.session_state[_TAKEN] = taken
        _, is_good, told = taken
        show, icon = (st.success, "check") if is_good else (st.error, "error")
        show(escape_markdown(told), icon=f":material/{icon}:")


def _take(file: BinaryIO) -> tuple[bool, str]:
    """Return whether it went well, and what to say about it."""
    workspace = Workspace.default()
    known = {model.id for model in list_models(workspace)}
    try:
        model = import_model(workspace, file)
    except ClusterError as error:
        return False, str(error)
    choose(Choice.MODEL, model.id)
    if model.id in known:
        return True, f"{model.title} is here already; it is opened below."
    return True, f"{model.title} was added; it is opened below."
