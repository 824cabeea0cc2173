"""`python -m benchmarks.visitors`: waiting times of many visitors who classify pictures.

Each visitor has a session, uploads a rendered picture every few seconds, waits for the answer
and fetches the pictures it shows. The peer is a Streamlit page with an uploader and one line of
text, visited in the same way.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
from websockets.exceptions import ConnectionClosed

from benchmarks.isolated import PROJECT
from benchmarks.streamlit_server import StreamlitServer, run_server
from benchmarks.streamlit_session import StreamlitSession, visit
from benchmarks.tables import print_table
from cluster_core.access import Access
from cluster_core.sky import render_demo_dataset
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import list_runs, submit_run
from cluster_core.workspace import Workspace

INTERVAL_S = 5.0
LABELS = ("globular clusters", "open clusters")
N_EACH = 77
MAX_UNFINISHED = 2
BRIGHTNESS_VARIANTS = 50


@dataclass(frozen=True)
class Scene:
    """The page that is visited, and the load on its server.

    Attributes
    ----------
    name : str
        Name in the table.
    script : Path
        The script for `streamlit run`.
    page : str
        The page's path on the server.
    n_visitors : int
    answer : str
        A run that does not draw this text counts as failed.
    trains : bool
        Whether trainings run at the same time, one after the other.
    """

    name: str
    script: Path
    page: str
    n_visitors: int
    answer: str
    trains: bool


@dataclass
class Waits:
    """The waiting times of all visitors.

    Attributes
    ----------
    rerun_ms : list of float
        Milliseconds from each request to the end of the page's run.
    answer_ms : list of float
        The same, including the upload before it.
    n_failed : int
        Number of runs that drew no answer.
    n_late : int
        Number of pictures given up, because the server did not reply in time.
    """

    rerun_ms: list[float] = field(default_factory=list)
    answer_ms: list[float] = field(default_factory=list)
    n_failed: int = 0
    n_late: int = 0


@dataclass(frozen=True)
class Measured:
    """The measurements of a scene.

    Attributes
    ----------
    scene : Scene
    waits : Waits
    peak_mb : float
        Peak memory of the server process, in MB.
    cpu_percent : float
        Processor time of the server process, in percent of one core.
    n_trained : int
        Number of trainings that finished.
    """

    scene: Scene
    waits: Waits
    peak_mb: float
    cpu_percent: float
    n_trained: int


def make_scene(n_visitors: int, *, trains: bool = False) -> Scene:
    """Return visits of our Classify page, beside trainings or not."""
    people = "1 visitor" if n_visitors == 1 else f"{n_visitors} visitors"
    return Scene(
        name=f"ours, {people}" + (", training" if trains else ""),
        script=PROJECT / "app.py",
        page="classify",
        n_visitors=n_visitors,
        answer="Answered by",
        trains=trains,
    )


async def classify(
    session: StreamlitSession, scene: Scene, picture: tuple[str, bytes], waits: Waits
) -> None:
    """Upload one picture, as its name and bytes, and add the waiting times to `waits`."""
    start_s = time.perf_counter()
    try:
        await session.upload(*picture)
        uploaded_s = time.perf_counter()
        drawn = await session.rerun()
        end_s = time.perf_counter()
        await session.fetch_images()
    except (OSError, ConnectionClosed):  # a TimeoutError is an OSError
        waits.n_late += 1
        return
    waits.rerun_ms.append((end_s - uploaded_s) * 1000)
    waits.answer_ms.append((end_s - start_s) * 1000)
    waits.n_failed += not any(scene.answer in text for text in drawn.texts)


async def classify_at(
    times_s: Sequence[float],
    session: StreamlitSession,
    scene: Scene,
    pictures: Sequence[tuple[str, bytes]],
    waits: Waits,
) -> None:
    """Classify the pictures in turn, one at each time of the monotonic clock."""
    for time_s, picture in zip(times_s, itertools.cycle(pictures)):
        await asyncio.sleep(max(0, time_s - time.monotonic()))
        await classify(session, scene, picture, waits)


async def keep_training(workspace: Workspace) -> None:
    """Submit trainings without end, each with new distortions, so that none is cached."""
    for brightness in itertools.cycle(range(BRIGHTNESS_VARIANTS)):
        config = TrainConfig(workspace.cluster_photos, random_brightness=brightness)
        await asyncio.to_thread(submit_run, Access.owner(), workspace, config)
        while await asyncio.to_thread(_count_unfinished, workspace) >= MAX_UNFINISHED:
            await asyncio.sleep(0.5)


def _count_unfinished(workspace: Workspace) -> int:
    return sum(not run.state.is_over for run in list_runs(workspace))


async def measure(
    server: StreamlitServer, workspace: Workspace, scene: Scene, seconds: float
) -> Measured:
    """Measure a scene on a running server.

    Parameters
    ----------
    server : StreamlitServer
    workspace : Workspace
        The server's workspace, whose pictures the visitors upload.
    scene : Scene
    seconds : float
        How long the visitors stay.

    Returns
    -------
    Measured
    """
    files = sorted(workspace.cluster_photos.rglob("*.jpg"))
    pictures = [(path.name, path.read_bytes()) for path in files]
    waits = Waits()
    async with AsyncExitStack() as stack:
        sessions = [
            await stack.enter_async_context(visit(server.port, scene.page))
            for _ in range(scene.n_visitors)
        ]
        # The very first answer includes loading the model, which `benchmarks.pages` measures.
        # With a picture that no visitor starts with, since a page does not answer one twice.
        await classify(sessions[0], scene, pictures[-1], Waits())
        training = asyncio.create_task(keep_training(workspace)) if scene.trains else None
        cpu_s, start_s = server.read_cpu_s(), time.monotonic()
        n_times = max(1, math.floor(seconds / INTERVAL_S))
        await asyncio.gather(
            *(
                classify_at(
                    [start_s + INTERVAL_S * (n + number / len(sessions)) for n in range(n_times)],
                    session,
                    scene,
                    pictures[number:] + pictures[:number],
                    waits,
                )
                for number, session in enumerate(sessions)
            )
        )
        cpu_percent = 100 * (server.read_cpu_s() - cpu_s) / (time.monotonic() - start_s)
        if training is not None:
            training.cancel()
            with suppress(asyncio.CancelledError):
                await training
    n_trained = len(list_runs(workspace)) - _count_unfinished(workspace)
    return Measured(scene, waits, server.read_peak_mb(), cpu_percent, n_trained)


def run_scene(scene: Scene, folder: Path, photos: Path, seconds: float) -> Measured:
    """Start a server with a new workspace, and measure a scene on it.

    Parameters
    ----------
    scene : Scene
    folder : Path
        Gets the workspace.
    photos : Path
        The dataset to copy into it.
    seconds : float
        How long the visitors stay.

    Returns
    -------
    Measured
    """
    click.echo(f"{scene.name} …", err=True)
    root = folder / scene.name.replace(",", "").replace(" ", "_")
    root.mkdir()
    workspace = Workspace(root)
    shutil.copytree(photos, workspace.cluster_photos)
    with run_server(scene.script, root) as server:
        server.wait_until_healthy()
        return asyncio.run(measure(server, workspace, scene, seconds))


@click.command()
@click.option("--visitors", default=25, show_default=True, help="Number of concurrent visitors.")
@click.option("--seconds", default=60.0, show_default=True, help="How long each scene lasts.")
@click.option("--training", is_flag=True, help="Also measure during trainings.")
def main(visitors: int, seconds: float, training: bool) -> None:
    """Print waiting times, memory and processor use, compared with a minimal page."""
    ours = make_scene(visitors)
    peer = Scene(
        name=f"peer, {visitors} visitors",
        script=PROJECT / "benchmarks" / "peer_page.py",
        page="",
        n_visitors=visitors,
        answer=" bytes",
        trains=False,
    )
    scenes = [make_scene(1), ours, peer]
    if training:
        scenes.append(make_scene(visitors, trains=True))
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos"
        render_demo_dataset(photos, LABELS, N_EACH, seed=0)
        load = os.getloadavg()[0]
        results = [run_scene(scene, Path(folder), photos, seconds) for scene in scenes]
    print(f"A picture every {INTERVAL_S:g} s from each visitor, for {seconds:g} s, on ", end="")
    print(f"{os.cpu_count()} cores; system load before the benchmark: {load:.1f}.\n")
    _print(results, results[2])
    for result in results:
        if result.scene.trains:
            print(f"\nTrainings finished: {result.n_trained}; one was running at any time.")


def _print(results: list[Measured], peer: Measured) -> None:
    peer_ms = np.percentile(peer.waits.rerun_ms, 95)
    rows = []
    for result in results:
        waits = result.waits
        p50_ms, p95_ms = np.percentile(waits.rerun_ms, [50, 95])
        rows.append(
            [
                result.scene.name,
                f"{len(waits.rerun_ms)}",
                f"{p50_ms:.0f}",
                f"{p95_ms:.0f}",
                f"{p95_ms / peer_ms:.1f}",
                f"{np.percentile(waits.answer_ms, 95):.0f}",
                f"{waits.n_failed}",
                f"{waits.n_late}",
                f"{result.peak_mb:.0f}",
                f"{result.cpu_percent:.0f}",
            ]
        )
    columns = ["", "reruns", "p50 ms", "p95 ms", "p95 / peer's", "with upload, p95 ms"]
    print_table([*columns, "without answer", "given up", "peak MB", "% of a core"], rows)


if __name__ == "__main__":
    main()
