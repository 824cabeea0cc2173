"""`python -m benchmarks.startup --before DIR`: start times of this version and an earlier one.

DIR is a checkout of the earlier version. Both run alternately, with this Python.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import click
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from benchmarks.isolated import PROJECT
from benchmarks.pages import BROWSERS, make_jpeg, open_page, upload
from benchmarks.streamlit_server import run_server
from benchmarks.tables import print_table
from cluster_core.workspace import ROOT_VARIABLE

MAX_SLOWDOWN = 1.05
COMMANDS_PER_ROUND = 4


def measure_label_image(project: Path, workspace: Path, picture: Path) -> float:
    """Return the seconds from start to exit of `label_image` with the starter model."""
    start_s = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "cluster_core.label_image", f"--image={picture}"],
        cwd=project,
        env=os.environ | {ROOT_VARIABLE: str(workspace)},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - start_s


def measure_app(browser: Browser, project: Path, workspace: Path) -> tuple[float, float]:
    """Time the start of the app, and its first answer, which includes loading the model.

    Parameters
    ----------
    browser : Browser
    project : Path
        Checkout of the version to measure.
    workspace : Path
        A workspace that no other server uses.

    Returns
    -------
    home_s : float
        Seconds from starting the server until Home responds to clicks.
    answer_s : float
        Seconds from the upload to the answer.
    """
    start_s = time.perf_counter()
    with run_server(project / "app.py", workspace, project) as server:
        server.wait_until_healthy()
        with open_page(browser, server.url) as page:
            page.click(".st-key-home_try button", trial=True)
            home_s = time.perf_counter() - start_s
        with open_page(browser, f"{server.url}/classify") as page:
            return home_s, upload(page, make_jpeg(seed=0))


@click.command()
@click.option(
    "--before",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="A checkout of the version to compare with.",
)
@click.option("--rounds", default=7, show_default=True, help="Number of starts of each version.")
def main(before: Path, rounds: int) -> None:
    """Print how long both versions take to start, to label a picture and to answer first."""
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        sys.exit("Chromium is not installed on this machine: install it first.")
    projects = {"before": before.resolve(), "now": PROJECT}
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        workspace = Path(folder) / "workspace"
        picture = Path(folder) / "picture.png"
        Image.new("RGB", (200, 200), "navy").save(picture)
        for _ in range(rounds):
            for name, project in projects.items():
                for _ in range(COMMANDS_PER_ROUND):
                    elapsed_s = measure_label_image(project, workspace, picture)
                    seconds["label_image", name].append(elapsed_s)
                home_s, answer_s = measure_app(browser, project, workspace)
                seconds["app: start to an interactive Home", name].append(home_s)
                seconds["app: first upload to its answer", name].append(answer_s)
        browser.close()
    _print(seconds)


def _print(seconds: dict[tuple[str, str], list[float]]) -> None:
    rows = []
    for task in dict.fromkeys(task for task, _ in seconds):
        before, now = (seconds[task, version] for version in ("before", "now"))
        fastest = min(now) / min(before)
        median = statistics.median(now) / statistics.median(before)
        rows.append(
            [
                task,
                *(f"{choose(before):.3f}" for choose in (statistics.median, min)),
                *(f"{choose(now):.3f}" for choose in (statistics.median, min)),
                f"{median:.2f}",
                f"{fastest:.2f}",
            ]
        )
    columns = ["seconds", "before", "fastest", "now", "fastest", "ratio", "ratio of fastest"]
    print_table(columns, rows)
    print(f"\nTarget: a ratio of at most {MAX_SLOWDOWN}.")


if __name__ == "__main__":
    main()
