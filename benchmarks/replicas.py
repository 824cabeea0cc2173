"""`python -m benchmarks.replicas`: uploads through nginx to two servers that share a workspace.

nginx runs with `deploy/nginx.conf`, in which only the ports are changed. Each visitor has a
session and classifies several pictures; the table counts those that failed, and by server.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np

from benchmarks.isolated import PROJECT
from benchmarks.streamlit_server import HOST, run_server
from benchmarks.streamlit_session import visit
from benchmarks.tables import print_table
from benchmarks.visitors import LABELS, Scene, Waits, classify
from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.sky import render_demo_dataset
from cluster_core.workspace import Workspace

N_EACH = 20
APP = Scene("two replicas", PROJECT / "app.py", "classify", 0, "Answered by", trains=False)
_MAIN = """daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    log_format replicas "$upstream_addr $status $request_method";
    access_log {folder}/access.log replicas;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/cluster-lab.conf;
}}
"""


def find_free_port() -> int:
    """Return a local port that nothing listens on."""
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
    return port


@contextmanager
def run_nginx(folder: Path, port: int, replicas: list[int]) -> Iterator[None]:
    """Run nginx with the example of `deploy/` for the duration of the block.

    Parameters
    ----------
    folder : Path
        Gets its configuration and logs; the worker processes must be able to open it.
    port : int
        Port to listen on.
    replicas : list of int
        Ports of the two servers.
    """
    example = (PROJECT / "deploy" / "nginx.conf").read_text()
    changed = example.replace("listen 80;", f"listen {HOST}:{port};")
    for old, new in zip(("8501", "8502"), replicas, strict=True):
        changed = changed.replace(f"127.0.0.1:{old}", f"127.0.0.1:{new}")
    (folder / "cluster-lab.conf").write_text(changed)
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder))
    folder.chmod(0o755)
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([nginx, "-c", str(folder / "nginx.conf")])
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


async def stay(port: int, pictures: list[tuple[str, bytes]], waits: Waits) -> None:
    """Open the page as one visitor, and classify the pictures."""
    async with visit(port, APP.page) as session:
        for picture in pictures:
            await classify(session, APP, picture, waits)


async def measure(port: int, workspace: Workspace, n_visitors: int, n_each: int) -> Waits:
    """Have visitors classify `n_each` pictures each, all at the same time."""
    files = sorted(workspace.cluster_photos.rglob("*.jpg"))
    pictures = [(path.name, path.read_bytes()) for path in files]
    waits = Waits()
    await asyncio.gather(
        *(
            stay(port, (pictures[number:] + pictures)[:n_each], waits)
            for number in range(n_visitors)
        )
    )
    return waits


def count_uploads(log: Path) -> dict[str, int]:
    """Return how many uploads each server took, from nginx's log."""
    found = re.findall(r"^(\S+) 2\d\d PUT$", log.read_text(), re.MULTILINE)
    return {server: found.count(server) for server in sorted(set(found))}


@click.command()
@click.option("--visitors", default=20, show_default=True, help="Number of concurrent visitors.")
@click.option("--uploads", default=200, show_default=True, help="Pictures of all visitors.")
def main(visitors: int, uploads: int) -> None:
    """Print how many uploads succeeded, and on which of the two servers."""
    os.environ["STREAMLIT_SERVER_COOKIE_SECRET"] = secrets.token_hex(32)
    os.environ |= {"CLUSTER_LAB_PROXIES": HOST, PUBLIC_VARIABLE: "1"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = Workspace(folder / "workspace")
        render_demo_dataset(workspace.cluster_photos, LABELS, N_EACH, seed=0)
        port = find_free_port()
        root = workspace.root
        with run_server(APP.script, root) as one, run_server(APP.script, root) as other:
            with run_nginx(folder, port, [one.port, other.port]):
                one.wait_until_healthy()
                other.wait_until_healthy()
                waits = asyncio.run(measure(port, workspace, visitors, uploads // visitors))
            by_server = count_uploads(folder / "access.log")
    n_good = len(waits.rerun_ms) - waits.n_failed
    print(f"{visitors} visitors, two servers on one workspace behind nginx.\n")
    shares = [str(count) for count in by_server.values()]
    p95_ms = np.percentile(waits.answer_ms, 95) if waits.answer_ms else float("nan")
    print_table(
        ["uploads", "answered", "failed", "by server", "with upload, p95 ms"],
        [
            [
                str(uploads),
                str(n_good),
                str(waits.n_failed + waits.n_late),
                " and ".join(shares),
                f"{p95_ms:.0f}",
            ]
        ],
    )
    sys.exit(n_good != uploads)


if __name__ == "__main__":
    main()
