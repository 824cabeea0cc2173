"""What the tests of the supervisor share."""

from __future__ import annotations

import pytest

from cluster_core.training.jobs import supervisor
from cluster_core.training.jobs import worker_slot as lane
from tests.training.jobs.played import FakeServer, FakeWorker


@pytest.fixture
def quickly(monkeypatch):
    monkeypatch.setattr(supervisor, "POLL_S", 0.01)
    monkeypatch.setattr(lane, "GRACE_S", 0.05)
    monkeypatch.setattr(lane, "RESTART_AFTER_S", (0.0,))


@pytest.fixture
def play(workspace, quickly):
    stages = []

    def begin(make=FakeWorker):
        stages.append(FakeServer(workspace, make))
        return stages[-1]

    yield begin
    for stage in stages:
        stage.supervisor.close()
