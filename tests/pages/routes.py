"""Fetch what the app serves beside Streamlit, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.routing import Route

from tests.samples import run_async
from tests.server.asgi import make_scope


def fetch_route(
    routes: Sequence[Route], address: str, client: str = "127.0.0.1", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an address, for a visitor at another one."""
    named = {"Host": "localhost:8501"} | headers
    path, _, query = address.partition("?")
    scope = {
        **make_scope(f"/{path}", client, named),
        "query_string": query.encode(),
    }
    sent: list[dict] = []

    async def receive():
        await asyncio.Event().wait()  # the visitor stays

    async def send(message):
        sent.append(message)

    async def call():
        app = Starlette(routes=routes)
        await app(scope, receive, send)

    run_async(call)
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered, b"".join(message.get("body", b"") for message in sent[1:])
