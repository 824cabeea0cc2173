"""The network that suits a dataset: its trial, with progress and Stop, and what came of it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cluster_core.access import Action
from cluster_core.data.splits import Split
from cluster_core.errors import ClusterError
from cluster_core.training.choice.decision import NetworkChoice, describe_choice
from cluster_core.training.choice.trial import choose_network, find_choice
from cluster_core.training.config import AUTOMATIC, TrainConfig
from cluster_core.training.insight.estimates import estimate_trial
from cluster_core.workspace import Workspace
from pages.components.dataset.overview import find_split
from pages.components.dataset_contents import DatasetReading
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown
from pages.components.words import format_estimate, format_percent, name_network

# A longer trial starts with a click.
MAX_UNASKED_S = 3.0
_REDRAW_EVERY_S = 0.2
_CHOICE = "network choice"
_WANTED = "network trial wanted"
_STOPPED = "network trial stopped"


def find_trial_split(reading: DatasetReading) -> Split | None:
    """Return how the current settings divide a dataset, or None if it cannot be trained on."""
    split = find_split(reading)
    return split if isinstance(split, Split) else None


def get_choice(workspace: Workspace, reading: DatasetReading, split: Split) -> NetworkChoice | None:
    """Return the result of a trial on the pictures of a dataset, or None if there was none yet.

    Parameters
    ----------
    workspace : Workspace
    reading : DatasetReading
    split : Split
        Its division; the pictures of the final test take no part in a trial.
    """
    key = _make_key(workspace, reading, split)
    cached = st.session_state.get(_CHOICE)
    if cached is not None and cached[0] == key:
        return cached[1]
    choice = None
    with suppress(ClusterError):  # what is wrong with the cache is shown by what needs it
        choice = find_choice(_make_config(reading), split, workspace)
    if choice is not None:
        st.session_state[_CHOICE] = (key, choice)
    return choice


def run_trial_if_due(
    workspace: Workspace,
    reading: DatasetReading,
    split: Split,
    area: DeltaGenerator,
    *,
    is_unasked: bool,
) -> None:
    """Try the networks if that was not done yet and is quick; otherwise draw a button for it.

    Called at the end of a page, so that the page can be used meanwhile: a click interrupts the
    trial, and the next run of the page resumes it.

    Parameters
    ----------
    workspace : Workspace
    reading : DatasetReading
    split : Split
    area : DeltaGenerator
        An empty element, where the progress or the button is drawn.
    is_unasked : bool
        Whether it may begin without a click on the button.
    """
    if get_choice(workspace, reading, split) is not None or not get_access().allows(
        Action.EVALUATE
    ):
        return
    key = _make_key(workspace, reading, split)
    seconds = estimate_trial(workspace, _make_config(reading), split)
    is_unasked &= seconds <= MAX_UNASKED_S and st.session_state.get(_STOPPED) != key
    if not is_unasked and st.session_state.get(_WANTED) != key:
        area.button(
            f"Try the networks (about {format_estimate(seconds)})",
            key="try_networks",
            icon=":material/experiment:",
            help="Shows which of the networks on this computer does best on these pictures.",
            on_click=lambda: st.session_state.update({_WANTED: key}),
        )
        return
    try:
        choice = _run_trial(workspace, reading, split, area)
    except ClusterError as error:
        st.session_state[_STOPPED] = key
        area.error(escape_markdown(str(error)), icon=":material/error:")
        return
    st.session_state[_CHOICE] = (key, choice)
    st.rerun()


def _run_trial(
    workspace: Workspace, reading: DatasetReading, split: Split, area: DeltaGenerator
) -> NetworkChoice:
    assert not isinstance(reading.index, ClusterError)  # it could not have been split
    key = _make_key(workspace, reading, split)
    with area.container(horizontal=True, vertical_alignment="center", key="trial"):
        bar = st.progress(0.0, text="Trying the networks …", width="stretch")
        st.button(
            "Stop", key="stop_trial", icon=":material/stop_circle:", on_click=_stop, args=[key]
        )
    last_drawn_s = 0.0

    def on_progress(done: int, total: int) -> None:
        nonlocal last_drawn_s
        if time.monotonic() - last_drawn_s > _REDRAW_EVERY_S:
            last_drawn_s = time.monotonic()
            bar.progress(done / total, text=f"Trying the networks: {100 * done // total}%")

    config = _make_config(reading)
    return choose_network(config, reading.index, split, workspace, on_progress)


def describe_figures(choice: NetworkChoice) -> str:
    """Return each network's accuracy in the trial with its interval, as one line."""
    figures = [
        f"{name_network(figure.architecture)} {format_percent(figure.accuracy)} (likely "
        f"{format_percent(figure.low)} to {format_percent(figure.high)})"
        for figure in choice.figures
    ]
    return "; ".join(figures)


def describe(choice: NetworkChoice) -> str:
    """Return which network was chosen, and why, with the names that pages show."""
    return describe_choice(choice, name_network)


def _stop(key: Any) -> None:
    st.session_state[_STOPPED] = key
    st.session_state.pop(_WANTED, None)


def _make_config(reading: DatasetReading) -> TrainConfig:
    return TrainConfig(reading.image_dir, architecture=AUTOMATIC)


def _make_key(workspace: Workspace, reading: DatasetReading, split: Split) -> Any:
    """Return what the result depends on: the pictures, and the networks on this computer."""
    folders = (workspace.models, workspace.backbones)
    changed = tuple(folder.stat().st_mtime_ns for folder in folders if folder.is_dir())
    tested = hash(tuple(picture.sha256 for picture in split.testing))
    return (str(reading.image_dir), reading.signature, tested, changed)
