"""Start a training from any page."""

from __future__ import annotations

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.training.config import TrainConfig
from cluster_core.training.jobs.supervisor import find_supervisor
from cluster_core.training.runs import submit_run
from cluster_core.workspace import Workspace
from pages.components.navigation import PageFile
from pages.components.selection import Choice, choose
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown


def start_run(workspace: Workspace, config: TrainConfig) -> None:
    """Queue a training and open its page; draw the error if it cannot be queued."""
    try:
        status = submit_run(get_access(), workspace, config)
    except ClusterError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    supervisor = find_supervisor()
    if supervisor is not None:
        supervisor.wake()
    choose(Choice.RUN, status.id)
    st.switch_page(PageFile.TRAINING)
