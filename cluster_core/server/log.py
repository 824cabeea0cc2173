"""The server's log: one line of JSON for each request, job and refusal, on standard error."""

from __future__ import annotations

import json
import logging
import os
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cluster_core.errors import ConfigError
from cluster_core.events import EVENTS, report_event
from cluster_core.server.routes import name_route

# `json` or `off`; without it, `start_log` is told whether the server has visitors.
LOG_VARIABLE = "CLUSTER_LAB_LOG"
REQUEST_ID = "X-Request-ID"
_ID_BYTES = 8
_MAX_TEXT = 200
_SWITCHING_PROTOCOLS = 101
_SERVER_ERROR = 500


class JsonFormatter(logging.Formatter):
    """Write an event as one line of JSON; nothing in it can begin another line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        time_utc = datetime.fromtimestamp(record.created, UTC)
        entry: dict[str, Any] = {
            "time": time_utc.isoformat(timespec="milliseconds"),
            "event": record.getMessage(),
        }
        for name, value in getattr(record, "fields", {}).items():
            entry[name] = value[:_MAX_TEXT] if isinstance(value, str) else value
        return json.dumps(entry)  # ASCII only: control characters are escaped too


def start_log(*, has_visitors: bool) -> bool:
    """Start to write events to standard error, if this server keeps a log.

    Parameters
    ----------
    has_visitors : bool
        Whether others than its owner use this server; it then keeps a log unless told otherwise.

    Returns
    -------
    bool
        Whether there is a log.

    Raises
    ------
    ConfigError
        `LOG_VARIABLE` has another value than `json` or `off`.
    """
    wanted = os.environ.get(LOG_VARIABLE) or ("json" if has_visitors else "off")
    if wanted not in ("json", "off"):
        raise ConfigError(
            f"{LOG_VARIABLE} is {wanted!r}: set it to json or off.",
            field=LOG_VARIABLE,
            received=wanted,
            allowed="json or off",
        )
    if wanted == "off":
        return False
    if not EVENTS.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonFormatter())
        EVENTS.addHandler(handler)
        EVENTS.propagate = False
        EVENTS.setLevel(logging.INFO)
    return True


class RequestLogMiddleware:
    """Report each request when it is over, and return its random id in `X-Request-ID`.

    Parameters
    ----------
    app : ASGI application
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        started_s, request_id = time.perf_counter(), secrets.token_hex(_ID_BYTES)
        status = _SERVER_ERROR

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "websocket.accept":
                status = _SWITCHING_PROTOCOLS
            if message["type"] in ("http.response.start", "websocket.accept"):
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        scope.setdefault("state", {})["request_id"] = request_id
        try:
            await self._app(scope, receive, send_noting)
        finally:
            report_event(
                "request",
                request=request_id,
                method=scope.get("method", "WEBSOCKET"),
                route=name_route(scope),
                status=status,
                ms=round((time.perf_counter() - started_s) * 1000, 1),
            )
