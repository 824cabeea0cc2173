"""What is being worked on, beside every page: the dataset, the model, a training that goes on."""

from __future__ import annotations

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.library import list_models
from cluster_core.training.runs import RunState, RunStatus, list_runs, load_status
from cluster_core.workspace import Workspace
from pages.components.navigation import PageFile
from pages.components.selection import Choice, choose, get_active_dataset, get_chosen
from pages.components.text import escape_markdown

REFRESH_S = 2.0


def show_sidebar() -> None:
    """Draw it; what cannot be read is left out, since the page itself will say why."""
    workspace = Workspace.default()
    with st.sidebar:
        _show_link("Dataset", PageFile.DATASET, _name_dataset(workspace))
        _show_link("Model", PageFile.MODELS, _name_model(workspace))
        run = _find_training(workspace)
        if run is not None:
            st.fragment(_show_training, run_every=REFRESH_S)(workspace, run)
        if not is_allowed(Action.TRAIN):
            st.info(
                "This is a public demo: classify pictures of your own and look around. To train "
                "models, install Cluster Lab on your computer.",
                icon=":material/waving_hand:",
            )


def _show_link(title: str, page: PageFile, name: str) -> None:
    with st.container(gap=None):
        st.caption(title)
        st.page_link(page, label=f"**{escape_markdown(name)}**")


def _name_dataset(workspace: Workspace) -> str:
    try:
        return get_active_dataset(workspace) or "none yet"
    except ClusterError:
        return "cannot be read"


def _name_model(workspace: Workspace) -> str:
    try:
        models = list_models(workspace)
    except ClusterError:
        return "cannot be read"
    chosen = get_chosen(Choice.MODEL)
    default = next(model for model in models if model.is_default)
    return next((model for model in models if model.id == chosen), default).title


def _find_training(workspace: Workspace) -> RunStatus | None:
    """Return the training that goes on, else the next of those that wait."""
    try:
        going_on = [status for status in list_runs(workspace) if not status.state.is_over]
    except ClusterError:
        return None
    running = (status for status in going_on if status.state is RunState.RUNNING)
    return next(running, going_on[-1] if going_on else None)


def _show_training(workspace: Workspace, drawn: RunStatus) -> None:
    try:
        status = load_status(workspace, drawn.id)
    except ClusterError:  # deleted meanwhile
        return
    st.caption("Training")
    share = status.done / status.total if status.total else 0.0
    if status.state.is_over:
        words, share = f"{status.dataset}: {status.state}", 1.0
    elif status.state is RunState.QUEUED:
        words = f"{status.dataset}: waiting"
    else:
        words = f"{status.dataset}: {status.stage.lower() or 'it begins'}"
    st.progress(min(1.0, share), escape_markdown(words))
    if st.button("Look at it", key="sidebar_training", type="tertiary"):
        choose(Choice.RUN, status.id)
        st.switch_page(PageFile.TRAINING)
