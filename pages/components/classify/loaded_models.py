"""Models ready to answer, loaded once for all visitors."""

from __future__ import annotations

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.model.backbones.registry import SKY_BACKBONE
from cluster_core.model.bundle.bundle import load_bundle
from cluster_core.model.bundle.selection import model_dir
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.predictor import MODELS_IN_MEMORY, Predictor
from cluster_core.workspace import Workspace
from pages.components.text import escape_markdown


def obtain_predictor(model: ModelSummary) -> Predictor | None:
    """Return what answers for a model; None, and why, where it is not to be had.

    A network that could not be made ready is tried again when that is asked for, not
    at every click: each try may take a minute.
    """
    failed: dict[str, str] = st.session_state.setdefault("models failed", {})
    if model.manifest_sha256 not in failed:
        try:
            return _load_with_spinner(model)
        except ClusterError as error:
            failed[model.manifest_sha256] = str(error)
    st.error(escape_markdown(failed[model.manifest_sha256]), icon=":material/error:")
    st.button("Try again", key="try_again", icon=":material/refresh:", on_click=failed.clear)
    return None


def _load_with_spinner(model: ModelSummary) -> Predictor:
    wait = "Loading the model …"
    if model.architecture != SKY_BACKBONE.name:
        wait = (
            f"Loading the model. Where its network {escape_markdown(model.architecture)} was never "
            "used on this machine, it is downloaded and made ready first: up to a minute …"
        )
    with st.spinner(wait):
        return _load(str(Workspace.default().root), model.id, model.manifest_sha256)


@st.cache_resource(max_entries=MODELS_IN_MEMORY, show_spinner=False)
def _load(root: str, model_id: str, manifest_sha256: str) -> Predictor:
    """Load a model; a changed manifest is another model, and so is one of another workspace."""
    workspace = Workspace.default()
    # One thread: many visitors ask at a time.
    return Predictor(load_bundle(model_dir(workspace, model_id)), workspace)
