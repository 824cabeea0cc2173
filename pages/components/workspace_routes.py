"""Where a demo's visitors start and delete their throw-away workspace.

Streamlit can set no cookies, so forms lead to routes that can.
"""

from __future__ import annotations

import filelock
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from cluster_core.access import Access
from cluster_core.access.visitor_workspaces import (
    count_visitor_workspaces,
    create_visitor_workspace,
    end_visitor_workspace,
)
from cluster_core.api.clients import is_cross_origin
from cluster_core.errors import AccessError
from cluster_core.events import report_event
from cluster_core.server.client import find_client
from cluster_core.server.rates import RateLimit
from cluster_core.training.installed import can_train
from cluster_core.training.jobs.visitor_runs import sweep_visitor_workspaces
from cluster_core.workspace import Workspace
from pages.components.base_path import get_base_path
from pages.components.signed_in import WORKSPACE_COOKIE, find_request_access

START = "try-training"
DELETE = "delete-workspace"
# In the address of Home: why no workspace was started.
REFUSED = "refused"
IN_USE, OFTEN, IN_FRAME, FAILED = "in-use", "often", "in-frame", "failed"
_HEADERS = {"Cache-Control": "no-store"}
# The cookie outlives the workspace, so that a visitor who returns is told that it is gone.
_COOKIE_S = 7 * 24 * 3600
_STARTS_PER_HOUR = 5
_starts = RateLimit(_STARTS_PER_HOUR, window_s=3600)


def list_routes() -> list[Route]:
    """Return the routes, below the path that the app is served at."""
    return [
        Route(f"{get_base_path()}/{START}", start_workspace, methods=["POST"]),
        Route(f"{get_base_path()}/{DELETE}", delete_workspace, methods=["POST"]),
    ]


async def start_workspace(request: Request) -> Response:
    """Create a workspace for a visitor who has none, and lead to Home."""
    if is_cross_origin(request):
        return _refuse_other_site()
    if find_request_access(request) != Access.visitor():  # the owner, or a visitor who has one
        return _lead_home()
    if not (count_visitor_workspaces() and can_train()):
        return PlainTextResponse("Visitors cannot train here.", 503, headers=_HEADERS)
    if request.headers.get("sec-fetch-dest") in ("iframe", "frame"):
        return _lead_home(IN_FRAME)  # where the browser would not keep the cookie
    key, refused = await run_in_threadpool(_start, find_client(request.scope))
    response = _lead_home(refused)
    if not key:
        return response
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


async def delete_workspace(request: Request) -> Response:
    """Delete a visitor's workspace and its cookie, and lead to Home."""
    if is_cross_origin(request):
        return _refuse_other_site()
    root = find_request_access(request).root
    if root is not None:
        await run_in_threadpool(_delete, Workspace(root))
    response = _lead_home()
    response.delete_cookie(WORKSPACE_COOKIE, path=get_base_path() or "/")
    return response


def _start(client: str) -> tuple[str, str]:
    """Return the key of a new workspace, or why there is none; the other text is empty."""
    if _starts.admit(client):
        report_event("refused", reason="many workspaces of one address")
        return "", OFTEN
    server = Workspace.default()
    sweep_visitor_workspaces(server)
    try:
        return create_visitor_workspace(server), ""
    except (AccessError, OSError, filelock.Timeout) as error:
        _starts.spend(client, -1)  # none was started
        return "", IN_USE if isinstance(error, AccessError) else FAILED


def _delete(workspace: Workspace) -> None:
    end_visitor_workspace(workspace)
    sweep_visitor_workspaces(Workspace.default())


def _lead_home(refused: str = "") -> RedirectResponse:
    query = f"?{REFUSED}={refused}" if refused else ""
    return RedirectResponse(f"{get_base_path()}/{query}", 303, headers=_HEADERS)


def _refuse_other_site() -> Response:
    report_event("refused", reason="form of another site")
    return PlainTextResponse("Click the button on Home.", 403, headers=_HEADERS)
