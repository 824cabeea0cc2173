"""Refuse requests under a name that is not this server's, against DNS rebinding.

A web page of another site can make its own name lead to this computer. The visitor's browser then
takes this server for that site's, and lets its scripts read and change everything here.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cluster_core.events import report_event
from cluster_core.server.client import is_own_machine

# Names of this server, such as lab.example, separated by commas.
HOSTS_VARIABLE = "CLUSTER_LAB_HOSTS"
_NAME_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(?::\d{1,5})?")
_MISDIRECTED = 421


def read_hosts() -> frozenset[str]:
    """Return the configured names of this server, in lower case."""
    names = os.environ.get(HOSTS_VARIABLE, "").split(",")
    return frozenset(name.strip().lower() for name in names if name.strip())


def get_host_name(header: str) -> str:
    """Return the name or address in a Host header, in lower case and without the port."""
    text = header.strip().lower()
    without_port = _NAME_AND_PORT.fullmatch(text)
    return without_port[1] if without_port else text


def is_known_host(header: str, hosts: Iterable[str] = ()) -> bool:
    """Tell whether a name leads to this server beyond doubt.

    Parameters
    ----------
    header : str
        Value of a request's Host header, with or without a port.
    hosts : iterable of str
        The configured names.

    Returns
    -------
    bool
        True for `localhost`, a configured name, and an IP address, which no site can redirect.
    """
    name = get_host_name(header)
    if name == "localhost" or name.endswith(".localhost") or name in set(hosts):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


class KnownHostMiddleware:
    """Refuse requests under unknown names.

    Without configured names, this concerns only the browsers on this computer: others may reach
    it under any name, and are told apart by who they are.

    Parameters
    ----------
    app : ASGI application
    hosts : iterable of str
        The configured names, from `read_hosts`.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        header = Headers(scope=scope).get("host", "")
        is_checked = bool(self._hosts) or is_own_machine(scope)
        if not is_checked or is_known_host(header, self._hosts):
            await self._app(scope, receive, send)
            return
        report_event("refused", reason="unknown host")
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        sentence = (
            "This server does not know the name in your address: open it as localhost, or have "
            f"its owner set {HOSTS_VARIABLE} to that name."
        )
        await PlainTextResponse(sentence, _MISDIRECTED)(scope, receive, send)
