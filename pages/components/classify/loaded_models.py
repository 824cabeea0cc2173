"""Load a model for a page, and say why if that fails."""

from __future__ import annotations

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction import loaded
from cluster_core.model.prediction.predictor import Predictor
from pages.components.offered_models import find_home
from pages.components.text import escape_markdown


def obtain_predictor(model: ModelSummary) -> Predictor | None:
    """Load a model, or draw why it cannot be loaded and return None.

    A failed load is retried only when the visitor asks, not at every rerun: each
    attempt may take a minute.
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
    message = "Loading the model …"
    if not get_backbone(model.architecture).ships:
        message = (
            f"Loading the model. The first time, its network {escape_markdown(model.architecture)} "
            "is downloaded and prepared, which takes up to a minute …"
        )
    with st.spinner(message):
        return loaded.obtain_predictor(find_home(model), model)
