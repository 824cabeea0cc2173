import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from cluster_core.errors import ConfigError
from cluster_core.events import count_event
from cluster_core.server.metrics import METRICS_VARIABLE, TOKEN_VARIABLE
from cluster_core.server.stack import make_stack
from tests.server.asgi import make_scope, send

TOKEN = "a-token-of-some-length"


@pytest.fixture
def make_app(monkeypatch):
    def make(networks="", token=""):
        monkeypatch.setenv(METRICS_VARIABLE, networks)
        monkeypatch.setenv(TOKEN_VARIABLE, token)
        stack = make_stack(
            has_visitors=False,
            count_runs=lambda: {"running": 1, "finished": 4},
            count_visitor_runs=lambda: {"queued": 2},
        )
        page = Route("/rooms/{id}", lambda _: PlainTextResponse("page"), methods=["GET", "POST"])
        return Starlette(routes=[page, *stack.routes], middleware=stack.middleware)

    return make


def read(app, client="127.0.0.1", **headers):
    headers = {"Host": "localhost", **headers}
    return send(app, make_scope("/metrics", client=client, headers=headers))


def test_metrics_are_off_unless_configured(make_app):
    assert read(make_app()).status == 404


def test_requests_trainings_and_events_are_counted(make_app):
    app = make_app(networks="127.0.0.1")
    for room in "abc":
        send(app, make_scope(f"/rooms/{room}", method="POST"))
    send(app, make_scope("/rooms/a", method="ODD\nMETHOD"))
    count_event("prediction")
    text = read(app).body.decode()
    assert 'cluster_lab_requests_total{method="POST",route="/rooms/{id}",status="200"} 3.0' in text
    assert 'method="other",route="/rooms/{id}",status="405"' in text
    assert 'cluster_lab_request_seconds_count{route="/rooms/{id}"} 4.0' in text
    assert 'cluster_lab_trainings{state="running"} 1.0' in text
    assert 'cluster_lab_visitor_trainings{state="queued"} 2.0' in text
    assert 'cluster_lab_events_total{event="prediction"}' in text


def test_only_readers_get_the_metrics(make_app):
    app = make_app(networks="127.0.0.1, 10.0.0.0/8", token=TOKEN)
    assert read(app, "10.2.3.4").status == 200
    assert read(app, "127.0.0.1").status == 200
    assert read(app, "127.0.0.1", **{"X-Forwarded-For": "203.0.113.9"}).status == 403
    assert read(app, "127.0.0.1", Host="lab.example").status != 200
    assert read(app, "127.0.0.1", Host="203.0.113.5:8501").status == 403  # through a tunnel
    assert read(app, "203.0.113.9").status == 403
    assert read(app, "203.0.113.9", **{"X-Forwarded-For": "127.0.0.1"}).status == 403
    assert read(app, "203.0.113.9", Authorization=f"Bearer {TOKEN}").status == 200
    assert read(app, "203.0.113.9", Authorization="Bearer wrong").status == 403


@pytest.mark.parametrize(("networks", "token"), [("everyone", ""), ("", "short")])
def test_invalid_configuration_is_reported(make_app, networks, token):
    with pytest.raises(ConfigError, match="CLUSTER_LAB_METRICS"):
        make_app(networks, token)
