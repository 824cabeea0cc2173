"""Give cases to a worker process, and collect what fails."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from tests.fuzz.areas import AREAS
from tests.fuzz.case import CaseId
from tests.fuzz.worker import STACKS, Outcome, serve

START_LIMIT_S = 180.0


@dataclass(frozen=True)
class Failure:
    """A case that failed, and why."""

    case: CaseId
    problem: str


@dataclass
class Tally:
    """The counts of one area."""

    cases: int = 0
    checks: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)


class Runner:
    """Runs cases one after the other in another process, which is replaced when it hangs or dies.

    Use it as a context manager.

    Attributes
    ----------
    tallies : mapping of str to Tally
        The counts so far, by area.
    """

    def __init__(self) -> None:
        self.tallies = {name: Tally() for name in AREAS}
        self._scratch = Path(tempfile.mkdtemp(prefix="cluster-lab-fuzz-"))
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_worker()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def run(self, case: CaseId) -> Failure | None:
        """Run a case, count it, and return its failure."""
        connection = self._connection or self._start_worker()
        started_s = time.monotonic()
        connection.send(case)
        outcome = self._receive(connection, AREAS[case.area].limit_s)
        tally = self.tallies[case.area]
        tally.cases += 1
        tally.checks += outcome.checks
        tally.seconds += time.monotonic() - started_s
        if not outcome.problem:
            return None
        failure = Failure(case, outcome.problem)
        tally.failures.append(failure)
        return failure

    def run_for(self, seconds: float, seed: int, names: Iterable[str]) -> Iterable[Failure]:
        """Run cases of some areas in turn until the time is over; yield the failures.

        The area that has used least of its share of the time comes next.
        """
        end_s = time.monotonic() + seconds
        names = list(names)
        while time.monotonic() < end_s:
            name = min(names, key=lambda one: self.tallies[one].seconds / AREAS[one].weight)
            failure = self.run(CaseId(name, seed, self.tallies[name].cases))
            if failure:
                yield failure

    def _receive(self, connection: Connection, limit_s: float) -> Outcome:
        with suppress(EOFError, ConnectionError):
            if connection.poll(limit_s):
                return connection.recv()
            problem = f"It hangs: not over after {limit_s:g} s.\n{self._dump_stacks()}"
            self._end_worker()
            return Outcome(0, problem)
        assert self._process
        self._process.join(10)
        code = self._process.exitcode
        self._end_worker()
        return Outcome(0, f"The process died with exit code {code}.")

    def _start_worker(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, self._scratch), daemon=False)
        self._process.start()
        theirs.close()
        if not self._connection.poll(START_LIMIT_S) or self._connection.recv() is not None:
            raise RuntimeError("The worker process of the fuzz test does not start.")
        return self._connection

    def _end_worker(self) -> None:
        if self._process and self._connection:
            self._connection.close()
            self._process.join(1)
            assert self._process.pid
            with suppress(ProcessLookupError):  # nothing of it is left
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.join()
        self._process = self._connection = None

    def _dump_stacks(self) -> str:
        assert self._process
        assert self._process.pid
        os.kill(self._process.pid, signal.SIGUSR1)
        time.sleep(0.5)
        return (self._scratch / STACKS).read_text("utf-8", "replace")[-5000:]
