"""The static page of a model in Firefox: the same answers, and offline."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.export.web import PageText, export_web
from cluster_core.model.prediction.predictor import Predictor
from tests.browser.file_kinds import write_files
from tests.browser.firefox import FirefoxTab, find_firefox, run_firefox
from tests.browser.static_page import serve_folder

N_FILES = 4
READY = "document.documentElement.dataset.ready"


@pytest.mark.skipif(find_firefox() is None, reason="Firefox is not installed")
def test_firefox_answers_like_python_also_offline(workspace, tmp_path):
    bundle = load_bundle(ASSETS / STARTER)
    export_web(bundle, workspace, tmp_path / "site" / "page", PageText("Which cluster?"))
    files = write_files(tmp_path / "files", N_FILES)
    predictor = Predictor(bundle, workspace)
    expected = [predictor.predict_file(path.read_bytes(), path.name) for path in files]
    with run_firefox(find_firefox(), tmp_path / "profile") as tab:
        with serve_folder(tmp_path / "site") as url:
            tab.goto(f"{url}/page/")
            tab.wait_for(READY)
            answers = classify(tab, files)
            tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
        for prediction, answer in zip(expected, answers, strict=True):
            assert answer["label"] == prediction.label
            assert answer["verdict"] == prediction.verdict.value
            scores = [prediction.scores[label] for label in bundle.labels]
            assert answer["scores"] == pytest.approx(scores, abs=1e-3)
        tab.goto(f"{url}/page/")  # the server has stopped
        tab.wait_for(READY)
        assert classify(tab, files) == answers


def classify(tab: FirefoxTab, files: list[Path]) -> list[dict]:
    """Return what the page says about files."""
    tab.set_files("#files", files)
    tab.wait_for(f"document.querySelectorAll('.answer').length === {len(files)}")
    return tab.evaluate(
        """[...document.querySelectorAll('.answer')].map(card => ({
            ...card.dataset, scores: JSON.parse(card.dataset.scores) }))"""
    )
