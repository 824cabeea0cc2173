"""Limits for each client."""

from __future__ import annotations

from cluster_core.server import rates
from cluster_core.server.rates import RateLimit


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
