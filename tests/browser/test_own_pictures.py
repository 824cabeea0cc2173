"""A visitor with their own pictures, one of them in the wrong folder."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import TRAINING_MS, TRAINING_STEPS, serve
from tests.browser.pictures import write_zip

COLOURS = {"red giants": (250, 80, 60), "blue giants": (60, 90, 250)}
RESULT = re.compile(r"(\d+) of (\d+) correct \(")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An app of its own, whose worker may be busy until the end."""
    with serve(tmp_path_factory.mktemp("server")) as app:
        yield app


def read_result(visit) -> tuple[int, int]:
    found = visit.page.get_by_text(RESULT).first
    expect(found).to_be_visible(timeout=TRAINING_MS)
    visit.settle()
    n_right, n = RESULT.search(found.inner_text()).groups()
    return int(n_right), int(n)


def test_zip_upload_stop_train_correct_label_and_retrain(visit, tmp_path):
    visit.open("dataset")
    archive = write_zip(tmp_path / "giants.zip", COLOURS, 40)
    visit.page.locator(".st-key-source").get_by_text("Zip").click()
    visit.settle()
    field = visit.page.locator("[class*=st-key-upload_zip] input[type=file]")
    field.set_input_files(str(archive))
    expect(visit.page.get_by_text(re.compile("Added 4[01] to"))).to_be_visible()
    visit.assert_sound()

    visit.go("Hyperparameters")
    visit.set_long_training()
    visit.click("train")
    expect(visit.page.get_by_text(TRAINING_STEPS)).to_be_visible()
    visit.shoot("training-live")
    visit.click("stop")
    visit.click("stop_keep")
    assert read_result(visit)[1] > 0
    expect(visit.page.get_by_text("Stopped by you after")).to_be_visible()
    visit.assert_sound()

    visit.go("Hyperparameters")
    visit.click("preset_quick")
    visit.settle()
    visit.click("train")
    expect(visit.page.get_by_text("Trained for")).to_be_visible(timeout=TRAINING_MS)
    n_right, n = read_result(visit)
    assert n_right < n
    visit.assert_sound()

    visit.click("to_evaluation")
    expect(visit.page.get_by_text("0 of 1 reviewed")).to_be_visible()
    visit.settle()
    visit.shoot("evaluation-mistake")
    visit.page.locator("[class*=st-key-move_] button").click()
    expect(visit.page.get_by_text("1 of 1 reviewed")).to_be_visible()
    visit.click("evaluation_retrain")
    expect(visit.page.get_by_role("heading", name="Training", exact=True)).to_be_visible()
    n_right_after, n_after = read_result(visit)
    assert n_right_after == n_after == n
    visit.assert_sound()
