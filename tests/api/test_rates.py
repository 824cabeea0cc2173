"""Limits for each key and client."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from cluster_core.access import PUBLIC_VARIABLE, Access
from cluster_core.api import rates
from cluster_core.api.clients import find_client
from cluster_core.api.keys import create_key
from cluster_core.api.rates import RATE_VARIABLE, RateLimit, read_rate
from cluster_core.errors import ConfigError
from tests.api.conftest import FORM, make_form, make_picture


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_tokens_come_back_with_time():
    clock = Clock()
    limit = RateLimit(60, clock)
    assert [limit.admit("a") for _ in range(61)] == [0] * 60 + [1]
    assert limit.admit("b") == 0
    clock.now_s += 1
    assert limit.admit("a") == 0


def test_debt_is_paid_before_the_next_request():
    clock = Clock()
    limit = RateLimit(60, clock)
    limit.spend("a", 90)
    assert limit.admit("a") == 31
    clock.now_s += 31
    assert limit.admit("a") == 0
    clock.now_s += 1e6
    limit.spend("a", 60)
    assert limit.admit("a") == 1  # a bucket never holds more than a minute's tokens


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(rates, "_MAX_CLIENTS", 100)
    clock = Clock()
    limit = RateLimit(60, clock)
    limit.spend("greedy", 1000)
    for number in range(99):
        limit.spend(f"client {number}", 1)
    clock.now_s += 2
    limit.spend("one more", 1)
    assert len(limit._buckets) == 2
    assert limit.admit("greedy") > 0


def test_many_clients_do_not_clear_the_debts_of_one(monkeypatch):
    monkeypatch.setattr(rates, "_MAX_CLIENTS", 100)
    limit = RateLimit(60, Clock())
    limit.spend("greedy", 1000)
    for number in range(500):
        limit.spend(f"client {number}", 1)
        assert len(limit._buckets) <= 100
    assert limit.admit("greedy") > 0


def test_no_limit():
    limit = RateLimit(0)
    limit.spend("a", 10**6)
    assert limit.admit("a") == 0


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "", "10000000", "1" * 5000])
def test_odd_rate_is_refused(monkeypatch, value):
    monkeypatch.setenv(RATE_VARIABLE, value)
    with pytest.raises(ConfigError, match=RATE_VARIABLE):
        read_rate()


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
    request = Request({"type": "http", "client": (host, 1), "headers": []})
    assert find_client(request) == client


def test_key_that_asks_too_much_is_told_when_to_come_back(serve):
    server = serve(per_minute=4)
    secret, _ = create_key(Access.owner(), server.workspace, "test")
    key = {"Authorization": f"Bearer {secret}"}
    form = make_form(*((f"{n}.png", make_picture()) for n in range(5)))
    assert server.classify(form, FORM, **key).status == 200
    refused = server.classify(form, FORM, **key)
    assert refused.status == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 30
    assert "try again in" in refused.sentence
    assert server.get("/models").status == 200  # without the key, from this computer


def test_refused_bodies_count_too(serve):
    server = serve(per_minute=2)
    secret, _ = create_key(Access.owner(), server.workspace, "test")
    key = {"Authorization": f"Bearer {secret}"}
    assert [server.classify(b"", **key).status for _ in range(3)] == [400, 400, 429]


def test_visitors_of_a_demo_have_a_limit(serve, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    server = serve(per_minute=2)
    assert [server.get("/models").status for _ in range(3)] == [200, 200, 429]
