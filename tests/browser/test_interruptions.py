"""Trainings and uploads survive a closed tab, and trainings a killed server."""

from __future__ import annotations

import re
import signal

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PATIENCE_MS, TRAINING_MS, TRAINING_STEPS, Visit, serve
from tests.browser.pictures import render_files
from tests.samples import write_photos

RESULT = re.compile(r"\d+ of \d+ correct \(")


@pytest.fixture
def new_tab(browser):
    """Open a tab with a new session, on any server."""
    contexts = []

    def open_tab(server) -> Visit:
        contexts.append(browser.new_context(viewport=DESKTOP))
        contexts[-1].set_default_timeout(PATIENCE_MS)
        return Visit(contexts[-1].new_page(), server)

    yield open_tab
    for context in contexts:
        context.close()


def start_long_training(visit: Visit) -> str:
    """Start a training that takes a while, and return the address of its page."""
    visit.open("hyperparameters?dataset=blob")
    visit.set_long_training()
    visit.click("train")
    visit.page.wait_for_url(re.compile("/training"))
    expect(visit.page.get_by_text(TRAINING_STEPS)).to_be_visible(timeout=TRAINING_MS)
    return visit.page.url


def test_training_survives_a_closed_tab_and_a_killed_server(new_tab, tmp_path):
    with serve(tmp_path) as server:
        write_photos(server.workspace.root / "blob_photos", 12)
        tab = new_tab(server)
        address = start_long_training(tab)
        tab.page.close()

        again = new_tab(server)
        again.page.goto(address)
        expect(again.page.get_by_text(TRAINING_STEPS)).to_be_visible()
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()

    query = address.split("/training", maxsplit=1)[1]
    with serve(tmp_path) as server:
        later = new_tab(server)
        later.open(f"training{query}")
        expect(later.page.get_by_text(TRAINING_STEPS)).to_be_visible(timeout=TRAINING_MS)
        later.click("stop")
        later.click("stop_keep")
        expect(later.page.get_by_text(RESULT).first).to_be_visible(timeout=TRAINING_MS)
        later.assert_sound()


def test_upload_from_a_closed_tab_leaves_only_complete_pictures(new_tab, tmp_path):
    pictures = render_files(tmp_path / "sky", 120)
    for path in pictures:  # large, so that the progress is visible even on a fast machine
        Image.open(path).resize((1600, 1600)).save(path, quality=90)
    with serve(tmp_path) as server:
        tab = new_tab(server)
        tab.open("dataset")
        field = tab.page.locator("[class*=st-key-upload_class_] input").first
        field.fill("stars")
        field.press("Enter")
        tab.settle()
        files = tab.page.locator("[class*=st-key-upload_files] input[type=file]")
        files.set_input_files([str(path) for path in pictures])
        expect(tab.page.get_by_text("Adding pictures")).to_be_visible()
        tab.page.close()

        again = new_tab(server)
        again.open("dataset")
        expect(again.page.get_by_text(re.compile(r"\d+ pictures? in 1 class"))).to_be_visible()
        again.assert_sound()
        folder = server.workspace.root / "pictures_photos" / "stars"
        contents = {path.read_bytes() for path in pictures}
        stored = list(folder.iterdir())
        assert stored
        assert all(path.read_bytes() in contents for path in stored)
