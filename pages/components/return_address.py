"""The page to open after signing in: the one that was asked for, and no other site's."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

import streamlit as st
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.components.base_path import get_base_path
from pages.components.navigation import PageFile

PARAMETER = "next"
# Streamlit leads to Home after a sign-in with an account; this says where to go from there.
COOKIE = "cluster_lab_next"
COOKIE_S = 600
_MAX_LENGTH = 500
_PATHS = frozenset(file.removesuffix(".py") for file in PageFile if file is not PageFile.HOME)


def describe_return() -> str:
    """Return the query of a sign-in address that leads back to the present page."""
    query = urlencode(st.query_params.to_dict())
    asked = f"{st.session_state.get('page', '')}?{query}"
    return f"?{PARAMETER}={quote(read_return(asked), safe='')}"


def read_return(text: str) -> str:
    """Return the address of one of the app's pages, relative to Home, which anything else means.

    Parameters
    ----------
    text : str
        Sent by a browser, so it may be anything.
    """
    path, _, query = text[:_MAX_LENGTH].partition("?")
    if path not in _PATHS:
        return ""
    encoded = urlencode(parse_qsl(query))
    return f"{path}?{encoded}" if encoded else path


class ReturnMiddleware:
    """Lead from Home to the page that was asked for, once, after a sign-in with an account.

    Parameters
    ----------
    app : ASGI application
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        home = f"{get_base_path()}/"
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == home:
            wanted = Request(scope).cookies.get(COOKIE)
            if wanted is not None:
                response = RedirectResponse(home + read_return(wanted), 303)
                response.delete_cookie(COOKIE, path=home)
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)
