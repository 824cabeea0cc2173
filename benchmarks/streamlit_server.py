"""Start a Streamlit app as users do, and measure its memory and processor time (Linux)."""

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
_USER_TICKS, _SYSTEM_TICKS = 11, 12  # positions in /proc/PID/stat, after the name


class StreamlitServer:
    """A running server.

    Attributes
    ----------
    port : int
    url : str
        Its address, without a trailing slash.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process = process
        self._log = log
        self.port = port
        self.url = f"http://{HOST}:{port}"

    def wait_until_healthy(self) -> None:
        """Wait until the server answers.

        Raises
        ------
        SystemExit
            If it does not start in `START_TIMEOUT_S`, with the end of its log.
        """
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline_s and self._process.poll() is None:
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
        """Return the peak memory of the server process so far.

        Returns
        -------
        float
            In MB.

        Raises
        ------
        OSError
            If this system does not report it.
        """
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * _KIB / 1e6
        raise OSError("this system does not report peak memory")

    def read_cpu_s(self) -> float:
        """Return the processor time of the server process so far, in seconds."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / _TICKS_PER_S


@contextmanager
def run_server(script: Path, workspace: Path, project: Path = PROJECT) -> Iterator[StreamlitServer]:
    """Run an app on a free local port for the duration of the block.

    Parameters
    ----------
    script : Path
        The script for `streamlit run`.
    workspace : Path
        A workspace that no other server uses; the log is written next to it.
    project : Path, optional
        The working folder of the server, by default this project.

    Yields
    ------
    StreamlitServer
        Started, but perhaps not ready yet.
    """
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    # By default SIGTERM ends a program without `finally`, which would leave the server running.
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
