"""An API key from the Models page to an answer, and the page of the API's description."""

from __future__ import annotations

import json
import urllib.request

from playwright.sync_api import expect

from tests.browser.conftest import shoot_page
from tests.samples import draw_blob, save_picture


def test_key_from_models_labels_a_picture(visit, tmp_path):
    visit.open("models?model=starter")
    page = visit.page
    page.get_by_text("Use it from other programs").click()
    page.get_by_text("API keys", exact=True).click()
    page.get_by_placeholder("Who or what will use it").fill("telescope in the dome")
    visit.click("make_key")
    secret = page.locator(".st-key-new_api_key code").inner_text().strip()
    expect(page.get_by_text("telescope in the dome")).to_be_visible()
    program = page.locator("code").filter(has_text="files=@picture.jpg").inner_text()
    address = program.split()[1]
    assert address == f"{visit.server.url}/api/v1/models/starter/classify"
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "image/png"}
    picture = save_picture(tmp_path / "a.png", draw_blob(1)).read_bytes()
    request = urllib.request.Request(address, picture, headers)
    with urllib.request.urlopen(request) as response:
        (answer,) = json.load(response)["answers"]
    assert answer["label"]
    visit.assert_sound()


def test_description_can_be_tried_and_asks_nobody_else(visit, tmp_path):
    asked: set[str] = set()
    visit.page.on("request", lambda request: asked.add(request.url))
    visit.page.goto(f"{visit.server.url}/api/v1/docs#post-/models/-id-/classify")
    page = visit.page
    page.locator("input[data-pname=id]").last.fill("starter")
    picture = save_picture(tmp_path / "a.png", draw_blob(1))
    page.locator("input[type=file]").last.set_input_files(str(picture))
    page.get_by_role("button", name="TRY").last.click()
    expect(page.get_by_text("Response Status: OK:200")).to_be_visible()
    assert {url for url in asked if not url.startswith((visit.server.url, "data:"))} == set()
    shoot_page(page, "api")
