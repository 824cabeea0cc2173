"""Who may use the API: this computer, keys, visitors of a demo, and pages of other sites."""

from __future__ import annotations

import pytest

from cluster_core.access import PUBLIC_VARIABLE, Access
from cluster_core.access.modes import OWNERS_VARIABLE
from cluster_core.api import callers
from cluster_core.api.app import ORIGINS_VARIABLE
from cluster_core.api.keys import Scope, create_key, list_keys, revoke_key
from cluster_core.model.export.web import PageText
from cluster_core.publishing.store import publish
from cluster_core.server.client import PROXIES_VARIABLE
from cluster_core.server.hosts import HOSTS_VARIABLE
from tests.api.conftest import make_picture
from tests.publishing.samples import simple_pages  # noqa: F401 (a fixture)

OWNER = Access.owner()


@pytest.fixture
def from_elsewhere(monkeypatch):
    """Requests come from another computer."""
    monkeypatch.setattr(callers, "is_from_this_computer", lambda request: False)


def make_key(server, *scopes: Scope) -> dict[str, str]:
    secret, _ = create_key(OWNER, server.workspace, "test", scopes or tuple(Scope))
    return {"Authorization": f"Bearer {secret}"}


def test_this_computer_needs_no_key(server):
    assert server.get("/models").status == 200
    assert server.classify(make_picture()).status == 200


@pytest.mark.parametrize(
    "header",
    [
        {"Host": "203.0.113.5:8501"},  # a tunnel that leads here
        {"Host": "evil.example"},  # a name that was made to lead here (DNS rebinding)
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
)
def test_request_through_another_name_or_a_proxy_needs_a_key(server, header):
    reply = server.get("/models", **header)
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert "API key" in reply.sentence
    assert server.get("/models", **header, **make_key(server)).status == 200


@pytest.mark.parametrize("variable", [PROXIES_VARIABLE, HOSTS_VARIABLE])
def test_server_behind_a_proxy_or_a_name_needs_a_key(server, monkeypatch, variable):
    monkeypatch.setenv(variable, "10.0.0.1")
    assert server.get("/models").status == 401
    assert server.get("/models", **make_key(server)).status == 200


def test_other_computer_needs_a_key(server, from_elsewhere):
    assert server.get("/models").status == 401
    assert server.classify(make_picture()).status == 401
    key = make_key(server)
    assert server.get("/models", **key).status == 200
    assert server.classify(make_picture(), **key).status == 200
    assert server.get("/health").status == 200


def test_shared_server_needs_a_key_even_on_its_own_computer(server, monkeypatch):
    monkeypatch.setenv(OWNERS_VARIABLE, "owner@lab.example")
    assert server.get("/models").status == 401
    assert server.classify(make_picture()).status == 401
    assert server.get("/models", **make_key(server)).status == 200


def test_key_may_do_what_its_scopes_say(server):
    reading, classifying = make_key(server, Scope.READ), make_key(server, Scope.CLASSIFY)
    assert server.get("/models", **reading).status == 200
    assert server.classify(make_picture(), **classifying).status == 200
    refused = server.classify(make_picture(), **reading)
    assert refused.status == 403
    assert "may not classify" in refused.sentence
    assert 'scope="classify"' in refused.headers["www-authenticate"]
    assert server.get("/models", **classifying).status == 403


def test_revoked_key_is_refused_at_once(server):
    key = make_key(server)
    assert server.get("/models", **key).status == 200
    (kept,) = list_keys(OWNER, server.workspace)
    assert kept.last_used
    revoke_key(OWNER, server.workspace, kept.id)
    reply = server.get("/models", **key)
    assert reply.status == 401
    assert "revoked" in reply.sentence
    assert "invalid_token" in reply.headers["www-authenticate"]


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer clab_x", "Basic dTpw", "clab_x", "Bearer a b", "Bearer \xff"],
)
def test_malformed_or_unknown_key_is_refused_even_on_this_computer(server, authorization):
    make_key(server)
    reply = server.get("/models", Authorization=authorization)
    assert reply.status == 401
    assert reply.sentence


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
    ],
)
def test_page_of_another_site_is_refused(server, header):
    for reply in (
        server.classify(make_picture(), **header),
        server.get("/models", **header),
    ):
        assert reply.status == 403
        assert "other sites" in reply.sentence
        assert "access-control-allow-origin" not in reply.headers


def test_own_pages_are_answered(server):
    own = {"Origin": f"http://127.0.0.1:{server.port}"}
    assert server.classify(make_picture(), **own).status == 200
    assert server.classify(make_picture(), **own, Sec_Fetch_Site="same-origin").status == 200


def test_configured_site_may_read_answers_with_a_key(serve, monkeypatch):
    monkeypatch.setenv(ORIGINS_VARIABLE, "https://lab.example, https://other.example")
    server = serve()
    lab = {"Origin": "https://lab.example", "Sec-Fetch-Site": "cross-site"}
    asked = server.ask(
        "OPTIONS",
        "/models",
        headers=lab
        | {
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert asked.headers["access-control-allow-origin"] == "https://lab.example"
    reply = server.get("/models", **lab, **make_key(server))
    assert reply.headers["access-control-allow-origin"] == "https://lab.example"
    reply = server.get("/models", Origin="https://evil.example", **make_key(server))
    assert "access-control-allow-origin" not in reply.headers


@pytest.fixture
def demo(monkeypatch) -> None:
    """The server is a public demo."""
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")


@pytest.mark.usefixtures("simple_pages")
def test_visitor_of_a_demo_sees_the_starter_and_published_models_only(server, demo):
    def list_ids():
        return [model["id"] for model in server.get("/models").json["models"]]

    assert list_ids() == ["starter"]
    assert server.classify(make_picture()).status == 404
    publish(OWNER, server.workspace, server.model_id, PageText("Stars"), "stars")
    assert list_ids() == [server.model_id, "starter"]
    assert server.classify(make_picture()).status == 200


def test_key_sees_every_model_of_a_demo(server, demo):
    assert len(server.get("/models", **make_key(server)).json["models"]) == 2
