"""A link to TensorBoard."""

from __future__ import annotations

import streamlit as st

from cluster_core.access import TENSORBOARD_VARIABLE, Action
from cluster_core.errors import ClusterError
from cluster_core.training.tensorboard import (
    find_tensorboard,
    format_tensorboard_command,
    start_tensorboard,
    stop_tensorboard,
)
from cluster_core.workspace import Workspace
from pages.components.signed_in import get_access
from pages.components.terminal_command import get_shown_workspace
from pages.components.text import escape_markdown


def show_tensorboard(workspace: Workspace) -> None:
    """Draw the command that starts TensorBoard and, if allowed, a button that runs it."""
    with st.expander("Open in TensorBoard", icon=":material/monitoring:", key="tensorboard"):
        st.write(
            "TensorBoard, a separate program, shows all curves and the network's structure. "
            "Start it with this command in a terminal:"
        )
        command = format_tensorboard_command(get_shown_workspace(workspace))
        st.code(command, language="bash", wrap_lines=True)
        if not get_access().allows(Action.RUN_TENSORBOARD):
            st.caption(
                f"To start it from this page instead, set `{TENSORBOARD_VARIABLE}=1` on the "
                "computer that runs Cluster Lab, and restart Cluster Lab."
            )
            return
        url = find_tensorboard(workspace)
        if url is None and st.button(
            "Start TensorBoard", key="start_tensorboard", icon=":material/play_arrow:"
        ):
            url = _start(workspace)
        if url is not None:
            st.link_button("Open TensorBoard", url, icon=":material/open_in_new:")
            st.button(
                "Stop TensorBoard",
                key="stop_tensorboard",
                on_click=stop_tensorboard,
                args=(workspace,),
            )
            st.caption("It opens only on the computer that runs Cluster Lab.")


def _start(workspace: Workspace) -> str | None:
    try:
        with st.spinner("Starting TensorBoard, which takes a few seconds …"):
            return start_tensorboard(get_access(), workspace)
    except ClusterError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None
