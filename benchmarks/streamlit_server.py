"""Start a Streamlit app as its users do, and read what it takes of the machine (Linux)."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.isolated import PROJECT
from cluster_core.workspace import ROOT_VARIABLE

HOST = "127.0.0.1"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
_KIB = 1024
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_USER_TICKS, _SYSTEM_TICKS = 11, 12  # places in /proc/PID/stat, after the name


class StreamlitServer:
    """A server that runs.

    Attributes
    ----------
    port : int
    url : str
        Its address, without a slash at the end.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process = process
        self._log = log
        self.port = port
        self.url = f"http://{HOST}:{port}"

    def wait_until_healthy(self) -> None:
        """Return as soon as it answers; end the program with its log if it does not."""
        end_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end_s and self._process.poll() is None:
            connection = http.client.HTTPConnection(HOST, self.port, timeout=1)
            try:
                connection.request("GET", "/_stcore/health")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
            except OSError:
                time.sleep(0.02)
            finally:
                connection.close()
        sys.exit(f"The server did not start:\n{self._log.read_text()[-3000:]}")

    def read_peak_mb(self) -> float:
        """Return the most memory that the server's process held so far."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * _KIB / 1e6
        raise OSError("this system does not tell the peak of memory")

    def read_cpu_s(self) -> float:
        """Return the processor time that the server's process took so far."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / _TICKS_PER_S


@contextmanager
def run_server(script: Path, workspace: Path, project: Path = PROJECT) -> Iterator[StreamlitServer]:
    """Run an app on a free port of this computer, not yet ready when the block begins.

    Parameters
    ----------
    script : Path
        What `streamlit run` takes.
    workspace : Path
        A workspace that nobody else uses; the server's log goes beside it.
    project : Path, optional
        The folder to run it in; this project when not given.
    """
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    # Killed politely, a program would end at once and leave its server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    log = workspace.with_name(f"{workspace.name}.log")
    flags = [f"--server.port={port}", f"--server.address={HOST}", "--server.headless=true"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), *flags],
            cwd=project,
            env=os.environ | {ROOT_VARIABLE: str(workspace)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield StreamlitServer(process, port, log)
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
