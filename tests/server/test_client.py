import pytest
from starlette.responses import PlainTextResponse

from cluster_core.errors import ConfigError
from cluster_core.server.client import (
    PROXIES_VARIABLE,
    ClientAddressMiddleware,
    find_client,
    get_client_address,
    is_own_machine,
    read_proxies,
)
from tests.server.asgi import make_scope, send


async def show_client(scope, receive, send):
    await PlainTextResponse(get_client_address(scope))(scope, receive, send)


def show(monkeypatch, proxies, peer, **headers):
    monkeypatch.setenv(PROXIES_VARIABLE, proxies)
    app = ClientAddressMiddleware(show_client, read_proxies())
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return send(app, make_scope(client=peer, headers=named)).body.decode()


@pytest.mark.parametrize("proxies", ["", "192.0.2.1"])
@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1"])
def test_forged_header_of_an_unknown_peer_changes_nothing(monkeypatch, proxies, peer):
    found = show(monkeypatch, proxies, peer, X_Forwarded_For="10.9.9.9", Forwarded="for=10.9.9.9")
    assert found == peer


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_configured_proxy_names_the_visitor(monkeypatch, peer):
    sent = "127.0.0.1, 198.51.100.7, 10.1.2.4"  # the first is forged by the visitor
    assert show(monkeypatch, "10.0.0.0/8", peer, X_Forwarded_For=sent) == "198.51.100.7"


def test_mapped_address_is_written_as_ipv4(monkeypatch):
    assert show(monkeypatch, "", "::ffff:203.0.113.9") == "203.0.113.9"


def test_connection_without_address_has_none():
    assert get_client_address({**make_scope(), "client": None}) == ""


@pytest.mark.parametrize(
    ("peer", "header", "is_own"),
    [
        ("127.0.0.1", None, True),
        ("::1", None, True),
        ("::ffff:127.0.0.1", None, True),
        ("203.0.113.9", None, False),
        ("", None, False),
        ("127.0.0.1", "X-Forwarded-For", False),
        ("127.0.0.1", "Forwarded", False),
        ("127.0.0.1", "X-Real-IP", False),
    ],
)
def test_own_machine_is_a_direct_loopback_connection(peer, header, is_own):
    headers = {header: "127.0.0.1"} if header else {}
    assert is_own_machine(make_scope(client=peer, headers=headers)) is is_own


def test_malformed_proxy_is_reported(monkeypatch):
    monkeypatch.setenv(PROXIES_VARIABLE, "10.0.0.1, proxy.example")
    with pytest.raises(ConfigError, match=r"'proxy.example', which is not an address or network"):
        read_proxies()


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_client_is_an_address_or_an_ipv6_network(host, client):
    assert find_client(make_scope(client=host)) == client
