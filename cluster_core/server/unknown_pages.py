"""Answer addresses that lead nowhere with the status 404.

Streamlit answers every address with its one HTML file, which then says that there is no such page.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OK, _NOT_FOUND = 200, 404


class UnknownPageMiddleware:
    """Change the status of the HTML file under addresses that are not pages.

    Parameters
    ----------
    app : ASGI application
    known : collection of str
        Paths of the pages.
    """

    def __init__(self, app: ASGIApp, known: Collection[str]) -> None:
        self._app = app
        self._known = frozenset(known)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"] in self._known:
            await self._app(scope, receive, send)
            return

        async def send_with_status(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _OK:
                kind = Headers(raw=message["headers"]).get("content-type", "")
                # Routes that are not mounted answer with HTML of their own.
                if kind.startswith("text/html") and isinstance(scope.get("route"), Mount):
                    message = {**message, "status": _NOT_FOUND}
            await send(message)

        await self._app(scope, receive, send_with_status)
