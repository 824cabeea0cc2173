"""Limits for each key and client."""

from __future__ import annotations

import pytest

from cluster_core.access import PUBLIC_VARIABLE, Access
from cluster_core.api.keys import create_key
from cluster_core.api.rates import RATE_VARIABLE, read_rate
from cluster_core.errors import ConfigError
from tests.api.conftest import FORM, make_form, make_picture


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "", "10000000", "1" * 5000])
def test_odd_rate_is_refused(monkeypatch, value):
    monkeypatch.setenv(RATE_VARIABLE, value)
    with pytest.raises(ConfigError, match=RATE_VARIABLE):
        read_rate()


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
