"""A teacher with a camera: record three classes, train on them, and watch the answers."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import expect

from cluster_core.access.modes import PUBLIC_VARIABLE
from cluster_core.server.hosts import HOSTS_VARIABLE
from tests.browser.conftest import BROWSERS, DESKTOP, PATIENCE_MS, TRAINING_MS, Visit, serve

SCENES = {"mugs": "#c33", "pens": "#3c3", "cups": "#33c"}
RECORDING_MS = 1200
# Chromium's own camera shows the same picture to everybody. This draws something on its frames.
DRAW_SCENE = """
const drawImage = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (source, ...place) {
  drawImage.call(this, source, ...place);
  if (source instanceof HTMLVideoElement) {
    this.fillStyle = window.scene;
    this.fillRect(200 * Math.random(), 150 * Math.random(), 400, 300);
  }
};
"""
HIDE_TAB = """() => {
  Object.defineProperty(document, "hidden", { value: true, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
  delete document.hidden;
}"""
LOSE_CHOSEN_CAMERA = """() => {
  const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (wish) =>
    wish.video.facingMode === "environment"
      ? get(wish)
      : Promise.reject(new DOMException("It was pulled out.", "OverconstrainedError"));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An app of its own, whose worker may be busy until the end."""
    with serve(tmp_path_factory.mktemp("server")) as app:
        yield app


@pytest.fixture(scope="module")
def camera_browser(browser):
    """Launch a browser with two cameras, which may be used without asking."""
    arguments = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream=device-count=2",
        "--host-resolver-rules=MAP lab.test 127.0.0.1",
    ]
    chromium = browser.browser_type.launch(
        executable_path=next(filter(None, map(shutil.which, BROWSERS))), args=arguments
    )
    yield chromium
    chromium.close()


@pytest.fixture
def visit(camera_browser, server):
    context = camera_browser.new_context(viewport=DESKTOP)
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield Visit(context.new_page(), server)
    context.close()


def switch_on(visit: Visit, key: str) -> None:
    visit.page.locator(f".st-key-{key} label").first.click()
    visit.settle()


def open_camera(visit: Visit) -> None:
    visit.open("dataset")
    add = visit.page.get_by_text("Add pictures", exact=True)
    if add.count():  # a dataset that has pictures shows them first
        add.first.click()
        visit.settle()
    visit.page.locator(".st-key-source").get_by_text("Camera").click()
    visit.settle()


def name_class(visit: Visit, name: str) -> None:
    field = visit.page.get_by_role("combobox", name="Class of these pictures")
    field.click()
    field.fill(name)
    field.press("Enter")


def record(visit: Visit, name: str) -> int:
    """Hold the button for a moment; return how many frames the counter showed."""
    visit.page.evaluate(f"window.scene = '{SCENES[name]}'")
    visit.page.get_by_role("button", name=f"Hold to record {name}").hover()
    visit.page.mouse.down()
    visit.page.wait_for_timeout(RECORDING_MS)
    count = int(visit.page.locator(".count").inner_text())
    visit.page.mouse.up()
    expect(visit.page.locator(".status")).to_contain_text(re.compile(rf"Added \d+ to {name}"))
    return count


def test_three_classes_are_recorded_trained_and_recognised(visit):
    visit.page.add_init_script(DRAW_SCENE)
    open_camera(visit)
    name_class(visit, "mugs")
    switch_on(visit, "camera_on")
    for name in SCENES:
        name_class(visit, name)
        assert record(visit, name) >= 5
    visit.assert_sound()
    visit.click("to_hyperparameters")
    visit.click("preset_quick")
    visit.settle()
    visit.click("train")
    expect(visit.page.get_by_text("Trained for")).to_be_visible(timeout=TRAINING_MS)
    visit.go("Classify")
    switch_on(visit, "live_on")
    for name in reversed(SCENES):
        visit.page.evaluate(f"window.scene = '{SCENES[name]}'")
        expect(visit.page.locator(".words")).to_contain_text(name)
    visit.page.get_by_role("button", name="Switch camera").click()
    expect(visit.page.locator(".speed")).to_contain_text("answers per second")
    visit.click("keep_live")
    expect(visit.page.get_by_text("1 picture classified")).to_be_visible()
    visit.assert_sound()


def test_hidden_tab_ends_a_recording_and_a_lost_camera_leaves_the_way_to_others(visit):
    page = visit.page
    open_camera(visit)
    name_class(visit, "mugs")
    switch_on(visit, "camera_on")
    page.get_by_role("button", name="Hold to record mugs").hover()
    page.mouse.down()
    expect(page.locator(".count")).to_be_visible()
    page.evaluate(HIDE_TAB)
    expect(page.locator(".status")).to_contain_text(re.compile(r"Added \d+ to mugs"))
    page.mouse.up()
    page.evaluate(LOSE_CHOSEN_CAMERA)
    page.get_by_role("button", name="Switch camera").click()
    expect(page.get_by_text("That camera is no longer there")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Hold to record mugs")).to_be_visible()


def test_insecure_address_is_explained(visit, tmp_path):
    with serve(tmp_path, **{PUBLIC_VARIABLE: "1", HOSTS_VARIABLE: "lab.test"}) as demo:
        visit.page.goto(demo.url.replace("localhost", "lab.test"))
        visit.settle()
        switch_on(visit, "live_on")
        expect(visit.page.get_by_role("alert")).to_contain_text("https or is localhost")
