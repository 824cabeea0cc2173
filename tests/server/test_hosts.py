import asyncio

import pytest
from starlette.responses import PlainTextResponse

from cluster_core.server.hosts import HOSTS_VARIABLE, KnownHostMiddleware, is_known_host, read_hosts
from tests.server.asgi import make_scope, send

PAGE = PlainTextResponse("page")


def get_status(host, client="127.0.0.1", hosts=()):
    return send(
        KnownHostMiddleware(PAGE, hosts), make_scope(client=client, headers={"Host": host})
    ).status


@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("localhost", True),
        ("LOCALHOST:8501", True),
        ("lab.localhost:8501", True),
        ("127.0.0.1:8501", True),
        ("192.168.1.20:8501", True),
        ("[::1]:8501", True),
        ("::1", True),
        ("lab.example", True),
        ("Lab.Example:443", True),
        ("evil.example:8501", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("[::1].evil.example", False),
        ("", False),
    ],
)
def test_name_is_known(host, is_known):
    assert is_known_host(host, {"lab.example"}) is is_known


def test_name_that_leads_to_this_computer_by_rebinding_is_refused():
    assert get_status("evil.example:8501") == 421
    assert get_status("localhost:8501") == 200


def test_other_computers_may_use_any_name_until_names_are_configured(monkeypatch):
    assert get_status("lab.example", client="203.0.113.9") == 200
    monkeypatch.setenv(HOSTS_VARIABLE, "lab.example, www.lab.example")
    hosts = read_hosts()
    assert get_status("lab.example", client="203.0.113.9", hosts=hosts) == 200
    assert get_status("evil.example", client="203.0.113.9", hosts=hosts) == 421


def test_websocket_under_an_unknown_name_is_closed():
    sent = []

    async def connect():
        async def send(message):
            sent.append(message)

        scope = make_scope(client="127.0.0.1", headers={"Host": "evil.example"}, type="websocket")
        await KnownHostMiddleware(PAGE)(scope, None, send)

    asyncio.run(connect())
    assert [message["type"] for message in sent] == ["websocket.close"]
