"""Fetch what the app serves beside Streamlit, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.routing import Route

from tests.samples import run_async


def fetch_route(routes: Sequence[Route], address: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an address."""
    path, _, query = address.partition("?")
    scope = {"type": "http", "method": "GET", "path": f"/{path}", "root_path": "", "headers": []}
    sent: list[dict] = []

    async def receive():
        await asyncio.Event().wait()  # the visitor stays

    async def send(message):
        sent.append(message)

    async def call():
        app = Starlette(routes=routes)
        await app({**scope, "query_string": query.encode()}, receive, send)

    run_async(call)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])
