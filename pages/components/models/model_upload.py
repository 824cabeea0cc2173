"""Add a model that was downloaded from Cluster Lab."""

from __future__ import annotations

from typing import BinaryIO

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cluster_core.errors import ClusterError
from cluster_core.model.bundle.archive import import_model
from cluster_core.model.bundle.collection import list_models
from pages.components.selection import Choice, choose
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown
from pages.components.upload_limit import show_uploader
from pages.components.words import name_network

_IMPORTED = "models taken"
_IS_REFUSED = "model file refused"
_MESSAGES = {
    True: (st.success, "check"),
    False: (st.warning, "extension_off"),
    None: (st.error, "error"),
}


def show_upload() -> None:
    """Draw the uploader for a model's .zip, and import each file once."""
    with st.expander("Add a model from a file", icon=":material/upload_file:"):
        file = show_uploader(
            "model_upload",
            "model_zip",
            "A model's .zip file, downloaded from this page here or on another computer",
            type=["zip"],
            on_all_refused=lambda: st.session_state.update({_IS_REFUSED: True}),
            on_change=lambda: st.session_state.pop(_IS_REFUSED, None),
        )
        if st.session_state.get(_IS_REFUSED):
            return  # the message below would be about an earlier file
        if not isinstance(file, UploadedFile):
            st.session_state.pop(_IMPORTED, None)
            return
        imported = st.session_state.get(_IMPORTED)
        if imported is None or imported[0] != file.file_id:
            with st.spinner("Checking the model …"):
                imported = (file.file_id, *_import(file))
            st.session_state[_IMPORTED] = imported
        _, is_usable, sentence = imported
        show, icon = _MESSAGES[is_usable]
        show(escape_markdown(sentence), icon=f":material/{icon}:")


def _import(file: BinaryIO) -> tuple[bool | None, str]:
    """Import a model; return whether it can be used, None if there is none, and a sentence."""
    workspace = get_workspace()
    known = {model.id: model for model in list_models(workspace)}
    try:
        model = import_model(get_access(), workspace, file)
    except ClusterError as error:
        return None, str(error)
    choose(Choice.MODEL, model.id)
    sentence = f"Added {model.title}. It is open below."
    if model.id in known:
        sentence = f"{model.title} is already in the list. It is open below."
        if known[model.id].lacks_network and not model.lacks_network:
            sentence += " Its network was added."
    if model.lacks_network:
        sentence += (
            " It cannot be used yet, because this computer lacks its network "
            f"{name_network(model.architecture)}: download it below, upload its weights, or "
            "download the model again where it was trained, with its network, and add that file."
        )
    return not model.lacks_network, sentence
