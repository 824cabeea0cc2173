"""The routes that the REST API is mounted at in the app."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable

from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from cluster_core.api.rates import read_rate
from cluster_core.workspace import Workspace

PREFIX = "/api/v1"


def list_routes(base: str = "") -> list[BaseRoute]:
    """Return the routes of the API, below the path `base` that the server is at.

    The API is built for its first request, since few servers get any, and FastAPI takes a quarter
    of a second and 14 MB.

    Raises
    ------
    ConfigError
        The limit of pictures a minute is invalid.
    """
    return [Mount(f"{base}{PREFIX}", BuiltWhenUsed(functools.partial(_make_api, read_rate())))]


def _make_api(per_minute: int) -> ASGIApp:
    from cluster_core.api.app import make_api

    return make_api(Workspace.default(), per_minute)


class BuiltWhenUsed:
    """An ASGI application that is built once, when the first request comes.

    Parameters
    ----------
    build : callable
        Returns the application. It runs in a thread, so that other requests go on.
    """

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._app: ASGIApp | None = None
        self._lock = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        async with self._lock:
            if self._app is None:
                self._app = await asyncio.to_thread(self._build)
        await self._app(scope, receive, send)
