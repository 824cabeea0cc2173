"""The training in progress, and the way to a first model while there is none."""

from __future__ import annotations

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.training.runs import RunState, RunStatus, list_runs
from cluster_core.workspace import Workspace
from pages.components.navigation import PageFile
from pages.components.selection import Choice, choose


def find_active_training(workspace: Workspace) -> RunStatus | None:
    """Return the training in progress, or else the next one in the queue; None if there is none."""
    try:
        active = [status for status in list_runs(workspace) if not status.state.is_over]
    except ClusterError:  # the page Training says what is wrong
        return None
    running = (status for status in active if status.state is RunState.RUNNING)
    return next(running, active[-1] if active else None)


def show_way_to_a_model(workspace: Workspace, action: str, icon: str) -> None:
    """Draw a button that opens the training in progress, or else the settings for a first one.

    Parameters
    ----------
    workspace : Workspace
    action, icon : str
        Label and Material icon of the button that opens the settings.
    """
    active = find_active_training(workspace)
    if active is None:
        if st.button(action, key="to_hyperparameters", icon=f":material/{icon}:"):
            st.switch_page(PageFile.HYPERPARAMETERS)
        return
    is_queued = active.state is RunState.QUEUED
    st.write("A training is queued." if is_queued else "A training is in progress.")
    if st.button("View progress", key="to_training", icon=":material/model_training:"):
        choose(Choice.RUN, active.id)
        st.switch_page(PageFile.TRAINING)
