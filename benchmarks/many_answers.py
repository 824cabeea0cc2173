"""`python -m benchmarks.many_answers`: clicks on a Classify page with many answers (Chromium).

The answers are put on disk beforehand, so that only the page is measured: the time from a click
until the page is drawn, and the bytes that the server sends for it, thumbnails left out.
"""

from __future__ import annotations

import io
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from benchmarks.isolated import PROJECT
from benchmarks.pages import BROWSERS, TIMEOUT_MS
from benchmarks.streamlit_server import StreamlitServer, run_server
from benchmarks.tables import print_table
from cluster_core.answers.records import KeptAnswer
from cluster_core.answers.rooms import create_room
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.workspace import Workspace

_SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"]'
_SIDE_PX = 96


def fill_room(workspace: Workspace, n_pictures: int) -> str:
    """Keep pictures with answers of the starter model; return the id of their room."""
    (model,) = list_models(workspace)
    generator = np.random.default_rng(0)
    file = io.BytesIO()
    Image.fromarray(generator.integers(0, 255, (_SIDE_PX, _SIDE_PX, 3), "uint8")).save(file, "JPEG")
    room = create_room(workspace)
    for number in range(n_pictures):
        kept = room.add_picture(f"picture {number:05}.jpg", b"%d" % number)
        if kept is None:
            sys.exit("The limits of a room are lower than that.")
        score = generator.random()
        prediction = Prediction.of(model.labels, np.array([score, 1 - score]), 0.002)
        answer = KeptAnswer(prediction, None)
        room.keep_answer(
            kept.number, model.manifest_sha256, answer, model.labels, file.getvalue()
        )
    return room.id


class Traffic:
    """Counts what the server sends through the websockets of a page, and when it ends."""

    def __init__(self, page: Page) -> None:
        self.n_bytes, self.last_s = 0, 0.0
        page.on("websocket", self._follow)

    def _follow(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._count)

    def _count(self, payload: str | bytes) -> None:
        self.n_bytes += len(payload)
        self.last_s = time.perf_counter()


def choose(page: Page, key: str, option: str) -> None:
    """Choose an option of a select box."""
    page.locator(f".st-key-{key} input").click()
    page.get_by_role("option", name=option, exact=True).click()


def list_steps(page: Page) -> list[tuple[str, Callable[[], None]]]:
    """Return what is measured, each leaving the page as it was or as the next one needs it."""

    def press(key: str) -> Callable[[], None]:
        return lambda: page.locator(f".st-key-{key} button").click()

    def toggle() -> None:
        page.locator(".st-key-paste_on label").click()

    return [
        ("the whole page again", toggle),
        ("filter", lambda: choose(page, "only_marks", "not reviewed yet")),
        ("sort", lambda: choose(page, "order", "lowest score first")),
        ("next page", press("page_next")),
        ("tick all", press("tick_all")),
        ("untick all", press("tick_all")),
    ]


def measure(browser: Browser, server: StreamlitServer, room_id: str, rounds: int) -> list[list[str]]:
    """Return a row of the table per step: seconds and kilobytes."""
    seconds: dict[str, list[float]] = {}
    n_bytes: dict[str, list[int]] = {}
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        traffic = Traffic(page)

        def record(name: str, act: Callable[[], None]) -> None:
            traffic.n_bytes, start_s = 0, time.perf_counter()
            act()
            # The browser draws while it receives; a quiet second means that nothing more comes.
            while time.perf_counter() - max(traffic.last_s, start_s) < 1:
                page.wait_for_timeout(50)
            seconds.setdefault(name, []).append(traffic.last_s - start_s)
            n_bytes.setdefault(name, []).append(traffic.n_bytes)

        def open_page() -> None:
            page.goto(f"{server.url}/classify?answers={room_id}")
            page.wait_for_selector(".st-key-answer_filters")
            page.wait_for_selector(_SETTLED, state="attached")

        record("open", open_page)
        for name, act in list_steps(page):
            if name == "next page" and not page.locator(".st-key-page_next").count():
                continue
            record(name, act)
        context.close()
    return [
        [
            name,
            f"{statistics.median(seconds[name]):.2f}",
            f"{max(seconds[name]):.2f}",
            f"{statistics.median(n_bytes[name]) / 1000:,.0f}",
        ]
        for name in seconds
    ]


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Number of visits.")
@click.option("--pictures", default=(100, 10_000), multiple=True, show_default=True)
def main(rounds: int, pictures: tuple[int, ...]) -> None:
    """Print how long clicks take and what they send, with a few and with many answers."""
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        sys.exit("Chromium is not installed on this machine: install it first.")
    print(f"{os.cpu_count()} cores; system load before the benchmark: {os.getloadavg()[0]:.1f}.")
    for n_pictures in pictures:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            workspace = Workspace(Path(folder) / "workspace")
            room_id = fill_room(workspace, n_pictures)
            with run_server(PROJECT / "app.py", workspace.root) as server:
                server.wait_until_healthy()
                rows = measure(browser, server, room_id, rounds)
                peak_mb = server.read_peak_mb()
            browser.close()
        print(f"\n{n_pictures:,} answers; the server process used at most {peak_mb:.0f} MB.")
        print_table(["step", "seconds", "slowest", "kB sent"], rows)


if __name__ == "__main__":
    main()
