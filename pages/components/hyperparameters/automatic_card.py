"""The card of the automatic choice of a network, with the result of the trial."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cluster_core.training.choice.decision import NetworkChoice
from cluster_core.training.config import AUTOMATIC
from pages.components.network_choice import describe, describe_figures
from pages.components.settings_list import key_of


def show_automatic_card(choice: NetworkChoice | None) -> DeltaGenerator:
    """Draw the card, and return an empty element in it for the progress of a trial.

    Parameters
    ----------
    choice : NetworkChoice or None
        The result of the trial on the chosen dataset, if there was one.
    """
    is_selected = st.session_state[key_of("architecture")] == AUTOMATIC
    with st.container(border=True, key="card_auto"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Automatic**", width="content")
            if is_selected:
                st.badge("selected", icon=":material/check:", color="green")
        st.caption(
            "Tries the networks on this computer with your pictures, and uses the one that suits "
            "them best."
        )
        if choice is not None:
            st.markdown(
                f":material/experiment: For these pictures: {describe(choice)}",
                help=_describe_trial(choice) if choice.figures else None,
            )
        area = st.empty()
        if not is_selected:
            st.button(
                "Use Automatic",
                key="use_auto",
                width="stretch",
                on_click=lambda: st.session_state.update({key_of("architecture"): AUTOMATIC}),
            )
    return area


def _describe_trial(choice: NetworkChoice) -> str:
    return (
        f"{describe_figures(choice)}. Measured on {choice.n_pictures} pictures, each by a quick "
        "model that had not seen it; the test pictures took no part."
    )
