"""The way to TensorBoard."""

from __future__ import annotations

import streamlit as st

from cluster_core.access import TENSORBOARD_VARIABLE, Action, is_allowed
from cluster_core.errors import ClusterError
from cluster_core.training.tensorboard import (
    find_tensorboard,
    format_tensorboard_command,
    start_tensorboard,
    stop_tensorboard,
)
from cluster_core.workspace import Workspace
from pages.components.terminal_command import place_for_visitor
from pages.components.text import escape_markdown


def show_tensorboard(workspace: Workspace) -> None:
    """Draw the command to copy, and where it is allowed a button that runs it."""
    with st.expander("Open in TensorBoard", icon=":material/monitoring:", key="tensorboard"):
        st.write("TensorBoard shows all curves and the trained graph. From a terminal:")
        command = format_tensorboard_command(place_for_visitor(workspace))
        st.code(command, language="bash", wrap_lines=True)
        if not is_allowed(Action.RUN_TENSORBOARD):
            st.caption(
                "It can be started from here too, on the computer that runs this server, if its "
                f"owner sets `{TENSORBOARD_VARIABLE}=1`."
            )
            return
        url = find_tensorboard(workspace)
        if url is None and st.button(
            "Start it here", key="start_tensorboard", icon=":material/play_arrow:"
        ):
            url = _start(workspace)
        if url is not None:
            st.link_button("Open TensorBoard", url, icon=":material/open_in_new:")
            st.button(
                "Stop it",
                key="stop_tensorboard",
                on_click=stop_tensorboard,
                args=(workspace,),
            )
            st.caption("Only the computer that runs this server can reach it.")


def _start(workspace: Workspace) -> str | None:
    try:
        with st.spinner("TensorBoard takes some seconds to begin …"):
            return start_tensorboard(workspace)
    except ClusterError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None
