"""Fetch an address that the server answers beside Streamlit, without starting one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from tests.samples import run_async


def fetch(
    routes: Sequence[BaseRoute], address: str, method: str = "GET", headers: Mapping[str, str] = {}
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an address such as `m/clusters/`."""
    path, _, query = address.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(f"/{path}"),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "query_string": query.encode(),
    }
    sent: list[dict] = []

    async def receive():
        await asyncio.Event().wait()  # the visitor stays

    async def send(message):
        sent.append(message)

    async def call():
        await Starlette(routes=routes)(scope, receive, send)

    run_async(call)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:])
