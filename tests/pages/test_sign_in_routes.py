"""The form for the passphrase."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from cluster_core.access.attempts import PER_CLIENT, Attempts
from cluster_core.access.modes import OWNERS_VARIABLE, PASSPHRASE_VARIABLE
from cluster_core.access.passphrase import hash_passphrase
from cluster_core.access.tokens import is_valid
from pages.components import sign_in_routes
from pages.components.return_address import ReturnMiddleware
from pages.components.signed_in import COOKIE
from tests.server.asgi import Reply, make_scope, send

WORDS = "correct horse battery"


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_passphrase(WORDS)


@pytest.fixture(autouse=True)
def configured(hashed, monkeypatch) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, hashed)
    monkeypatch.setattr(sign_in_routes, "_attempts", Attempts())


def fill_in(passphrase: str, query: str = "", **headers: str) -> Reply:
    return post(urlencode({"passphrase": passphrase}).encode(), query, **headers)


def post(body: bytes, query: str = "", **headers: str) -> Reply:
    app = Starlette(routes=sign_in_routes.list_routes())
    named = {"Host": "lab.example"} | {k.replace("_", "-"): v for k, v in headers.items()}
    scope = make_scope("/sign-in", headers=named, method="POST", scheme="https")
    return send(app, {**scope, "query_string": query.encode()}, body)


def test_right_passphrase_sets_a_cookie_that_scripts_cannot_read():
    reply = fill_in(WORDS)
    assert (reply.status, reply.headers["location"]) == (303, "/")
    cookie = reply.headers["set-cookie"]
    assert is_valid(cookie.removeprefix(f"{COOKIE}=").partition(";")[0])
    assert {"httponly", "samesite=lax", "secure"} <= set(cookie.lower().split("; "))


@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("dataset", "/dataset"),
        ("training?run=a b&c=%0d%0aX: y", "/training?run=a+b&c=%0D%0AX%3A+y"),
        ("//evil.example", "/"),
        ("https://evil.example/dataset", "/"),
        ("dataset/../../evil", "/"),
        ("\\evil.example", "/"),
        ("home", "/"),
        ("", "/"),
    ],
)
def test_the_page_that_was_asked_for_follows_and_never_another_site(wanted, location):
    reply = fill_in(WORDS, urlencode({"next": wanted}))
    assert (reply.status, reply.headers["location"]) == (303, location)


def test_account_leads_to_the_provider_and_later_to_the_page_once(monkeypatch):
    monkeypatch.setenv(OWNERS_VARIABLE, "ann@lab.example")
    app = Starlette(
        routes=[*sign_in_routes.list_routes(), Route("/", lambda _: PlainTextResponse("home"))],
        middleware=[Middleware(ReturnMiddleware)],
    )
    asked = make_scope("/sign-in-account", query_string=b"next=dataset%3Fdataset%3Dstars")
    reply = send(app, asked)
    assert reply.headers["location"].startswith("/auth/login?provider=")
    cookie = reply.headers["set-cookie"].partition(";")[0]
    back = send(app, make_scope("/", headers={"Cookie": cookie}))
    assert back.headers["location"] == "/dataset?dataset=stars"
    assert "Max-Age=0" in back.headers["set-cookie"]
    assert send(app, make_scope("/")).body == b"home"


def test_wrong_passphrases_are_refused_and_limited():
    for _ in range(PER_CLIENT):
        reply = fill_in("a wrong passphrase")
        assert reply.status == 403
        assert "set-cookie" not in reply.headers
    reply = fill_in(WORDS)
    assert reply.status == 429
    assert b"try again in 15 minutes" in reply.body
    assert "set-cookie" not in reply.headers


def test_only_one_passphrase_is_checked_at_a_time():
    with sign_in_routes._one_check:
        reply = fill_in(WORDS)
    assert reply.status == 429
    assert "set-cookie" not in reply.headers
    assert fill_in(WORDS).status == 303


@pytest.mark.parametrize(
    "headers", [{"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}]
)
def test_form_of_another_site_is_refused(headers):
    reply = fill_in(WORDS, **headers)
    assert reply.status == 403
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"passphrase=" + b"x" * 100_000, b"a=1&" * 50])
def test_odd_bodies_are_refused(body):
    assert post(body).status == 403


def test_there_is_no_form_without_a_passphrase(monkeypatch):
    monkeypatch.delenv(PASSPHRASE_VARIABLE)
    assert fill_in(WORDS).status == 404
