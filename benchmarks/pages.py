"""`python -m benchmarks.pages`: how long a person waits, in a real browser (needs Chromium)."""

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
PATIENCE_MS = 120_000.0
PAGES = ("Dataset", "Hyperparameters", "Training", "Evaluation", "Classify", "Models")
N_RERUNS = 20
# A new server's worker loads TensorFlow meanwhile.
WARM_UP_S = 20
JPEG_SIDE_PX = 1200
JPEG_BYTES = 1_000_000
_SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"]'
_ANSWER = '[data-testid="stProgress"]'
# Switch the line for pasting on or off; return the milliseconds until it came or went, the script
# has run, and the page has been drawn.
_SWITCH_AND_WAIT = """
() => new Promise((resolve) => {
  const app = document.querySelector('[data-testid="stApp"]');
  const isThere = () => document.querySelector('.st-key-paste') !== null;
  const before = isThere();
  const observer = new MutationObserver(() => {
    if (isThere() !== before && app.getAttribute('data-test-script-state') === 'notRunning') {
      observer.disconnect();
      resolve(performance.now() - begin);
    }
  });
  observer.observe(app, { attributes: true, childList: true, subtree: true });
  const begin = performance.now();
  document.querySelector('.st-key-paste_on input').click();
})
"""


def make_jpeg(seed: int) -> bytes:
    """Render a JPEG of about a megabyte: noise that is coarse enough for it."""
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
    """Come as somebody who was never here, and wait until the page is drawn."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("h1")
    page.wait_for_selector(_SETTLED, state="attached")
    yield page
    context.close()


def measure_start(browser: Browser, workspace: Path) -> float:
    """Return the seconds from the command to a Home that can be clicked on."""
    begin_s = time.perf_counter()
    with run_server(PROJECT / "app.py", workspace) as server:
        server.wait_until_healthy()
        with open_page(browser, server.url) as page:
            page.click(".st-key-home_try button", trial=True)
            return time.perf_counter() - begin_s


def measure_changes(browser: Browser, server: StreamlitServer) -> list[float]:
    """Return the seconds from one page to the next, each page seen once before."""
    seconds = []
    with open_page(browser, server.url) as page:
        for number, title in enumerate((*PAGES, *PAGES)):
            begin_s = time.perf_counter()
            page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()
            page.get_by_role("heading", level=1, name=title).wait_for()
            page.wait_for_selector(_SETTLED, state="attached")
            if number >= len(PAGES):
                seconds.append(time.perf_counter() - begin_s)
            page.wait_for_timeout(300)
    return seconds


def upload(page: Page, picture: bytes) -> float:
    """Upload a picture on Classify; return the seconds to the answer."""
    begin_s = time.perf_counter()
    file = FilePayload(name="picture.jpg", mimeType="image/jpeg", buffer=picture)
    page.locator(".st-key-pictures input[type=file]").set_input_files(file)
    page.wait_for_selector(_ANSWER)
    return time.perf_counter() - begin_s


def measure_uploads(browser: Browser, server: StreamlitServer, rounds: int) -> list[float]:
    """Return the seconds from a file to its answer, the first with the model not loaded yet."""
    seconds = []
    for seed in range(rounds + 1):
        with open_page(browser, f"{server.url}/classify") as page:
            seconds.append(upload(page, make_jpeg(seed)))
    return seconds


def measure_reruns(browser: Browser, server: StreamlitServer) -> list[float]:
    """Return the seconds that clicks take on Classify with a picture uploaded."""
    with open_page(browser, f"{server.url}/classify") as page:
        upload(page, make_jpeg(seed=0))
        page.wait_for_selector(_SETTLED, state="attached")
        seconds = []
        for _ in range(N_RERUNS):
            seconds.append(page.evaluate(_SWITCH_AND_WAIT) / 1000)
            page.wait_for_timeout(200)
        return seconds


def measure_training(browser: Browser, server: StreamlitServer, rounds: int) -> list[float]:
    """Return the seconds from a click on Train to the result, the first without bottlenecks."""
    seconds = []
    with open_page(browser, f"{server.url}/hyperparameters?dataset=cluster") as page:
        for _ in range(rounds + 1):
            page.click(".st-key-preset_quick button")
            # The preview is drawn by then, and the worker has time.
            page.wait_for_timeout(3000)
            page.wait_for_selector(_SETTLED, state="attached")
            begin_s = time.perf_counter()
            page.click(".st-key-train button")
            page.wait_for_selector(".st-key-to_classify button")
            seconds.append(time.perf_counter() - begin_s)
            page.goto(f"{server.url}/hyperparameters?dataset=cluster")
    return seconds


@click.command()
@click.option("--rounds", default=5, show_default=True, help="Starts, uploads and trainings.")
def main(rounds: int) -> None:
    """Print how long starts, page changes, clicks, uploads and trainings take."""
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        sys.exit("There is no Chromium on this machine: install it first.")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        workspace = Workspace(Path(folder) / "workspace")
        render_demo_dataset(workspace.cluster_photos, LABELS, N_EACH, seed=0)
        begin = [measure_start(browser, workspace.root) for _ in range(rounds)]
        with run_server(PROJECT / "app.py", workspace.root) as server:
            server.wait_until_healthy()
            time.sleep(WARM_UP_S)
            uploads = measure_uploads(browser, server, rounds)
            reruns = measure_reruns(browser, server)
            changes = measure_changes(browser, server)
            trainings = measure_training(browser, server, rounds)
            peak_mb = server.read_peak_mb()
        browser.close()
    print(f"{os.cpu_count()} cores, {load:.1f} programs were waiting for them before.\n")
    _print(
        [
            ("start to an interactive Home", begin, 4),
            ("from page to page", changes, 0.5),
            ("click on Classify, picture uploaded", reruns, 0.15),
            ("JPEG of 1 MB to its answer", uploads[1:], 0.7),
            ("the same, model not loaded yet", uploads[:1], None),
            ("Train to result, 500 steps, 154 pictures", trainings[1:], 3),
            ("the same, no bottlenecks yet", trainings[:1], None),
        ]
    )
    print(f"\nThe server's process held {peak_mb:.0f} MB at most.")


def _print(rows: list[tuple[str, list[float], float | None]]) -> None:
    def write(seconds: list[float], choose: Callable[[list[float]], float]) -> str:
        return f"{choose(seconds):.2f}"

    print_table(
        ["seconds", "median", "fastest", "slowest", "times", "to reach"],
        [
            [
                name,
                *(write(seconds, choose) for choose in (statistics.median, min, max)),
                f"{len(seconds)}",
                "" if limit is None else f"{limit:g}",
            ]
            for name, seconds, limit in rows
        ],
    )


if __name__ == "__main__":
    main()
