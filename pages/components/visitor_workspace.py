"""The offer of a throw-away workspace to a demo's visitors, and where it is created."""

from __future__ import annotations

import html

import filelock
import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from cluster_core.access import Access
from cluster_core.access.quota import MAX_BYTES, MAX_PICTURES, MAX_TRAINING_S
from cluster_core.access.visitor_workspaces import (
    LIFETIME_S,
    count_visitor_workspaces,
    create_visitor_workspace,
)
from cluster_core.api.clients import is_cross_origin
from cluster_core.errors import AccessError
from cluster_core.events import report_event
from cluster_core.training.installed import can_train
from cluster_core.training.jobs.visitor_runs import sweep_visitor_workspaces
from cluster_core.workspace import Workspace
from pages.components.base_path import get_base_path
from pages.components.navigation import PageFile
from pages.components.signed_in import (
    WORKSPACE_COOKIE,
    find_request_access,
    get_access,
    has_lost_workspace,
)

_PATH = "try-training"
_HEADERS = {"Cache-Control": "no-store"}
_HOURS = LIFETIME_S // 3600
# The cookie outlives the workspace, so that a visitor who returns is told that it is gone.
_COOKIE_S = 7 * 24 * 3600
# Streamlit cannot set cookies, so a form leads to a route that can.
_FORM = """
<form method="post" action="{address}">
  <button type="submit" style="font: inherit; color: white; background: #3b57a8; border: 0;
    border-radius: 0.5rem; padding: 0.5rem 1rem; cursor: pointer">Try training here</button>
</form>
"""


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
            f"Your workspace was deleted, because it had not been used for {_HOURS} hours, or held "
            "nothing. You can start a new one.",
            icon=":material/auto_delete:",
        )
    st.write(
        "Make a dataset, train on it, and download your model. What you add is kept for "
        f"{_HOURS} hours after you last use it, then deleted. Do not bring pictures of people."
    )
    st.caption(
        f"Up to {MAX_PICTURES} pictures, {MAX_BYTES // 1_000_000} MB and "
        f"{MAX_TRAINING_S / 60:.0f} minutes of training. Sets a cookie in this browser, which is "
        "the only key to your workspace."
    )
    st.html(_FORM.format(address=html.escape(f"{get_base_path()}/{_PATH}")))


def show_workspace_note() -> None:
    """Say in the sidebar that what the visitor makes is deleted."""
    st.info(
        f"This is your own workspace, for {_HOURS} hours after you last use it: download your "
        "model before. Do not bring pictures of people.",
        icon=":material/auto_delete:",
    )


def list_routes() -> list[Route]:
    """Return the route, below the path that the app is served at."""
    return [Route(f"{get_base_path()}/{_PATH}", answer_offer, methods=["POST"])]


async def answer_offer(request: Request) -> Response:
    """Create a workspace for a visitor who has none, and lead to Home."""
    if is_cross_origin(request):
        report_event("refused", reason="form of another site")
        return PlainTextResponse("Click the button on Home.", 403, headers=_HEADERS)
    response = RedirectResponse(f"{get_base_path()}/", 303, headers=_HEADERS)
    if find_request_access(request) != Access.visitor():  # the owner, or a visitor who has one
        return response
    try:
        key = await run_in_threadpool(_create)
    except AccessError as error:
        return PlainTextResponse(str(error), 503, headers=_HEADERS)
    except (OSError, filelock.Timeout):
        sentence = "The workspace could not be created: try again in a few minutes."
        return PlainTextResponse(sentence, 503, headers=_HEADERS)
    response.set_cookie(
        WORKSPACE_COOKIE,
        key,
        max_age=_COOKIE_S,
        path=get_base_path() or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


def _create() -> str:
    if not can_train():
        raise AccessError("This server does not train models.", action="train models")
    server = Workspace.default()
    sweep_visitor_workspaces(server)
    return create_visitor_workspace(server)
