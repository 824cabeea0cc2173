"""Files that are sent to the app, and the pictures of its pages."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message

from cluster_core.access import Access
from cluster_core.server import file_gate
from cluster_core.server.file_gate import FileGate, FileGateMiddleware
from cluster_core.server.pace import Pace
from cluster_core.server.rates import RateLimit
from cluster_core.server.slots import SlotLimits, Slots
from cluster_core.workspace import Workspace
from tests.samples import OWNER, VISITOR
from tests.server.asgi import Reply, make_scope, send

NOBODY = Access("signed out", frozenset(), "You may not {action}: sign in.")
UPLOAD = "/_stcore/upload_file/session/file"


async def count_bytes(request):
    return PlainTextResponse(str(len(await request.body())))


def make_app(access: Access, **rules) -> Starlette:
    gate = FileGate(lambda _: access, "/_stcore/upload_file/", ("/media/",), **rules)
    paths = (UPLOAD, "/media/picture.png", "/_stcore/health")
    return Starlette(
        routes=[Route(path, count_bytes, methods=["GET", "PUT"]) for path in paths],
        middleware=[Middleware(FileGateMiddleware, gate)],
    )


def ask(app: Starlette, path: str, *body: bytes) -> Reply:
    return send(app, make_scope(path, method="PUT"), *body)


@pytest.mark.parametrize("path", [UPLOAD, "/media/picture.png"])
def test_nobody_else_sends_files_or_sees_pictures(path):
    refused = ask(make_app(NOBODY), path, b"picture")
    assert refused.status == 403
    assert refused.body.endswith(b"sign in.")
    for access in (VISITOR, OWNER):
        assert ask(make_app(access), path, b"picture").body == b"7"


def test_other_paths_are_open_to_all():
    assert ask(make_app(NOBODY), "/_stcore/health", b"?").status == 200


def test_visitors_file_is_bounded_whatever_length_it_names(monkeypatch):
    monkeypatch.setattr(file_gate, "MAX_VISITOR_FILE_BYTES", 1000)
    monkeypatch.setattr(file_gate, "_MAX_OVERHEAD_BYTES", 0)
    parts = [b"x" * 600] * 2
    for access in (VISITOR, Access.visitor_in(Workspace(Path("visitors/own")))):
        assert ask(make_app(access), UPLOAD, *parts).status == 413
    assert ask(make_app(OWNER), UPLOAD, *parts).body == b"1200"


def test_visitors_bytes_of_an_hour_are_bounded():
    app = make_app(VISITOR, quota=RateLimit(1000, window_s=3600))
    assert [ask(app, UPLOAD, b"x" * 600).status for _ in range(3)] == [200, 429, 429]
    refused = ask(app, UPLOAD, b"x")
    assert int(refused.headers["retry-after"]) > 0
    assert b"try again in" in refused.body
    assert ask(app, "/media/picture.png").status == 200


def send_at_once(app: Starlette, n: int, body: bytes) -> list[int]:
    """Send files that have all begun before the first one ends, and return the statuses."""

    async def send_one() -> int:
        sent: list[Message] = []

        async def receive() -> Message:
            await asyncio.sleep(0.01)
            return {"type": "http.request", "body": body, "more_body": False}

        async def note(message: Message) -> None:
            sent.append(message)

        await app(make_scope(UPLOAD, method="PUT"), receive, note)
        return sent[0]["status"]

    async def send_all() -> list[int]:
        return await asyncio.gather(*(send_one() for _ in range(n)))

    return asyncio.run(send_all())


def test_visitors_bytes_are_bounded_also_at_once():
    app = make_app(VISITOR, quota=RateLimit(10_000, window_s=3600))
    statuses = send_at_once(app, 100, b"x" * 1000)
    assert (statuses.count(200), statuses.count(429)) == (9, 91)


def test_visitors_files_at_once_are_bounded():
    slots = Slots(SlotLimits(in_all=10, per_client=4, large=2, large_per_client=1))
    app = make_app(VISITOR, slots=slots)
    assert sorted(send_at_once(app, 6, b"x")) == [200] * 4 + [503] * 2
    assert send_at_once(make_app(OWNER, slots=slots), 6, b"x") == [200] * 6


def test_visitors_file_that_drips_is_refused():
    app = make_app(VISITOR, pace=Pace(idle_s=0.05))

    async def drip() -> list[dict]:
        sent: list[dict] = []

        async def receive() -> dict:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b"x", "more_body": True}

        async def note(message) -> None:
            sent.append(message)

        await app(make_scope(UPLOAD, method="PUT"), receive, note)
        return sent

    assert asyncio.run(asyncio.wait_for(drip(), 5))[0]["status"] == 408
