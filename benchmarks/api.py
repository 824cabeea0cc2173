"""`python -m benchmarks.api`: the REST API, compared with a bare endpoint (Linux)."""

from __future__ import annotations

import asyncio
import http.client
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from PIL import Image

from benchmarks.isolated import PROJECT
from benchmarks.streamlit_server import HOST, START_TIMEOUT_S
from benchmarks.tables import print_table
from cluster_core.model.bundle.folder import load_bundle, save_bundle
from cluster_core.model.bundle.selection import STARTER_ID, model_dir
from cluster_core.workspace import ROOT_VARIABLE, Workspace

SIZE_PX = 225
N_CLIENTS = 16
PLAIN = "plain"
_WARM_UP = 30
_KIB = 1024


@dataclass(frozen=True)
class Served:
    """A running server.

    Attributes
    ----------
    port : int
    process : subprocess.Popen
    """

    port: int
    process: subprocess.Popen[bytes]

    def read_memory_mb(self) -> float:
        """Return the memory that the process has now, in MB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * _KIB / 1e6
        raise OSError("this system does not report memory")


@contextmanager
def serve(arguments: Sequence[str], workspace: Path) -> Iterator[Served]:
    """Run a server for the duration of the block; its port is the last argument."""
    with (workspace.with_name("server.log")).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=PROJECT,
            env=os.environ | {ROOT_VARIABLE: str(workspace)},
            stdout=log,
            stderr=log,
        )
    try:
        served = Served(int(arguments[-1]), process)
        _wait(served)
        yield served
    finally:
        process.terminate()
        process.wait()


def _wait(served: Served) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline_s and served.process.poll() is None:
        connection = http.client.HTTPConnection(HOST, served.port, timeout=1)
        try:
            connection.request("GET", "/nothing")
            connection.getresponse()
        except OSError:
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    sys.exit("The server did not start.")


def make_request(model_id: str) -> bytes:
    """Return a whole request with one JPEG of 225 by 225 pixels, of noise like a star field's."""
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (SIZE_PX // 5, SIZE_PX // 5, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).resize((SIZE_PX, SIZE_PX)).save(file, "JPEG", quality=90)
    body = file.getvalue()
    head = (
        f"POST /api/v1/models/{model_id}/classify HTTP/1.1\r\nHost: {HOST}\r\n"
        f"Content-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def send_many(port: int, request: bytes, n_clients: int, n_requests: int) -> list[float]:
    """Send requests over connections that stay open, each as soon as the last one is answered.

    Returns
    -------
    list of float
        Milliseconds of each request.

    Raises
    ------
    SystemExit
        A request was not answered with status 200.
    """
    left, times = n_requests, []

    async def work() -> None:
        nonlocal left
        reader, writer = await asyncio.open_connection(HOST, port)
        while left > 0:
            left -= 1
            started_s = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head[:20]:
                sys.exit(f"The server answered {head.decode('latin-1')}")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            await reader.readexactly(length)
            times.append(1000 * (time.perf_counter() - started_s))
        writer.close()

    await asyncio.gather(*(work() for _ in range(n_clients)))
    return times


def measure(served: Served, request: bytes, n_requests: int) -> list[str]:
    """Return the cells of a row: times alone, and requests a second of many clients."""
    asyncio.run(send_many(served.port, request, 1, _WARM_UP))
    alone = asyncio.run(send_many(served.port, request, 1, n_requests))
    asyncio.run(send_many(served.port, request, N_CLIENTS, 5 * _WARM_UP))
    started_s = time.perf_counter()
    busy = asyncio.run(send_many(served.port, request, N_CLIENTS, 4 * n_requests))
    seconds = time.perf_counter() - started_s
    return [
        f"{statistics.median(alone):.1f}",
        f"{np.percentile(alone, 95):.1f}",
        f"{len(busy) / seconds:.0f}",
        f"{np.percentile(busy, 95):.0f}",
        f"{served.read_memory_mb():.0f}",
    ]


def measure_growth(served: Served, request: bytes, n_requests: int) -> float:
    """Return by how many MB the memory of a warm server grows."""
    asyncio.run(send_many(served.port, request, N_CLIENTS, 1000))
    before_mb = served.read_memory_mb()
    asyncio.run(send_many(served.port, request, N_CLIENTS, n_requests))
    return served.read_memory_mb() - before_mb


@click.command()
@click.option("--requests", "n_requests", default=400, show_default=True, help="Requests alone.")
@click.option("--growth", default=20_000, show_default=True, help="Requests for memory; 0: none.")
@click.option("--port", default=8790, show_default=True, help="First of three free ports.")
def main(n_requests: int, growth: int, port: int) -> None:
    """Print milliseconds, requests a second and memory growth of `serve`, and of the peer."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        starter = load_bundle(model_dir(Workspace(workspace), STARTER_ID))
        save_bundle(replace(starter, name=PLAIN, views=PLAIN), Workspace(workspace).bundles)
        with serve(("benchmarks.api_peer", str(port)), workspace) as peer:
            rows.append(["peer, one view", *measure(peer, make_request(PLAIN), n_requests)])
        with serve(("cluster_core", "serve", "--port", str(port + 1)), workspace) as ours:
            rows.append(["ours, one view", *measure(ours, make_request(PLAIN), n_requests)])
            request = make_request(STARTER_ID)
            rows.append(["ours, eight views", *measure(ours, request, n_requests // 4)])
            grown_mb = measure_growth(ours, make_request(PLAIN), growth) if growth else None
    columns = ["", "alone, p50 ms", "p95 ms", "16 clients, per second", "p95 ms", "MB"]
    print_table(columns, rows)
    if grown_mb is not None:
        print(f"\nMemory growth over {growth:,} requests: {grown_mb:.1f} MB")


if __name__ == "__main__":
    main()
