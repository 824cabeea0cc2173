"""Where people sign in: a form for the passphrase, since Streamlit cannot set cookies."""

from __future__ import annotations

import html
import threading
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from streamlit.auth_util import encode_provider_token

from cluster_core.access.attempts import Attempts
from cluster_core.access.modes import read_owners
from cluster_core.access.passphrase import has_passphrase, is_passphrase
from cluster_core.access.tokens import LIFETIME_S, make_token
from cluster_core.api.clients import is_cross_origin
from cluster_core.events import report_event
from cluster_core.server.client import find_client
from pages.components import return_address
from pages.components.base_path import get_base_path
from pages.components.return_address import PARAMETER, read_return
from pages.components.signed_in import COOKIE

SIGN_IN, SIGN_IN_ACCOUNT = "sign-in", "sign-in-account"
_PAGE = Template(Path(__file__).with_name("sign_in.html").read_text("utf-8"))
_HEADERS = {"Cache-Control": "no-store"}
_MAX_BODY_BYTES = 10_000
_attempts = Attempts()
# One check takes 64 MB and a tenth of a second on purpose; many at once would stop the server.
_one_check = threading.Lock()


def list_routes() -> list[Route]:
    """Return the routes, below the path that the app is served at."""
    base = get_base_path()
    return [
        Route(f"{base}/{SIGN_IN}", answer_sign_in, methods=["GET", "POST"]),
        Route(f"{base}/{SIGN_IN_ACCOUNT}", start_account_sign_in),
    ]


async def start_account_sign_in(request: Request) -> Response:
    """Lead to the identity provider, and note which page to open afterwards."""
    if not read_owners():
        return PlainTextResponse("Nobody signs in here with an account.", 404, headers=_HEADERS)
    token = encode_provider_token("default")
    base = get_base_path()
    response = RedirectResponse(f"{base}/auth/login?provider={token}", 303, headers=_HEADERS)
    if wanted := read_return(request.query_params.get(PARAMETER, "")):
        response.set_cookie(
            return_address.COOKIE,
            wanted,
            max_age=return_address.COOKIE_S,
            path=f"{base}/",
            httponly=True,
            samesite="lax",
        )
    return response


async def answer_sign_in(request: Request) -> Response:
    """Answer with the form, or check what was typed into it."""
    if not has_passphrase():
        return PlainTextResponse("This server has no passphrase.", 404, headers=_HEADERS)
    if request.method != "POST":
        return _show_form("", 200)
    if refusal := await _find_refusal(request):
        return _show_form(*refusal)
    report_event("signed_in")
    wanted = read_return(request.query_params.get(PARAMETER, ""))
    response = RedirectResponse(f"{get_base_path()}/{wanted}", 303, headers=_HEADERS)
    response.set_cookie(
        COOKIE,
        make_token(),
        max_age=LIFETIME_S,
        path=get_base_path() or "/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return response


async def _find_refusal(request: Request) -> tuple[str, int] | None:
    """Return why the form is refused, with the status; None if it holds the passphrase."""
    if is_cross_origin(request):
        return "Sign in on this page, not from another site.", 403
    client = find_client(request.scope)
    typed = await _read_passphrase(request)
    if not _one_check.acquire(blocking=False):
        return "Somebody else is signing in: try again in a second.", 429
    try:
        if not _attempts.take(client):
            report_event("refused", reason="too many attempts to sign in")
            return "There were too many attempts: try again in 15 minutes.", 429
        is_right = await run_in_threadpool(is_passphrase, typed)
    finally:
        _one_check.release()
    if not is_right:
        report_event("refused", reason="wrong passphrase")
        return "This is not the passphrase: try again.", 403
    _attempts.forget(client)
    return None


async def _read_passphrase(request: Request) -> str:
    """Return what was typed; empty for a body that is no such form, or too long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MAX_BODY_BYTES:
            return ""
    fields = parse_qs(body.decode("utf-8", "replace"))
    return fields.get("passphrase", [""])[0]


def _show_form(problem: str, status: int) -> Response:
    shown = f'<p class="problem" role="alert">{html.escape(problem)}</p>' if problem else ""
    return HTMLResponse(_PAGE.substitute(problem=shown), status, headers=_HEADERS)
