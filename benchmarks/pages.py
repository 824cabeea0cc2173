"""`python -m benchmarks.pages`: waiting times of one visitor in a browser (needs Chromium)."""

from __future__ import annotations

import io
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, sync_playwright

from benchmarks.isolated import PROJECT
from benchmarks.streamlit_server import StreamlitServer, run_server
from benchmarks.tables import print_table
from benchmarks.visitors import LABELS, N_EACH
from cluster_core.sky import render_demo_dataset
from cluster_core.workspace import Workspace

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT_MS = 120_000.0
PAGES = ("Dataset", "Hyperparameters", "Training", "Evaluation", "Classify", "Models")
N_RERUNS = 20
# Time for the worker of a new server to load TensorFlow.
WARM_UP_S = 20
JPEG_SIDE_PX = 1200
JPEG_BYTES = 1_000_000
_SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"]'
# Noise is none of the classes, so no bars are drawn.
_ANSWER = "text=Answered by"
# Toggle the chat input for pasting; return the milliseconds until it has appeared or disappeared
# and the script has finished.
_SWITCH_AND_WAIT = """
() => new Promise((resolve) => {
  const app = document.querySelector('[data-testid="stApp"]');
  const isShown = () => document.querySelector('.st-key-paste') !== null;
  const before = isShown();
  const observer = new MutationObserver(() => {
    if (isShown() !== before && app.getAttribute('data-test-script-state') === 'notRunning') {
      observer.disconnect();
      resolve(performance.now() - start);
    }
  });
  observer.observe(app, { attributes: true, childList: true, subtree: true });
  const start = performance.now();
  document.querySelector('.st-key-paste_on input').click();
})
"""


def make_jpeg(seed: int) -> bytes:
    """Return a JPEG of noise, just under one megabyte."""
    noise = np.random.default_rng(seed).integers(0, 256, (JPEG_SIDE_PX, JPEG_SIDE_PX, 3))
    picture = Image.fromarray(noise.astype(np.uint8))
    for quality in range(95, 5, -5):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        if file.tell() <= JPEG_BYTES:
            break
    return file.getvalue()


@contextmanager
def open_page(browser: Browser, url: str) -> Iterator[Page]:
    """Open a page as a new visitor, and wait until it is drawn."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("h1")
    page.wait_for_selector(_SETTLED, state="attached")
    yield page
    context.close()


def measure_start(browser: Browser, workspace: Path) -> float:
    """Return the seconds from starting the server until Home responds to clicks."""
    start_s = time.perf_counter()
    with run_server(PROJECT / "app.py", workspace) as server:
        server.wait_until_healthy()
        with open_page(browser, server.url) as page:
            page.click(".st-key-home_try button", trial=True)
            return time.perf_counter() - start_s


def measure_changes(browser: Browser, server: StreamlitServer) -> list[float]:
    """Return the seconds of each page change, on the second visit of every page."""
    seconds = []
    with open_page(browser, server.url) as page:
        for number, title in enumerate((*PAGES, *PAGES)):
            start_s = time.perf_counter()
            page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()
            page.get_by_role("heading", level=1, name=title).wait_for()
            page.wait_for_selector(_SETTLED, state="attached")
            if number >= len(PAGES):
                seconds.append(time.perf_counter() - start_s)
            page.wait_for_timeout(300)
    return seconds


def upload(page: Page, picture: bytes) -> float:
    """Upload a picture on the Classify page; return the seconds until the answer."""
    start_s = time.perf_counter()
    file = FilePayload(name="picture.jpg", mimeType="image/jpeg", buffer=picture)
    page.locator(".st-key-pictures input[type=file]").set_input_files(file)
    page.wait_for_selector(_ANSWER)
    return time.perf_counter() - start_s


def measure_uploads(browser: Browser, server: StreamlitServer, rounds: int) -> list[float]:
    """Return the seconds from uploads to answers; the first upload also loads the model."""
    seconds = []
    for seed in range(rounds + 1):
        with open_page(browser, f"{server.url}/classify") as page:
            seconds.append(upload(page, make_jpeg(seed)))
    return seconds


def measure_reruns(browser: Browser, server: StreamlitServer) -> list[float]:
    """Return the seconds that clicks take on the Classify page with an uploaded picture."""
    with open_page(browser, f"{server.url}/classify") as page:
        upload(page, make_jpeg(seed=0))
        page.wait_for_selector(_SETTLED, state="attached")
        seconds = []
        for _ in range(N_RERUNS):
            seconds.append(page.evaluate(_SWITCH_AND_WAIT) / 1000)
            page.wait_for_timeout(200)
        return seconds


def measure_training(browser: Browser, server: StreamlitServer, rounds: int) -> list[float]:
    """Return the seconds from clicking Train to the result; the first also caches features."""
    seconds = []
    with open_page(browser, f"{server.url}/hyperparameters?dataset=cluster") as page:
        for _ in range(rounds + 1):
            page.click(".st-key-preset_quick button")
            # Let the preview finish, so that the worker is idle.
            page.wait_for_timeout(3000)
            page.wait_for_selector(_SETTLED, state="attached")
            start_s = time.perf_counter()
            page.click(".st-key-train button")
            page.wait_for_selector(".st-key-to_classify button")
            seconds.append(time.perf_counter() - start_s)
            page.goto(f"{server.url}/hyperparameters?dataset=cluster")
    return seconds


@click.command()
@click.option(
    "--rounds", default=5, show_default=True, help="Number of starts, uploads and trainings."
)
def main(rounds: int) -> None:
    """Print how long starting, page changes, clicks, uploads and trainings take."""
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        sys.exit("Chromium is not installed on this machine: install it first.")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        workspace = Workspace(Path(folder) / "workspace")
        render_demo_dataset(workspace.cluster_photos, LABELS, N_EACH, seed=0)
        starts = [measure_start(browser, workspace.root) for _ in range(rounds)]
        with run_server(PROJECT / "app.py", workspace.root) as server:
            server.wait_until_healthy()
            time.sleep(WARM_UP_S)
            uploads = measure_uploads(browser, server, rounds)
            reruns = measure_reruns(browser, server)
            changes = measure_changes(browser, server)
            trainings = measure_training(browser, server, rounds)
            peak_mb = server.read_peak_mb()
        browser.close()
    print(f"{os.cpu_count()} cores; system load before the benchmark: {load:.1f}.\n")
    _print(
        [
            ("start to an interactive Home", starts, 4),
            ("from page to page", changes, 0.5),
            ("click on Classify, picture uploaded", reruns, 0.15),
            ("JPEG of 1 MB to its answer", uploads[1:], 0.7),
            ("the same, model not loaded yet", uploads[:1], None),
            ("Train to result, 500 steps, 154 pictures", trainings[1:], 3),
            ("the same, no bottlenecks yet", trainings[:1], None),
        ]
    )
    print(f"\nThe server process used at most {peak_mb:.0f} MB.")


def _print(rows: list[tuple[str, list[float], float | None]]) -> None:
    def summarise(seconds: list[float], statistic: Callable[[list[float]], float]) -> str:
        return f"{statistic(seconds):.2f}"

    print_table(
        ["seconds", "median", "fastest", "slowest", "count", "target"],
        [
            [
                name,
                *(summarise(seconds, statistic) for statistic in (statistics.median, min, max)),
                f"{len(seconds)}",
                "" if target is None else f"{target:g}",
            ]
            for name, seconds, target in rows
        ],
    )


if __name__ == "__main__":
    main()
