"""A worker process as its supervisor sees it: requests in, messages out, exit code."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from cluster_core.subprocesses import make_command, make_environment
from cluster_core.workspace import Workspace


class WorkerHandle:
    """A running worker process. It starts at once and is ready a few seconds later.

    Attributes
    ----------
    is_ready : bool
        Whether the worker has finished loading.
    on_message : callable
        Called from another thread when a message other than a heartbeat has arrived, and when
        the process has ended.

    Parameters
    ----------
    workspace : Workspace
        The workspace to train in.

    Raises
    ------
    OSError
        The process cannot be started.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.is_ready = False
        self.on_message: Callable[[], None] = lambda: None
        self._messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._last_message_s = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603
            make_command("cluster_core.training.jobs.worker", str(workspace.root)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={
                "TF_CPP_MIN_LOG_LEVEL": "2",  # a run's log needs TensorFlow's errors, not its notes
                **make_environment(),
            },
            # Ctrl-C in a terminal is meant for the server, which then ends its worker.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="worker messages", daemon=True)
        self._reader.start()

    @property
    def is_alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code: negative for a signal, None while the process is running."""
        return self._process.poll()

    @property
    def silent_s(self) -> float:
        """Seconds since the last message or heartbeat."""
        return time.monotonic() - self._last_message_s

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def send(self, **request: Any) -> None:
        """Send a request; does nothing if the worker has just died, which `is_alive` reports."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()

    def take_messages(self) -> Iterator[dict[str, Any]]:
        """Yield the messages received since the last call.

        Yields
        ------
        dict
            A message; `kind` is "ready", "done" or "preview".
        """
        while True:
            try:
                yield self._messages.get_nowait()
            except queue.Empty:
                return

    def kill(self) -> None:
        """End the process immediately and wait until it has ended."""
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
                self._last_message_s = time.monotonic()
                message = json.loads(line)
                if message["kind"] == "heartbeat":
                    continue
                self.is_ready = True
                self._messages.put(message)
                self.on_message()
        self._process.wait()
        self.on_message()
