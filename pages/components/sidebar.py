"""The sidebar of every page: the active dataset, model and training."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable

import streamlit as st

from cluster_core.access import Access, Action
from cluster_core.errors import ClusterError
from cluster_core.training.runs import RunState, RunStatus, load_status
from cluster_core.workspace import Workspace
from pages.components.active_training import find_active_training
from pages.components.front_door import show_sign_in, show_sign_out
from pages.components.model_picker import find_default
from pages.components.navigation import PageFile
from pages.components.offered_models import list_offered
from pages.components.selection import Choice, choose, get_active_dataset, get_chosen
from pages.components.signed_in import get_workspace
from pages.components.text import escape_markdown
from pages.components.visitor_workspace import (
    offers_workspace,
    show_workspace_note,
    show_workspace_use,
)
from pages.components.words import name_stage

REFRESH_S = 2.0
# Wider names would be cut off without an ellipsis; in widths of a lower-case letter.
_MAX_NAME_WIDTH = 34
_WIDE = 2
_numbers = itertools.count()


def show_sidebar(access: Access, is_home: bool) -> None:
    """Draw the sidebar. It reports no errors: the page itself shows what cannot be read.

    Parameters
    ----------
    access : Access
    is_home : bool
        Whether it is beside Home, which has the note on a visitor's workspace itself.
    """
    with st.sidebar:
        if access.allows(Action.VIEW_DATASETS):
            _show_link("Dataset", PageFile.DATASET, _name_dataset(get_workspace()))
        if access.allows(Action.VIEW_MODELS):
            _show_link("Model", PageFile.MODELS, _name_model())
        may_view = access.allows(Action.VIEW_TRAININGS)
        run = find_active_training(get_workspace()) if may_view else None
        if run is not None:
            _repeat_as_new(_show_training)(get_workspace(), run)
            if st.button("View", key="sidebar_training", type="tertiary"):
                choose(Choice.RUN, run.id)
                st.switch_page(PageFile.TRAINING)
        if access.root is not None:
            if not is_home:
                show_workspace_note()
            show_workspace_use(get_workspace())
            show_sign_in()
        elif not access.allows(Action.TRAIN) and access.allows(Action.CLASSIFY):
            where = "open Home" if offers_workspace() else "install Cluster Lab on your computer"
            st.info(
                "This is a public demo: you can classify your own pictures. To train models, "
                f"{where}.",
                icon=":material/waving_hand:",
            )
            show_sign_in()
        show_sign_out()


def _show_link(title: str, page: PageFile, name: str) -> None:
    with st.container(gap=None):
        st.caption(title)
        shown = _shorten(name)
        st.page_link(
            page,
            label=f"**{escape_markdown(shown)}**",
            help=escape_markdown(name) if shown != name else None,
        )


def _shorten(name: str) -> str:
    """Return the name, or as much of it as the sidebar has room for, with an ellipsis."""
    width = 0
    for at, letter in enumerate(name):
        is_wide = letter.isupper() or unicodedata.east_asian_width(letter) in "WF"
        width += _WIDE if is_wide else 1
        if width > _MAX_NAME_WIDTH:
            return f"{name[: at - 1].rstrip()}…"
    return name


def _name_dataset(workspace: Workspace) -> str:
    try:
        return get_active_dataset(workspace) or "none yet"
    except ClusterError:
        return "cannot be read"


def _name_model() -> str:
    try:
        models = list_offered()
    except ClusterError:
        return "cannot be read"
    by_id = {model.id: model for model in models}
    chosen = by_id.get(get_chosen(Choice.MODEL) or "")
    return (chosen or find_default(by_id)).title


def _show_training(workspace: Workspace, drawn: RunStatus) -> None:
    try:
        status = load_status(workspace, drawn.id)
    except ClusterError:  # deleted since the page was drawn
        return
    st.caption("Training")
    share = status.done / status.total if status.total else 0.0
    if status.state.is_over:
        words, share = f"{status.dataset}: {status.state}", 1.0
    elif status.state is RunState.QUEUED:
        words = f"{status.dataset}: queued"
    else:
        words = f"{status.dataset}: {name_stage(status.stage).lower() or 'starting'}"
    st.progress(min(1.0, share), escape_markdown(words))


def _repeat_as_new(draw: Callable[[Workspace, RunStatus], None]) -> Callable[..., None]:
    """Return a function as a fragment that repeats, with another id in every run of the page.

    On a busy server, a repetition that the browser asked for before it saw this run may begin
    when this run has ended but nothing of it is sent yet. Streamlit then drops all that this run
    has drawn. It ignores a fragment that this run did not have.
    """

    def draw_new(workspace: Workspace, run: RunStatus) -> None:
        draw(workspace, run)

    draw_new.__qualname__ = f"{draw.__qualname__} {next(_numbers)}"
    return st.fragment(draw_new, run_every=REFRESH_S)
