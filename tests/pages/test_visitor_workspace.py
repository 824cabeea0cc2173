"""The route that gives a demo's visitor a workspace, and the cookie that is its key."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.access.visitor_workspaces import WORKSPACES_VARIABLE
from pages.components import visitor_workspace
from pages.components.signed_in import WORKSPACE_COOKIE
from tests.server.asgi import Reply, make_scope, send


@pytest.fixture(autouse=True)
def offered(workspace, monkeypatch) -> None:
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    monkeypatch.setenv(WORKSPACES_VARIABLE, "1")


def click(cookie: str = "", origin: str = "https://lab.example") -> Reply:
    app = Starlette(routes=visitor_workspace.list_routes())
    headers = {"Host": "lab.example", "Origin": origin, "Cookie": f"{WORKSPACE_COOKIE}={cookie}"}
    return send(app, make_scope("/try-training", headers=headers, method="POST", scheme="https"))


def count_folders(workspace) -> int:
    return len(list((workspace.root / "visitors").glob("[!.]*")))


def test_button_creates_one_workspace_and_its_cookie(workspace):
    reply = click()
    assert (reply.status, reply.headers["location"]) == (303, "/")
    cookie = reply.headers["set-cookie"]
    found = re.match(f"{WORKSPACE_COOKIE}=([0-9a-f]{{32}});", cookie)
    assert found
    assert {"httponly", "secure", "samesite=lax"} <= set(cookie.lower().split("; "))
    again = click(found[1])
    assert (again.status, "set-cookie" in again.headers) == (303, False)
    assert count_folders(workspace) == 1


def test_visitor_is_refused_with_a_sentence_when_all_are_in_use(workspace):
    click()
    reply = click()
    assert reply.status == 503
    assert reply.body.startswith(b"All workspaces of this server are in use")
    assert "set-cookie" not in reply.headers


def test_form_of_another_site_creates_nothing(workspace):
    assert click(origin="https://evil.example").status == 403
    assert count_folders(workspace) == 0


def test_nothing_is_created_unless_the_demo_offers_it(workspace, monkeypatch):
    monkeypatch.delenv(WORKSPACES_VARIABLE)
    assert click().status == 503
    assert count_folders(workspace) == 0
