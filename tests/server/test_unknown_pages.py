"""Addresses that lead nowhere."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

from cluster_core.server.unknown_pages import UnknownPageMiddleware
from tests.server.asgi import make_scope, send


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/dataset", 200), ("/m/", 200), ("/data", 404)]
)
def test_page_is_sent_with_the_status_of_its_address(path, status):
    page = HTMLResponse("the app")
    app = Starlette(
        routes=[Route("/m/", lambda _: HTMLResponse("gallery")), Mount("/", page)],
        middleware=[Middleware(UnknownPageMiddleware, ["/", "/dataset"])],
    )
    reply = send(app, make_scope(path))
    assert (reply.status, bool(reply.body)) == (status, True)
