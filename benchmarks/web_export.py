"""`python -m benchmarks.web_export`: a model's web page in Chromium, compared with Python."""

from __future__ import annotations

import gzip
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
from playwright.sync_api import Browser, sync_playwright

from benchmarks.tables import print_table
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.export.web import PageText, export_web
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.workspace import Workspace
from tests.browser.conftest import BROWSERS
from tests.browser.file_kinds import write_files
from tests.browser.static_page import PageAnswer, classify_in_page, open_page, serve_folder

N_TIMED = 20


@dataclass(frozen=True)
class Difference:
    """How the answers for one file differ."""

    name: str
    same_label: bool
    same_verdict: bool
    score: float
    novelty: float


@click.command()
@click.argument("model", type=click.Path(path_type=Path), default=ASSETS / STARTER)
@click.option("--files", default=100, show_default=True, help="Number of files.")
@click.option("--each", is_flag=True, help="Print a line for each file.")
def main(model: Path, files: int, each: bool) -> None:
    """Compare the answers of the page of MODEL, a model's folder, with those of Python."""
    bundle, workspace = load_bundle(model), Workspace.default()
    executable = next(filter(None, map(shutil.which, BROWSERS)))
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        export_web(bundle, workspace, folder / "site" / "model", PageText("A model"))
        paths = write_files(folder / "files", files)
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        with serve_folder(folder / "site") as url:
            first_s, picture_ms = _measure_times(browser, f"{url}/model/", paths[0])
            page = browser.new_page()
            open_page(page, f"{url}/model/")
            answers = classify_in_page(page, paths)
        browser.close()
        expected = _classify(bundle, workspace, paths)
        differences = [
            _compare(path.name, bundle, prediction, answer)
            for path, prediction, answer in zip(paths, expected, answers, strict=True)
        ]
        if each:
            for found in differences:
                print(f"{found.score:9.6f} {found.novelty:9.6f} {found.same_label} {found.name}")
        size_mb = _measure_download(folder / "site" / "model")
    scores = [found.score for found in differences]
    print_table(
        ("figure", "measured"),
        [
            ("files", f"{len(paths)}"),
            ("same label", f"{sum(found.same_label for found in differences)}"),
            ("same verdict", f"{sum(found.same_verdict for found in differences)}"),
            ("largest difference of a score", f"{max(scores):.5f}"),
            ("median difference of a score", f"{statistics.median(scores):.6f}"),
            ("largest difference of novelty", f"{max(d.novelty for d in differences):.5f}"),
            ("download, gzipped", f"{size_mb:.2f} MB"),
            ("first answer after opening", f"{first_s:.2f} s"),
            ("then, a picture", f"{picture_ms:.0f} ms"),
            ("of these, a view", f"{picture_ms / len(bundle.view_list):.0f} ms"),
        ],
    )


def _measure_times(browser: Browser, url: str, path: Path) -> tuple[float, float]:
    """Return the seconds from opening to the first answer, and milliseconds for each after."""
    context = browser.new_context()
    page = context.new_page()
    started_s = time.perf_counter()
    page.goto(url)
    classify_in_page(page, [path])
    first_s = time.perf_counter() - started_s
    started_s = time.perf_counter()
    classify_in_page(page, [path] * N_TIMED)
    picture_ms = 1000 * (time.perf_counter() - started_s) / N_TIMED
    context.close()
    return first_s, picture_ms


def _classify(bundle: ModelBundle, workspace: Workspace, paths: list[Path]) -> list[Prediction]:
    predictor = Predictor(bundle, workspace)
    return [predictor.predict_file(path.read_bytes(), path.name) for path in paths]


def _compare(
    name: str, bundle: ModelBundle, expected: Prediction, answer: PageAnswer
) -> Difference:
    scores = [expected.scores[label] for label in bundle.labels]
    found = answer.scores or (float("nan"),) * len(scores)
    return Difference(
        name,
        answer.label == expected.label,
        answer.verdict == expected.verdict.value,
        max(abs(a - b) for a, b in zip(scores, found, strict=True)),
        abs((expected.novelty or 0.0) - (answer.novelty or 0.0)),
    )


def _measure_download(folder: Path) -> float:
    """Return the size of all files as a server that packs them sends them, in MB."""
    contents = (path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return sum(min(len(content), len(gzip.compress(content))) for content in contents) / 1e6


if __name__ == "__main__":
    main()
