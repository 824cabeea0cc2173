"""The worker as its supervisor sees it: a process with a pipe in and a pipe out."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cluster_core
from cluster_core.workspace import Workspace


class WorkerHandle:
    """A process that trains; started at once, ready some seconds later.

    Attributes
    ----------
    is_ready : bool
        Whether it has loaded all it needs.
    on_answer : callable
        Called, in another thread, whenever it has said something of note or ended.

    Parameters
    ----------
    workspace : Workspace
        Where it trains.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.is_ready = False
        self.on_answer: Callable[[], None] = lambda: None
        self._answers: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._heard_s = time.monotonic()
        # Where this package lies, the other process could find it only from the same folder.
        places = [str(Path(cluster_core.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "cluster_core.training.jobs.worker", str(workspace.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={
                "TF_CPP_MIN_LOG_LEVEL": "2",  # its errors belong into a run's log, its notes do not
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, places)),
            },
            # Ctrl-C in a terminal is for the server, which then ends its worker.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="worker answers", daemon=True)
        self._reader.start()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended; negative for a signal, None while it runs."""
        return self._process.poll()

    @property
    def silent_s(self) -> float:
        """Seconds since it gave a sign of life."""
        return time.monotonic() - self._heard_s

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    def send(self, **request: Any) -> None:
        """Ask it for something; a worker that has just died will be noticed by that."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()

    def take_answers(self) -> Iterator[dict[str, Any]]:
        """Yield what it has said since the last time."""
        while True:
            try:
                yield self._answers.get_nowait()
            except queue.Empty:
                return

    def kill(self) -> None:
        """End it at once, and wait until it has."""
        self._process.kill()
        self._process.wait()
        self._reader.join(timeout=5)
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._heard_s = time.monotonic()
                answer = json.loads(line)
                if answer["kind"] == "beat":
                    continue
                self.is_ready = True
                self._answers.put(answer)
                self.on_answer()
        self._process.wait()
        self.on_answer()
