"""Fixtures for the tests of the supervisor."""

from __future__ import annotations

import pytest

from cluster_core.training.jobs import supervisor, worker_slot
from tests.training.jobs.fakes import FakeServer, FakeWorker


@pytest.fixture
def short_delays(monkeypatch):
    monkeypatch.setattr(supervisor, "POLL_S", 0.01)
    monkeypatch.setattr(worker_slot, "GRACE_S", 0.05)
    monkeypatch.setattr(worker_slot, "RESTART_AFTER_S", (0.0,))


@pytest.fixture
def start_server(workspace, short_delays):
    """A function that starts a `FakeServer`; all of them are closed after the test."""
    servers = []

    def start(make_worker=FakeWorker):
        servers.append(FakeServer(workspace, make_worker))
        return servers[-1]

    yield start
    for server in servers:
        server.supervisor.close()
