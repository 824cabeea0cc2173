"""Send requests to an ASGI application without a server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Scope


@dataclass(frozen=True)
class Reply:
    """What an application answered."""

    status: int
    headers: dict[str, str]
    body: bytes


def make_scope(
    path: str = "/",
    client: str = "203.0.113.9",
    headers: dict[str, str] | None = None,
    **more: object,
) -> Scope:
    """Return the scope of a request from an address."""
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "client": (client, 50000),
        "server": ("127.0.0.1", 8501),
        "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
        **more,
    }


def send(app: ASGIApp, scope: Scope, *body: bytes) -> Reply:
    """Send a request whose body comes in parts, and return the answer."""
    parts = list(body or [b""])
    sent: list[Message] = []

    async def receive() -> Message:
        if not parts:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def note(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        await app(scope, receive, note)

    asyncio.run(run())
    start = next(one for one in sent if one["type"] == "http.response.start")
    return Reply(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body"),
    )
