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
from benchmarks.pages import BROWSERS
from benchmarks.streamlit_server import run_server
from benchmarks.tables import print_table
from cluster_core.answers.records import KeptAnswer
from cluster_core.answers.rooms import create_room
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.workspace import Workspace
from pages.components.classify.answer_table import PAGE_ROWS

_SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"]'
_SIDE_PX = 96
TIMEOUT_MS = 30_000.0


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
        room.keep_answer(kept.number, model.manifest_sha256, answer, model.labels, file.getvalue())
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

    def turn() -> None:
        page.locator(".st-key-table_pages").get_by_text("2", exact=True).click()

    return [
        ("the whole page again", toggle),
        ("filter", lambda: choose(page, "only_marks", "not reviewed yet")),
        ("sort", lambda: choose(page, "order", "lowest score first")),
        ("next page", turn),
        ("tick all", press("tick_all")),
        ("untick all", press("tick_all")),
    ]


class Visit:
    """Measures the steps of one visit.

    Attributes
    ----------
    seconds : dict of str to float
        Until the last message of the server, by step.
    n_bytes : dict of str to int
        What the server sent, by step.
    """

    def __init__(self, page: Page) -> None:
        self._page, self._traffic = page, Traffic(page)
        self.seconds: dict[str, float] = {}
        self.n_bytes: dict[str, int] = {}

    def measure(self, name: str, act: Callable[[], None]) -> None:
        """Measure a step."""
        traffic = self._traffic
        traffic.n_bytes, start_s = 0, time.perf_counter()
        act()
        # The browser draws while it receives; a quiet second means that nothing more comes.
        while time.perf_counter() - max(traffic.last_s, start_s) < 1:
            self._page.wait_for_timeout(50)
        self.seconds[name] = traffic.last_s - start_s
        self.n_bytes[name] = traffic.n_bytes


def measure_visit(browser: Browser, address: str, n_pictures: int) -> Visit:
    """Open the page and click through the table."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    visit = Visit(page)

    def open_page() -> None:
        page.goto(address)
        page.wait_for_selector(".st-key-answer_filters")
        page.wait_for_selector(_SETTLED, state="attached")

    visit.measure("open", open_page)
    for name, act in list_steps(page):
        if name != "next page" or n_pictures > PAGE_ROWS:
            visit.measure(name, act)
    context.close()
    return visit


def summarise(visits: list[Visit]) -> list[list[str]]:
    """Return a row of the table per step."""
    rows = []
    for name in visits[0].seconds:
        seconds = [visit.seconds[name] for visit in visits]
        kilobytes = statistics.median(visit.n_bytes[name] for visit in visits) / 1000
        row = [name, f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}"]
        rows.append([*row, f"{kilobytes:,.0f}"])
    return rows


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
                address = f"{server.url}/classify?answers={room_id}"
                visits = [measure_visit(browser, address, n_pictures) for _ in range(rounds)]
                peak_mb = server.read_peak_mb()
            browser.close()
        print(f"\n{n_pictures:,} answers; the server process used at most {peak_mb:.0f} MB.")
        print_table(["step", "seconds", "slowest", "kB sent"], summarise(visits))


if __name__ == "__main__":
    main()
