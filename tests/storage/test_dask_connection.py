"""Workers and schedulers that die or hang."""

from __future__ import annotations

import asyncio
import logging
import time
from types import SimpleNamespace

import pytest
from distributed.comm import CommClosedError

from cluster_core.errors import RunError
from cluster_core.storage import dask_connection
from cluster_core.storage.dask_connection import DaskConnection
from cluster_core.storage.dask_worker import describe_versions
from cluster_core.storage.mapping import Outcome


class Scheduler:
    """A scheduler with two workers, one of which hangs."""

    def __init__(self):
        names = {"tcp://here": -1000, "tcp://hangs": dask_connection.SILENCE_S + 1}
        self.workers = {
            name: SimpleNamespace(address=name, last_seen=time.time() - silent_s)
            for name, silent_s in names.items()
        }

    async def remove_worker(self, address, stimulus_id):
        del self.workers[address]


class Client:
    """Calls of a Dask client, which fail as often as `failures` says."""

    def __init__(self, *failures):
        self.failures, self.scheduler, self.plugins = list(failures), Scheduler(), []
        self.answers = {}

    def run_on_scheduler(self, function):
        return asyncio.run(function(dask_scheduler=self.scheduler))

    def nthreads(self):
        return dict.fromkeys(self.scheduler.workers, 1)

    def register_plugin(self, plugin, name):
        self._fail()
        self.plugins.append(name)

    def unregister_worker_plugin(self, name):
        self.plugins.remove(name)

    def cancel(self, futures):
        self._fail()

    def wait_for_workers(self, number, timeout):
        pass

    def run(self, function, on_error):
        return self.answers

    def _fail(self):
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(dask_connection.time, "sleep", lambda seconds: None)


def connect(*failures) -> DaskConnection:
    connection = DaskConnection.__new__(DaskConnection)
    connection._address, connection._client = "tcp://scheduler", Client(*failures)
    return connection


def test_blocks_of_a_worker_that_hangs_go_to_others(caplog):
    class Future:
        n_asked = 0

        def result(self, timeout):
            self.n_asked += 1
            if self.n_asked == 1:
                raise TimeoutError
            return Outcome([1], None)

    connection = connect()
    with caplog.at_level(logging.WARNING):
        assert connection.wait(Future()).results == [1]
    assert list(connection._client.scheduler.workers) == ["tcp://here"]
    assert "tcp://hangs has not answered for 30 s: others take over its pictures" in caplog.text


def test_worker_that_dies_at_the_start_does_not_stop_the_run():
    connection = connect(CommClosedError("in <TCP (closed)>"), TimeoutError())
    with connection.sending(len) as name:
        assert connection._client.plugins == [name]


def test_lost_workers_are_never_a_failed_write():
    connection = connect(*[CommClosedError("closed")] * dask_connection.SENDING_TRIES)
    with pytest.raises(RunError, match="no longer answers"), connection.sending(len):
        pass
    connect(CommClosedError("closed")).cancel([])


def test_dead_and_hanging_workers_among_the_first_are_passed_over(monkeypatch):
    monkeypatch.setattr(dask_connection, "SILENCE_S", 0.05)
    connection = connect()
    connection._client.answers = {"one": CommClosedError("closed"), "two": describe_versions()}
    connection._check_workers()
    assert list(connection._client.scheduler.workers) == ["tcp://here"]
    del connection._client.answers["two"]
    with pytest.raises(RunError, match="No worker of the Dask cluster at tcp://scheduler answers"):
        connection._check_workers()
