"""`python -m benchmarks.classify_only`: start and memory of a server that only classifies.

`python -m cluster_core serve` runs in an environment of its own with
`deploy/requirements-classify.txt`, without TensorFlow and Streamlit. The peer is uvicorn with one
LiteRT network, in the same environment.
"""

from __future__ import annotations

import http.client
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.isolated import PROJECT
from benchmarks.replicas import find_free_port
from benchmarks.streamlit_session import request_once
from benchmarks.tables import print_table
from cluster_core.api.rates import RATE_VARIABLE
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.sky import render_demo_dataset
from cluster_core.workspace import ROOT_VARIABLE

REQUIREMENTS = PROJECT / "deploy" / "requirements-classify.txt"
N_STARTS, N_DRAWN, N_PICTURES = 5, 50, 200
START_TIMEOUT_S = 60.0
_KIB = 1024
_HEADERS = {"Content-Type": "image/jpeg"}


@dataclass(frozen=True)
class Contender:
    """A server to measure.

    Attributes
    ----------
    name : str
    command : sequence of str
        Without the port, which stands for `{port}`.
    health, classify : str
        Addresses on the server.
    """

    name: str
    command: Sequence[str]
    health: str
    classify: str


@contextmanager
def start(contender: Contender, workspace: Path) -> Iterator[tuple[int, int, float]]:
    """Run a server, and yield its port, process id and the seconds until it was healthy."""
    port = find_free_port()
    command = [part.format(port=port) for part in contender.command]
    start_s = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=os.environ | {ROOT_VARIABLE: str(workspace), RATE_VARIABLE: "1000000"},
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _is_healthy(port, contender.health):
            if process.poll() is not None or time.perf_counter() - start_s > START_TIMEOUT_S:
                sys.exit(f"{contender.name} did not start: {' '.join(command)}")
            time.sleep(0.005)
        yield port, process.pid, time.perf_counter() - start_s
    finally:
        process.terminate()
        process.wait()


def _is_healthy(port: int, path: str) -> bool:
    try:
        return request_once(port, "GET", path).status == http.HTTPStatus.OK
    except OSError:
        return False


def read_peak_mb(pid: int) -> float:
    """Return the peak memory of a process so far, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * _KIB / 1e6


def measure(contender: Contender, workspace: Path, pictures: list[bytes]) -> list[float]:
    """Return the median seconds to healthy, and peak MB then, after 1 and after all pictures."""
    starts_s, peaks = [], []
    for _ in range(N_STARTS):
        with start(contender, workspace) as (port, pid, seconds):
            starts_s.append(seconds)
            peaks = [read_peak_mb(pid)]
            for batch in (pictures[:1], pictures if len(starts_s) == N_STARTS else []):
                for picture in batch:
                    request_once(port, "POST", contender.classify, picture, _HEADERS)
                peaks.append(read_peak_mb(pid))
    return [statistics.median(starts_s), *peaks]


def make_environment(folder: Path) -> str:
    """Create the environment, and return its Python."""
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(REQUIREMENTS)], check=True)
    return python


@click.command()
@click.option("--python", help="Of an environment with these requirements; made anew without.")
def main(python: str | None) -> None:
    """Print start and memory, compared with a bare server."""
    network = load_shipped_record(get_backbone("sky")).litert_path
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = python or make_environment(folder / "environment")
        render_demo_dataset(folder / "photos", ("open clusters",), N_DRAWN, seed=0)
        drawn = [path.read_bytes() for path in sorted((folder / "photos").rglob("*.jpg"))]
        pictures = list(itertools.islice(itertools.cycle(drawn), N_PICTURES))
        ours = Contender(
            "serve",
            [python, "-m", "cluster_core", "serve", "--port", "{port}"],
            "/api/v1/health",
            "/api/v1/models/starter/classify",
        )
        peer = Contender(
            "uvicorn with LiteRT",
            [python, "-m", "benchmarks.peer_classifier", "{port}", str(network)],
            "/",
            "/",
        )
        results = {one.name: measure(one, folder / "tf_files", pictures) for one in (ours, peer)}
    columns = ["", "healthy, s", "MB then", "MB after 1 picture", f"MB after {N_PICTURES}"]
    print_table(
        columns,
        [
            [name, f"{seconds:.2f}", *(f"{peak:.0f}" for peak in peaks)]
            for name, (seconds, *peaks) in results.items()
        ],
    )


if __name__ == "__main__":
    main()
