"""The routes that give a demo's visitor a workspace with the cookie that is its key, or end it."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.access.visitor_workspaces import WORKSPACES_VARIABLE
from cluster_core.server.rates import RateLimit
from pages.components import workspace_routes as routes
from pages.components.signed_in import WORKSPACE_COOKIE
from tests.pages.opening import open_file
from tests.server.asgi import Reply, make_scope, send


@pytest.fixture(autouse=True)
def offered(workspace, monkeypatch) -> None:
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    monkeypatch.setenv(WORKSPACES_VARIABLE, "1")
    monkeypatch.setattr(routes, "_starts", RateLimit(2, window_s=3600))


def click(cookie: str = "", path: str = routes.START, **changed: str) -> Reply:
    app = Starlette(routes=routes.list_routes())
    headers = {"Host": "lab.example", "Cookie": f"{WORKSPACE_COOKIE}={cookie}"}
    headers |= {"Origin": "https://lab.example"} | changed
    return send(app, make_scope(f"/{path}", headers=headers, method="POST", scheme="https"))


def read_key(reply: Reply) -> str:
    found = re.match(f"{WORKSPACE_COOKIE}=([0-9a-f]{{32}});", reply.headers["set-cookie"])
    assert found
    return found[1]


def count_folders(workspace) -> int:
    return len(list((workspace.root / "visitors").glob("[!.]*")))


def test_button_creates_one_workspace_and_its_cookie(workspace):
    reply = click()
    assert (reply.status, reply.headers["location"]) == (303, "/")
    cookie = reply.headers["set-cookie"]
    assert {"httponly", "secure", "samesite=lax"} <= set(cookie.lower().split("; "))
    again = click(read_key(reply))
    assert (again.status, "set-cookie" in again.headers) == (303, False)
    assert count_folders(workspace) == 1


def is_refused(reply: Reply, reason: str) -> bool:
    is_led_home = (reply.status, reply.headers["location"]) == (303, f"/?refused={reason}")
    return is_led_home and "set-cookie" not in reply.headers


def test_visitor_is_led_home_when_all_are_in_use(workspace):
    click()
    assert is_refused(click(), routes.IN_USE)
    assert is_refused(click(), routes.IN_USE)  # what was not started does not count
    page = open_file("main.py", refused=routes.IN_USE)
    assert "All workspaces of this server are in use" in page.warning[0].value


def test_one_address_starts_few_workspaces_an_hour(workspace, monkeypatch):
    monkeypatch.setenv(WORKSPACES_VARIABLE, "9")
    click()
    click()
    assert is_refused(click(), routes.OFTEN)
    assert count_folders(workspace) == 2


def test_no_workspace_is_wasted_in_a_frame(workspace):
    # whose cookie the browser would not keep
    assert is_refused(click(**{"Sec-Fetch-Dest": "iframe"}), routes.IN_FRAME)
    assert count_folders(workspace) == 0


def test_visitor_deletes_their_workspace_and_its_cookie(workspace):
    key = read_key(click())
    click(path=routes.DELETE)  # without the key
    assert click(key, routes.DELETE, Origin="https://evil.example").status == 403
    assert count_folders(workspace) == 1
    reply = click(key, routes.DELETE)
    assert (reply.status, "Max-Age=0" in reply.headers["set-cookie"]) == (303, True)
    assert count_folders(workspace) == 0


def test_form_of_another_site_creates_nothing(workspace):
    assert click(Origin="https://evil.example").status == 403
    assert count_folders(workspace) == 0


def test_nothing_is_created_unless_the_demo_offers_it(workspace, monkeypatch):
    monkeypatch.delenv(WORKSPACES_VARIABLE)
    assert click().status == 503
    assert count_folders(workspace) == 0
