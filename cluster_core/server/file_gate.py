"""Who may send files to the app, and fetch the pictures of its pages.

Streamlit takes a file from anybody who knows a session's id, which everybody with a page does, and
keeps it in memory before a page can refuse it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cluster_core.access import Access, Action
from cluster_core.events import report_event
from cluster_core.server.client import find_client
from cluster_core.server.pace import Pace
from cluster_core.server.rates import RateLimit
from cluster_core.server.slots import RETRY_S, BusyError, SlotLimits, Slots

# A visitor's file, as the API takes it, with room for the form around it.
MAX_VISITOR_FILE_BYTES = 20_000_000
_MAX_OVERHEAD_BYTES = 1_000_000
# For each address: a class of thirty behind one has 30 MB each.
VISITOR_BYTES_PER_HOUR = 1_000_000_000
_HOUR_S = 3600.0
# A browser sends up to six files at once; those of a class behind one address wait unread.
_SLOT_LIMITS = SlotLimits(in_all=1024, per_client=256, large=24, large_per_client=6, wait_s=300.0)


class _RefusedError(Exception):
    """A body is refused while it arrives."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


@dataclass(frozen=True)
class FileGate:
    """The rules for what Streamlit serves beside its pages.

    Attributes
    ----------
    find_access : callable
        Returns what the sender of a request may do.
    uploads : str
        Beginning of the paths that take files.
    reading : tuple of str
        Beginnings of the paths with pictures and downloads of pages, or figures of the server.
    quota : RateLimit
        Bytes of visitors.
    pace : Pace
        How slowly a visitor's file may arrive.
    slots : Slots
        How many files of visitors may arrive at once; all count as large.
    """

    find_access: Callable[[HTTPConnection], Access]
    uploads: str
    reading: tuple[str, ...]
    quota: RateLimit = field(
        default_factory=lambda: RateLimit(VISITOR_BYTES_PER_HOUR, window_s=_HOUR_S)
    )
    pace: Pace = field(default_factory=Pace)
    slots: Slots = field(default_factory=lambda: Slots(_SLOT_LIMITS))

    def guards(self, path: str) -> bool:
        """Tell whether these rules concern a path."""
        return path.startswith((self.uploads, *self.reading))


class FileGateMiddleware:
    """Refuse files from people who may do nothing here, and limit those of a demo's visitors.

    Parameters
    ----------
    app : ASGI application
    gate : FileGate
    """

    def __init__(self, app: ASGIApp, gate: FileGate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not self._gate.guards(scope["path"]):
            await self._app(scope, receive, send)
            return
        access = self._gate.find_access(HTTPConnection(scope))
        if not access.allowed:
            await _refuse("no access to files", access.refuse(Action.CLASSIFY), 403)(
                scope, receive, send
            )
        elif scope["path"].startswith(self._gate.uploads) and not _is_owner(access):
            await self._take_visitors_file(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _take_visitors_file(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = find_client(scope)
        is_started = False

        async def watch(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        try:
            async with self._gate.slots.hold(client, is_large=True):
                if wait_s := self._gate.quota.admit(client):
                    raise _RefusedError(_make_over_quota(wait_s))
                await self._app(scope, self._limit(receive, client), watch)
        except BusyError:
            await _make_busy()(scope, receive, send)
        except _RefusedError as refused:
            if not is_started:
                await refused.response(scope, receive, send)

    def _limit(self, receive: Receive, client: str) -> Receive:
        """Return `receive` with a limit of size and time, which counts bytes for a client."""
        started_s, n_bytes = time.monotonic(), 0

        async def receive_limited() -> Message:
            nonlocal n_bytes
            elapsed_s = time.monotonic() - started_s
            try:
                async with asyncio.timeout(self._gate.pace.get_patience_s(elapsed_s, n_bytes)):
                    message = await receive()
            except TimeoutError:
                sentence = "The file did not arrive in time: try a smaller one."
                raise _RefusedError(_refuse("slow upload", sentence, 408)) from None
            n_new = len(message.get("body", b""))
            n_bytes += n_new
            if wait_s := self._gate.quota.spend(client, n_new):
                raise _RefusedError(_make_over_quota(wait_s))
            if n_bytes > MAX_VISITOR_FILE_BYTES + _MAX_OVERHEAD_BYTES:
                sentence = f"A file may have up to {MAX_VISITOR_FILE_BYTES // 1_000_000} MB."
                raise _RefusedError(_refuse("large upload", sentence, 413))
            return message

        return receive_limited


def _is_owner(access: Access) -> bool:
    return access.allows(Action.EDIT_DATASETS) and access.root is None


def _make_over_quota(wait_s: int) -> Response:
    sentence = f"Too many files came from your address: try again in {wait_s} s."
    response = _refuse("too many uploads", sentence, 429)
    response.headers["Retry-After"] = str(wait_s)
    return response


def _make_busy() -> Response:
    sentence = f"Too many files arrive at once: try again in {RETRY_S} s."
    response = _refuse("uploads at once", sentence, 503)
    response.headers["Retry-After"] = str(RETRY_S)
    return response


def _refuse(reason: str, sentence: str, status: int) -> Response:
    report_event("refused", reason=reason)
    headers = {"Cache-Control": "no-store", "Connection": "close"}
    return PlainTextResponse(sentence, status, headers)
