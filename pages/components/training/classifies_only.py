"""Say that an installation without TensorFlow cannot train."""

from __future__ import annotations

import streamlit as st

from cluster_core.access import Action
from cluster_core.training.installed import CLASSIFIES_ONLY, can_train
from pages.components.signed_in import get_access


def show_if_classifies_only() -> None:
    """Draw one sentence if somebody may train here, but TensorFlow is not installed."""
    if get_access().allows(Action.TRAIN) and not can_train():
        st.info(CLASSIFIES_ONLY, icon=":material/info:")
