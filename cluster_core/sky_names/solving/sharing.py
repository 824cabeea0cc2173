"""Let one search among the stars run at a time in a server, and only for those who may."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cluster_core.access import Access, Action
from cluster_core.errors import RunError
from cluster_core.sky_names.position import Pointing, SkyPosition
from cluster_core.sky_names.solving.finding import find_solver
from cluster_core.sky_names.solving.solver import STOPPED, RunLimits, Solver

WAIT_S = 30.0
BUSY = "This server is comparing the stars of another picture: try again in a minute."
_POLL_S = 0.1
_turn = threading.Lock()


@dataclass(frozen=True)
class SharedSolver:
    """A solver that waits for its turn, picture by picture.

    Attributes
    ----------
    solver : Solver
    limits : RunLimits
        Its `is_stopped` also ends the waiting.
    wait_s : float or None
        The longest time to wait for the turn, in seconds; None for any.
    """

    solver: Solver
    limits: RunLimits
    wait_s: float | None = WAIT_S

    @property
    def identity(self) -> str:
        """That of the solver; see `Solver.identity`."""
        return self.solver.identity

    def solve(self, picture: NDArray[np.generic], hints: Pointing | None) -> SkyPosition:
        """Find where in the sky a picture is, once no other search runs; see `Solver.solve`.

        Raises
        ------
        NotSolvedError
            The stars were not recognised, or the solver could not be run.
        RunError
            It was stopped, or another search ran all the time.
        """
        with _take_turn(self.limits, self.wait_s):
            return self.solver.solve(picture, hints)


def find_shared_solver(
    access: Access, limits: RunLimits | None = None, *, wait_s: float | None = WAIT_S
) -> Solver | None:
    """Return the installed solver for work in a server, where one search runs at a time.

    Parameters
    ----------
    access : Access
    limits : RunLimits, optional
        When to stop it, also while it waits.
    wait_s : float or None
        The longest time to wait for the turn, in seconds; None for work that can wait.

    Raises
    ------
    AccessError
        This server does not allow it.
    """
    access.require(Action.SOLVE)
    limits = limits or RunLimits()
    solver = find_solver(limits)
    return None if solver is None else SharedSolver(solver, limits, wait_s)


@contextmanager
def _take_turn(limits: RunLimits, wait_s: float | None) -> Iterator[None]:
    end_s = None if wait_s is None else time.monotonic() + wait_s
    while not _turn.acquire(timeout=_POLL_S):
        if limits.is_stopped():
            raise RunError(STOPPED)
        if end_s is not None and time.monotonic() > end_s:
            raise RunError(BUSY)
    try:
        yield
    finally:
        _turn.release()
