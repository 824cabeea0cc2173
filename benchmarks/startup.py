"""`python -m benchmarks.startup --before DIR`: how long this version and another take to start.

DIR is a checkout of the other version. Both run alternately, with this Python.
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
    """Return the seconds that `label_image` takes from start to exit, with the starter model."""
    begin_s = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "cluster_core.label_image", f"--image={picture}"],
        cwd=project,
        env=os.environ | {ROOT_VARIABLE: str(workspace)},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - begin_s


def measure_app(browser: Browser, project: Path, workspace: Path) -> tuple[float, float]:
    """Return the seconds from the command to an interactive Home, and from upload to answer.

    The answer is a new server's first, so it includes loading the model.
    """
    begin_s = time.perf_counter()
    with run_server(project / "app.py", workspace, project) as server:
        server.wait_until_healthy()
        with open_page(browser, server.url) as page:
            page.click(".st-key-home_try button", trial=True)
            started_s = time.perf_counter() - begin_s
        with open_page(browser, f"{server.url}/classify") as page:
            return started_s, upload(page, make_jpeg(seed=0))


@click.command()
@click.option(
    "--before",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="A checkout of the version to compare with.",
)
@click.option("--rounds", default=7, show_default=True, help="Starts of each version.")
def main(before: Path, rounds: int) -> None:
    """Print how long both versions take to start, to label a picture and to answer first."""
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        sys.exit("There is no Chromium on this machine: install it first.")
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
                start_s, answer_s = measure_app(browser, project, workspace)
                seconds["app: start to an interactive Home", name].append(start_s)
                seconds["app: first upload to its answer", name].append(answer_s)
        browser.close()
    _print(seconds)


def _print(seconds: dict[tuple[str, str], list[float]]) -> None:
    rows = []
    for what in dict.fromkeys(what for what, _ in seconds):
        then, now = (seconds[what, name] for name in ("before", "now"))
        fastest = min(now) / min(then)
        median = statistics.median(now) / statistics.median(then)
        rows.append(
            [
                what,
                *(f"{choose(then):.3f}" for choose in (statistics.median, min)),
                *(f"{choose(now):.3f}" for choose in (statistics.median, min)),
                f"{median:.2f}",
                f"{fastest:.2f}",
            ]
        )
    columns = ["seconds", "before", "fastest", "now", "fastest", "ratio", "ratio of fastest"]
    print_table(columns, rows)
    print(f"\nTo reach: a ratio of at most {MAX_SLOWDOWN}.")


if __name__ == "__main__":
    main()
