"""A demo's visitors and their throw-away workspace: the offer, what it holds, and its end."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import streamlit as st

from cluster_core.access import Access
from cluster_core.access.quota import MAX_BYTES, MAX_PICTURES, MAX_TRAINING_S, measure
from cluster_core.access.visitor_workspaces import (
    EMPTY_LIFETIME_S,
    LIFETIME_S,
    WHOLE_LIFETIME_S,
    count_visitor_workspaces,
    find_end_s,
)
from cluster_core.training.installed import can_train
from cluster_core.training.runs.visitor_limits import read_training_s
from cluster_core.workspace import Workspace
from pages.components import workspace_routes as routes
from pages.components.base_path import get_base_path
from pages.components.navigation import PageFile
from pages.components.signed_in import get_access, has_lost_workspace
from pages.components.words import format_time

_HOURS, _MOST_HOURS = LIFETIME_S // 3600, WHOLE_LIFETIME_S // 3600
_EMPTY_MINUTES = EMPTY_LIFETIME_S // 60
_FORM = """
<form method="post" action="{address}">
  <button type="submit" style="font: inherit; color: white; background: {colour}; border: 0;
    border-radius: 0.5rem; padding: 0.5rem 1rem; cursor: pointer">{label}</button>
</form>
"""
_BLUE, _RED = "#3b57a8", "#b3261e"
_REFUSALS = {
    routes.IN_USE: "All workspaces of this server are in use: try again in a few minutes.",
    routes.OFTEN: "Many workspaces were started from your address: try again in 15 minutes.",
    routes.IN_FRAME: "You cannot train inside the page of another site: open this page in a tab "
    "of its own.",
    routes.FAILED: "The workspace could not be created: try again in a few minutes.",
}


def offers_workspace() -> bool:
    """Tell whether the visitor of the present page is offered a workspace."""
    return get_access() == Access.visitor() and count_visitor_workspaces() > 0 and can_train()


def show_visitor_home() -> None:
    """Draw the Home page of a demo that offers workspaces, for a visitor without one."""
    st.title("Cluster Lab", anchor=False)
    st.write(
        "Teach a computer to recognise what pictures show. This is a public demo: classify "
        "pictures with the models that are published, or train a model of your own."
    )
    columns = st.columns(2)
    with columns[0], st.container(border=True, height="stretch"):
        st.markdown("##### :material/image_search: Classify")
        st.write("A published model says what your pictures show.")
        if st.button("Classify a picture", key="visitor_classify"):
            st.switch_page(PageFile.CLASSIFY)
    with columns[1], st.container(border=True, height="stretch"):
        st.markdown("##### :material/model_training: Train")
        show_offer()


def show_offer() -> None:
    """Draw the button that creates a workspace, and what becomes of it."""
    if has_lost_workspace():
        st.warning(
            f"Your workspace was deleted: it had not been used for {_HOURS} hours, held nothing "
            f"for {_EMPTY_MINUTES} minutes, or was {_MOST_HOURS} hours old. You can start a new "
            "one.",
            icon=":material/auto_delete:",
        )
    refused = st.query_params.get(routes.REFUSED, "")
    if refused in _REFUSALS:
        st.warning(_REFUSALS[refused], icon=":material/block:")
    if refused == routes.IN_FRAME:
        st.link_button("Open in a tab of its own", f"{get_base_path()}/")
        return
    st.write(
        "Make a dataset, train on it, and download your model. What you add is kept for "
        f"{_HOURS} hours after you last use it, at most {_MOST_HOURS} in all, then deleted; a "
        f"workspace that holds nothing goes after {_EMPTY_MINUTES} minutes. Do not bring pictures "
        "of people."
    )
    st.caption(
        f"Up to {MAX_PICTURES} pictures, {MAX_BYTES // 1_000_000} MB and "
        f"{MAX_TRAINING_S / 60:.0f} minutes of training. Sets a cookie in this browser, which is "
        "the only key to your workspace."
    )
    _show_form(routes.START, "Try training here", _BLUE)


def show_workspace_note() -> None:
    """Say that what the visitor makes is deleted."""
    st.info(
        f"This is your own workspace. It is deleted {_HOURS} hours after you last use it, "
        f"{_MOST_HOURS} after its start at the latest, so download your model in time. Do not "
        "bring pictures of people.",
        icon=":material/auto_delete:",
    )


def show_workspace_use(workspace: Workspace) -> None:
    """Draw what a visitor's workspace holds, how long it is kept, and how to delete it."""
    usage = measure(workspace)
    left_s = max(0.0, MAX_TRAINING_S - read_training_s(workspace))
    end = datetime.fromtimestamp(find_end_s(workspace), UTC)
    st.caption(
        f"{usage.n_pictures} of {MAX_PICTURES} pictures, {usage.n_bytes / 1e6:.0f} of "
        f"{MAX_BYTES // 1_000_000} MB, {left_s / 60:.0f} of {MAX_TRAINING_S / 60:.0f} minutes of "
        f"training left. Kept until {format_time(end.isoformat())}"
        f"{', longer if you add something' if not usage.n_pictures else ''}."
    )
    with st.popover("Delete my workspace", icon=":material/delete:"):
        st.write(
            "This deletes your datasets, trainings and models now, and cannot be undone. Pictures "
            "on the Classify page are not in the workspace: clear them there."
        )
        _show_form(routes.DELETE, "Delete all now", _RED)


def _show_form(path: str, label: str, colour: str) -> None:
    address = html.escape(f"{get_base_path()}/{path}")
    st.html(_FORM.format(address=address, label=label, colour=colour))
