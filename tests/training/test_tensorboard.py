from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from cluster_core.access import Action
from cluster_core.errors import AccessError, RunError
from cluster_core.training import tensorboard
from cluster_core.training.tensorboard import (
    find_tensorboard,
    format_tensorboard_command,
    start_tensorboard,
    stop_tensorboard,
)
from tests.samples import OWNER, REPOSITORY

# Listens on its port as TensorBoard does, but starts in less than ten seconds.
STAND_IN = """
import sys, http.server
flags = dict(zip(sys.argv[1::2], sys.argv[2::2]))
assert flags["--host"] == "127.0.0.1"
server = http.server.HTTPServer((flags["--host"], int(flags["--port"])),
                                http.server.SimpleHTTPRequestHandler)
server.serve_forever()
"""


@pytest.fixture
def allowed(monkeypatch, workspace, tmp_path):
    program = tmp_path / "stand_in.py"
    program.write_text(STAND_IN)
    monkeypatch.setattr(tensorboard, "_COMMAND", (sys.executable, str(program)))
    yield
    stop_tensorboard(OWNER, workspace)


def test_one_local_instance_runs_until_it_is_stopped(allowed, workspace):
    assert find_tensorboard(workspace) is None
    url = start_tensorboard(OWNER, workspace)
    assert url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(url) as answer:
        assert answer.status == 200
    assert start_tensorboard(OWNER, workspace) == url
    assert find_tensorboard(workspace) == url
    stop_tensorboard(OWNER, workspace)
    assert find_tensorboard(workspace) is None
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url)


def test_failed_start_is_reported(allowed, workspace, monkeypatch):
    monkeypatch.setattr(tensorboard, "_COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(RunError, match="did not start") as caught:
        start_tensorboard(OWNER, workspace)
    assert caught.value.exit_code == 3
    assert find_tensorboard(workspace) is None


def test_start_is_refused_to_those_who_may_not(workspace):
    with pytest.raises(AccessError, match="start TensorBoard"):
        start_tensorboard(OWNER.without(Action.RUN_TENSORBOARD), workspace)


def test_tensorboard_ends_when_the_server_is_killed():
    server_program = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import os, threading, time\\n"
        "from cluster_core.training.tensorboard import _exit_with_parent\\n"
        "threading.Thread(target=_exit_with_parent, args=(os.getppid(),)).start()\\n"
        "time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", server_program], stdout=subprocess.PIPE, cwd=REPOSITORY
    )
    with server:
        child = int(server.stdout.readline())
        time.sleep(1.5)  # until the child has read its parent's id
        server.send_signal(signal.SIGKILL)
        server.wait()
        deadline_s = time.monotonic() + 10
        while is_alive(child) and time.monotonic() < deadline_s:
            time.sleep(0.1)
        assert not is_alive(child)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:  # a zombie no longer runs
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_command_names_the_workspace(workspace):
    words = shlex.split(format_tensorboard_command(workspace))
    assert words == ["tensorboard", "--logdir", str(workspace.training_summaries)]
