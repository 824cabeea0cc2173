"""A training that waits: its place in the line, and the visitor's training that it waits for."""

from __future__ import annotations

import streamlit as st

from cluster_core.access import Action
from cluster_core.access.quota import MAX_TRAINING_S
from cluster_core.errors import ClusterError
from cluster_core.training.jobs.visitor_turns import (
    TrainingLine,
    VisitorRun,
    find_run_ahead_of_owner,
    read_line,
    stop_visitor_run,
)
from cluster_core.training.runs import find_queue_position
from cluster_core.workspace import Workspace
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

_READ_EVERY_S = 2.0
_STARTING = "Starting: loading the training software takes about ten seconds …"
_CLOSE = "You can close this page."


def show_waiting(workspace: Workspace, run_id: str) -> None:
    """Draw what a queued training waits for.

    Raises
    ------
    RunError
        There is no such training, or the folder of trainings cannot be read.
    """
    if get_access().root is not None:
        st.progress(0.0, _describe_place(_read_line().find_place(run_id)))
        return
    position = find_queue_position(workspace, run_id)
    ahead = None if position else find_run_ahead_of_owner(workspace)
    if ahead is not None:
        _show_visitor_run(workspace, ahead)
    elif position == 0:
        st.progress(0.0, _STARTING)
    else:
        others = "another training" if position == 1 else f"{position} other trainings"
        st.progress(0.0, f"Waiting for {others} to finish. {_CLOSE}")


@st.cache_data(ttl=_READ_EVERY_S, show_spinner=False)
def _read_line() -> TrainingLine:
    """Return the line, read once for the pages of all visitors who wait in it."""
    return read_line(Workspace.default())


def _describe_place(place: int) -> str:
    if place == 0:
        return _STARTING
    where = "Next in line" if place == 1 else f"{_name_ordinal(place)} in line"
    return f"{where}: one visitor trains at a time, those who trained least come first. {_CLOSE}"


def _name_ordinal(number: int) -> str:
    is_teen = number % 100 // 10 == 1
    suffix = "th" if is_teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _show_visitor_run(workspace: Workspace, run: VisitorRun) -> None:
    st.progress(
        0.0,
        "Waiting for a visitor's training to finish, "
        f"{MAX_TRAINING_S / 60:.0f} minutes at the most. {_CLOSE}",
    )
    if run.is_stopping:
        st.markdown(":material/hourglass: The visitor's training is stopping …")
    elif get_access().allows(Action.TRAIN):
        with st.popover("Stop the visitor's training", icon=":material/stop:"):
            st.write("The visitor keeps the best model so far, and reads that you stopped it.")
            st.button(
                "Stop it, and start mine",
                key="stop_visitor",
                icon=":material/check:",
                on_click=_stop,
                args=(workspace, run.status.id),
            )


def _stop(workspace: Workspace, run_id: str) -> None:
    try:
        stop_visitor_run(get_access(), workspace, run_id)
    except ClusterError as error:  # it has just ended
        st.toast(escape_markdown(str(error)))
