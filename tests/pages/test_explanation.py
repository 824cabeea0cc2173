"""The reasons for an answer on Classify: the heat map and similar training pictures."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cluster_core.access import Access
from cluster_core.model.bundle.folder import list_bundle_folders
from cluster_core.model.bundle.untrusted_files import MANIFEST
from cluster_core.workspace import Workspace
from pages.components.classify import explanation
from tests.pages.test_classify import all_text, give, make_picture, open_page, to_png


@pytest.fixture
def dataset(trained, photos):
    """The pictures that the trained model learned from, as a dataset of the workspace."""
    (folder,) = list_bundle_folders(trained.bundles)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["dataset"]["image_dir"] = "colours_photos"
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return shutil.copytree(photos, trained.root / "colours_photos")


def explain(label: str = "red stars"):
    page = give(open_page(), ("a.png", make_picture(label)))
    assert "Most similar" not in all_text(page)  # it takes time, so only when asked
    page.toggle(key="why").set_value(True).run()
    assert not page.exception
    return page


def test_heat_map_and_similar_pictures_are_shown_on_request(dataset):
    page = explain()
    text = all_text(page)
    assert "parts speak for red stars" in text
    assert "If the answer is wrong, look at **field" in text
    assert "dataset has changed" not in text
    page.selectbox(key="why_label").set_value("blue stars").run()
    assert "parts speak for blue stars" in all_text(page)


def test_changed_dataset_is_mentioned(dataset):
    next((dataset / "red stars").iterdir()).unlink()
    assert "The dataset has changed since the training" in all_text(explain())


def test_missing_dataset_is_mentioned(trained):
    assert "The dataset that this model learned from is not here" in all_text(explain())


def test_visitor_sees_no_training_pictures(dataset, monkeypatch):
    monkeypatch.setattr(explanation, "get_access", Access.visitor)
    text = all_text(explain())
    assert "parts speak for red stars" in text
    assert "Most similar" not in text


def test_own_dataset_is_not_taken_for_that_of_a_model_of_somebody_else(
    dataset, tmp_path, monkeypatch
):
    own = Workspace(tmp_path / "own")
    shutil.copytree(dataset, own.root / dataset.name)
    monkeypatch.setattr(explanation, "get_workspace", lambda: own)
    assert "Most similar" not in all_text(explain())


def test_starter_has_a_heat_map_but_no_training_photos(workspace):
    page = explain()
    assert "This is exact" in all_text(page)
    assert "learned from a simulated sky" in all_text(page)


def test_heat_map_does_not_explain_a_rejection(workspace):
    page = give(open_page(), ("text.png", to_png(draw_text())))
    page.toggle(key="why").set_value(True).run()
    assert "None of these" in all_text(page)
    assert "not why the picture is none of these" in all_text(page)


def draw_text() -> np.ndarray:
    page = Image.new("RGB", (400, 400), "white")
    lines = "\n".join(["The quick brown fox jumps over the lazy dog."] * 24)
    ImageDraw.Draw(page).text((10, 10), lines, fill="black")
    return np.asarray(page)
