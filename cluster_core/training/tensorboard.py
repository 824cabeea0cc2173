"""Run TensorBoard alongside the app, for users at the machine that serves it."""

from __future__ import annotations

import atexit
import os
import shlex
import socket
import subprocess
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.errors import RunError
from cluster_core.subprocesses import make_command, make_environment
from cluster_core.workspace import Workspace

HOST = "127.0.0.1"
START_TIMEOUT_S = 60.0
POLL_S = 0.2
_COMMAND = tuple(make_command("cluster_core.training.tensorboard"))


@dataclass(frozen=True)
class _Running:
    process: subprocess.Popen[bytes]
    url: str


_running: dict[Path, _Running] = {}
_lock = threading.Lock()


def format_tensorboard_command(workspace: Workspace) -> str:
    """Return the shell command that shows all trainings of a workspace in TensorBoard."""
    return f"tensorboard --logdir {shlex.quote(str(workspace.training_summaries))}"


def find_tensorboard(workspace: Workspace) -> str | None:
    """Return the URL of the TensorBoard that runs for this workspace, or None."""
    with _lock:
        running = _running.get(workspace.root.absolute())
        return running.url if running and running.process.poll() is None else None


def start_tensorboard(access: Access, workspace: Workspace) -> str:
    """Start TensorBoard unless it is running, wait until it responds, and return its URL.

    It accepts connections from this machine only, and ends with this process.

    Raises
    ------
    AccessError
        This server does not let its visitors start TensorBoard.
    RunError
        TensorBoard ended at once, or did not respond in time.
    """
    access.require(Action.RUN_TENSORBOARD)
    root = workspace.root.absolute()
    with _lock:
        running = _running.get(root)
        if running is None or running.process.poll() is not None:
            running = _running[root] = _start(workspace)
    _wait_until_reachable(running)
    return running.url


def stop_tensorboard(access: Access, workspace: Workspace) -> None:
    """Stop the TensorBoard that runs for this workspace, if any.

    Raises
    ------
    AccessError
        This server does not let its visitors run TensorBoard.
    """
    access.require(Action.RUN_TENSORBOARD)
    with _lock:
        running = _running.pop(workspace.root.absolute(), None)
    if running:
        _end(running)


def _start(workspace: Workspace) -> _Running:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    folder = str(workspace.training_summaries.absolute())
    process = subprocess.Popen(  # noqa: S603 (no part comes from a visitor)
        [*_COMMAND, "--logdir", folder, "--host", HOST, "--port", str(port)],
        env=make_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return _Running(process, f"http://{HOST}:{port}")


def _wait_until_reachable(running: _Running) -> None:
    port = int(running.url.rpartition(":")[2])
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while running.process.poll() is None and time.monotonic() < deadline_s:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            time.sleep(POLL_S)
    exit_code = running.process.poll()
    _end(running)
    raise RunError(
        "TensorBoard did not start: run its command in a terminal to see why.", exit_code=exit_code
    )


def _end(running: _Running) -> None:
    running.process.terminate()
    try:
        running.process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        running.process.kill()
        running.process.wait()


@atexit.register
def _end_all() -> None:
    with _lock:
        for running in _running.values():
            _end(running)
        _running.clear()


def _exit_with_parent(parent_pid: int) -> None:
    """End this process when its parent has ended, even if the parent was killed."""
    while os.getppid() == parent_pid:
        time.sleep(1)
    os._exit(0)


def _main() -> None:
    """Run TensorBoard in this process, with the flags of its own command line."""
    threading.Thread(target=_exit_with_parent, args=(os.getppid(),), daemon=True).start()
    from tensorboard.main import run_main

    run_main()


if __name__ == "__main__":
    _main()
