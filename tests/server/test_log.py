import io
import json
import logging

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from cluster_core.errors import ConfigError
from cluster_core.events import EVENTS, report_event
from cluster_core.server.log import (
    LOG_VARIABLE,
    REQUEST_ID,
    JsonFormatter,
    RequestLogMiddleware,
    start_log,
)
from tests.server.asgi import make_scope, send


@pytest.fixture
def log(monkeypatch):
    """The lines that a server would write."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    monkeypatch.setattr(EVENTS, "handlers", [handler])
    monkeypatch.setattr(EVENTS, "propagate", False)
    level = EVENTS.level
    EVENTS.setLevel(logging.INFO)
    yield lambda: stream.getvalue().splitlines()
    EVENTS.setLevel(level)


async def greet(request):
    return PlainTextResponse(f"hello {request.path_params['name']}")


async def fail(request):
    raise RuntimeError("a bug")


APP = RequestLogMiddleware(
    Starlette(routes=[Route("/answers/{name}", greet), Route("/fail", fail)])
)


def test_request_is_one_line_without_personal_data(log):
    reply = send(
        APP,
        make_scope(
            "/answers/anna.jpg",
            client="198.51.100.7",
            query_string=b"token=secret",
            headers={"User-Agent": "browser", "Cookie": "session=1"},
        ),
    )
    (line,) = log()
    entry = json.loads(line)
    assert entry["event"] == "request"
    assert (entry["method"], entry["route"], entry["status"]) == ("GET", "/answers/{name}", 200)
    assert entry["request"] == reply.headers[REQUEST_ID.lower()]
    assert entry["ms"] >= 0
    for private in ("anna", "198.51", "secret", "browser", "session"):
        assert private not in line


def test_each_request_has_its_own_id(log):
    ids = {send(APP, make_scope("/answers/a")).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


def test_id_that_a_client_sends_is_not_taken_over(log):
    reply = send(APP, make_scope("/answers/a", headers={REQUEST_ID: "mine"}))
    assert reply.headers["x-request-id"] != "mine"


@pytest.mark.parametrize(
    "text", ['GET\n{"event": "forged"}', "GET\r\n", "GET\u2028", "GET\x1b[31m"]
)
def test_text_of_a_client_cannot_begin_another_line(log, text):
    send(APP, make_scope("/answers/a\nb", method=text))
    (line,) = log()
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["method"] == text


def test_unknown_path_is_logged_without_the_path(log):
    assert send(APP, make_scope("/secret/place")).status == 404
    entry = json.loads(log()[0])
    assert (entry["route"], entry["status"]) == ("unknown", 404)


def test_failing_request_is_logged_as_an_error(log):
    with pytest.raises(RuntimeError):
        send(APP, make_scope("/fail"))
    assert json.loads(log()[0])["status"] == 500


def test_event_is_logged_with_its_values(log):
    report_event("training_ended", state="finished", seconds=3.5)
    entry = json.loads(log()[0])
    assert entry | {"time": ""} == {
        "time": "",
        "event": "training_ended",
        "state": "finished",
        "seconds": 3.5,
    }


@pytest.mark.parametrize(
    ("value", "has_visitors", "is_on"),
    [
        (None, False, False),
        (None, True, True),
        ("json", False, True),
        ("off", True, False),
    ],
)
def test_log_is_on_for_visitors_or_as_configured(monkeypatch, log, value, has_visitors, is_on):
    monkeypatch.delenv(LOG_VARIABLE, raising=False)
    if value:
        monkeypatch.setenv(LOG_VARIABLE, value)
    assert start_log(has_visitors=has_visitors) is is_on


def test_unknown_kind_of_log_is_reported(monkeypatch):
    monkeypatch.setenv(LOG_VARIABLE, "xml")
    with pytest.raises(ConfigError, match="set it to json or off"):
        start_log(has_visitors=False)
