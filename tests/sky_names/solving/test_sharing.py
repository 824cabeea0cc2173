"""One search at a time in a server."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from cluster_core.errors import AccessError, RunError
from cluster_core.sky_names.position import SkyPosition
from cluster_core.sky_names.solving import RunLimits, find_shared_solver, sharing
from tests.samples import OWNER, VISITOR

PICTURE = np.zeros((8, 8), dtype=np.uint8)
ANSWER = SkyPosition(10.0, 20.0, ((-0.003, 0.0), (0.0, -0.003)), 8, 8)


class WaitingSolver:
    """Solves once it may, and says how many searches ran at once."""

    identity = "waiting"

    def __init__(self):
        self.started, self.go = threading.Event(), threading.Event()
        self.n_running, self.most_running = 0, 0

    def solve(self, picture, hints):
        self.n_running += 1
        self.most_running = max(self.most_running, self.n_running)
        self.started.set()
        self.go.wait(30)
        self.n_running -= 1
        return ANSWER


@pytest.fixture
def busy(monkeypatch):
    """A solver that one thread uses until the test lets it go."""
    solver = WaitingSolver()
    monkeypatch.setattr(sharing, "find_solver", lambda limits: solver)
    thread = threading.Thread(target=find_shared_solver(OWNER).solve, args=(PICTURE, None))
    thread.start()
    assert solver.started.wait(30)
    yield solver
    solver.go.set()
    thread.join(10)


def test_second_search_is_refused_in_one_sentence(busy):
    with pytest.raises(RunError, match="try again in a minute"):
        find_shared_solver(OWNER, wait_s=0).solve(PICTURE, None)


def test_stop_ends_the_waiting(busy):
    with pytest.raises(RunError, match="was stopped"):
        find_shared_solver(OWNER, RunLimits(is_stopped=lambda: True)).solve(PICTURE, None)


def test_second_search_runs_after_the_first(busy):
    threading.Timer(0.05, busy.go.set).start()
    assert find_shared_solver(OWNER, wait_s=None).solve(PICTURE, None) == ANSWER
    assert busy.most_running == 1


def test_visitors_get_no_solver():
    with pytest.raises(AccessError):
        find_shared_solver(VISITOR)
