from __future__ import annotations

import asyncio
import json
import threading

import pytest

from cluster_core.api.routes import BuiltWhenUsed, list_routes
from tests.fetching import fetch
from tests.samples import run_async


def test_routes_answer_below_the_path_of_the_server(workspace):
    routes = list_routes("/lab")
    status, _, body = fetch(routes, "lab/api/v1/health")
    assert (status, json.loads(body)["status"]) == (200, "ok")


def test_app_is_built_once_by_simultaneous_first_requests_in_another_thread():
    built, answered = [], []

    def build():
        built.append(threading.current_thread())
        return answer

    async def answer(scope, receive, send):
        answered.append(scope)

    async def ask_thrice():
        app = BuiltWhenUsed(build)
        assert not built
        await asyncio.gather(*(app({"number": number}, None, None) for number in range(3)))

    run_async(ask_thrice)
    assert len(built) == 1
    assert built[0] is not threading.main_thread()
    assert len(answered) == 3


def test_app_that_could_not_be_built_is_built_for_the_next_request():
    tried, answered = [], []

    def build():
        tried.append(1)
        if len(tried) == 1:
            raise OSError("the disk is busy")
        return answer

    async def answer(scope, receive, send):
        answered.append(scope)

    async def ask_twice():
        app = BuiltWhenUsed(build)
        with pytest.raises(OSError, match="busy"):
            await app({}, None, None)
        await app({}, None, None)

    run_async(ask_twice)
    assert len(answered) == 1
