"""Add a model that was downloaded from Cluster Lab."""

from __future__ import annotations

from typing import BinaryIO

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.model.bundle.archive import import_model
from cluster_core.model.bundle.collection import list_models
from cluster_core.workspace import Workspace
from pages.components.selection import Choice, choose
from pages.components.text import escape_markdown

_IMPORTED = "models taken"
_MAX_MB = 20


def show_upload() -> None:
    """Draw the uploader for a model's .zip, and import each file once."""
    with st.expander("Add a model from a file", icon=":material/upload_file:"):
        file = st.file_uploader(
            "A model's .zip file, downloaded from this page here or on another computer",
            type=["zip"],
            max_upload_size=_MAX_MB,
            key="model_zip",
        )
        if file is None:
            st.session_state.pop(_IMPORTED, None)
            return
        imported = st.session_state.get(_IMPORTED)
        if imported is None or imported[0] != file.file_id:
            imported = (file.file_id, *_import(file))
            st.session_state[_IMPORTED] = imported
        _, is_good, sentence = imported
        show, icon = (st.success, "check") if is_good else (st.error, "error")
        show(escape_markdown(sentence), icon=f":material/{icon}:")


def _import(file: BinaryIO) -> tuple[bool, str]:
    """Import a model; return whether it succeeded, and a sentence about the outcome."""
    workspace = Workspace.default()
    known = {model.id for model in list_models(workspace)}
    try:
        model = import_model(workspace, file)
    except ClusterError as error:
        return False, str(error)
    choose(Choice.MODEL, model.id)
    if model.id in known:
        return True, f"{model.title} is already in the list. It is open below."
    return True, f"Added {model.title}. It is open below."
