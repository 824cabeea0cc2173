"""The download of a project, which Streamlit would hold whole in memory.

A route cannot see all that a page knows about its visitor, so the page hands out a ticket: a random
address that works once, within ten minutes, in the browser of somebody who is still signed in.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from cluster_core.access import Access, Action
from cluster_core.errors import AccessError, ClusterError
from cluster_core.projects.saving import stream_project
from cluster_core.workspace import Workspace
from pages.components.base_path import get_base_path
from pages.components.signed_in import find_request_access

_VALID_S = 600
_MAX_TICKETS = 1_000
_TICKET_BYTES = 16
_OWN = "ticket of the project"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class _Ticket:
    access: Access
    workspace: Workspace
    datasets: tuple[str, ...]
    issued_s: float


_tickets: dict[str, _Ticket] = {}
_lock = threading.Lock()


def list_routes() -> list[Route]:
    """Return the route of the download, below the path that the app is served at."""
    return [Route(f"{get_base_path()}/project/{{ticket}}/project.zip", send_project)]


def make_project_address(access: Access, workspace: Workspace, datasets: Sequence[str]) -> str:
    """Return an address, relative to the page, that downloads a project once.

    A page that is redrawn has the same address until that is used.

    Parameters
    ----------
    access : Access
        Who saves it; checked when the download starts.
    workspace : Workspace
    datasets : sequence of str
        Names of the datasets to save; empty for everything.
    """
    with _lock:
        name: str = st.session_state.get(_OWN, "")
        if name not in _tickets:
            name = st.session_state[_OWN] = secrets.token_hex(_TICKET_BYTES)
        if len(_tickets) >= _MAX_TICKETS:
            del _tickets[next(iter(_tickets))]
        _tickets[name] = _Ticket(access, workspace, tuple(datasets), time.monotonic())
    return f"project/{name}/project.zip"


def send_project(request: Request) -> Response:
    """Answer with a project's file, while it is made."""
    name = request.path_params["ticket"]
    may_save = find_request_access(request).allows(Action.SAVE_PROJECT)
    with _lock:
        ticket = _tickets.pop(name, None) if may_save else None
    if ticket is None or time.monotonic() - ticket.issued_s > _VALID_S:
        return PlainTextResponse(
            "This link has expired: open Save project on Home again.", 404, headers=_HEADERS
        )
    try:
        pieces = stream_project(ticket.access, ticket.workspace, ticket.datasets)
    except AccessError as error:
        return PlainTextResponse(str(error), 403, headers=_HEADERS)
    except ClusterError as error:
        return PlainTextResponse(str(error), 409, headers=_HEADERS)
    name = f"cluster-lab-{datetime.now(UTC):%Y-%m-%d}.zip"
    headers = {**_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)
