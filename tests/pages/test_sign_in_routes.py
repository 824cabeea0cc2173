"""The form for the passphrase."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cluster_core.access.attempts import PER_CLIENT, Attempts
from cluster_core.access.modes import PASSPHRASE_VARIABLE
from cluster_core.access.passphrase import hash_passphrase
from cluster_core.access.tokens import is_valid
from pages.components import sign_in_routes
from pages.components.signed_in import COOKIE

WORDS = "correct horse battery"


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_passphrase(WORDS)


@pytest.fixture
def client(hashed, monkeypatch) -> TestClient:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, hashed)
    monkeypatch.setattr(sign_in_routes, "_attempts", Attempts())
    app = Starlette(routes=sign_in_routes.list_routes())
    return TestClient(app, "https://lab.example", follow_redirects=False)


def test_right_passphrase_sets_a_cookie_that_scripts_cannot_read(client):
    answer = client.post("/sign-in", data={"passphrase": WORDS})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert is_valid(answer.cookies[COOKIE])
    flags = answer.headers["set-cookie"].lower()
    assert all(flag in flags for flag in ("httponly", "samesite=lax", "secure"))


def test_wrong_passphrases_are_refused_and_limited(client):
    for _ in range(PER_CLIENT):
        answer = client.post("/sign-in", data={"passphrase": "a wrong passphrase"})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    answer = client.post("/sign-in", data={"passphrase": WORDS})
    assert answer.status_code == 429
    assert "try again in 15 minutes" in answer.text
    assert "set-cookie" not in answer.headers


def test_form_of_another_site_is_refused(client):
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = client.post("/sign-in", data={"passphrase": WORDS}, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"passphrase=" + b"x" * 100_000, b"a&" * 50])
def test_odd_bodies_are_refused(client, body):
    assert client.post("/sign-in", content=body).status_code == 403


def test_there_is_no_form_without_a_passphrase(client, monkeypatch):
    monkeypatch.delenv(PASSPHRASE_VARIABLE)
    assert client.get("/sign-in").status_code == 404
