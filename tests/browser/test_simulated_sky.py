"""A visitor without pictures: a simulated dataset, a training, its result, an answer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import TRAINING_MS, serve


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An app of its own, whose worker may be busy until the end."""
    with serve(tmp_path_factory.mktemp("server")) as app:
        yield app


def test_simulated_dataset_is_trained_evaluated_and_used(visit):
    visit.open()
    visit.click("home_simulated_sky")
    expect(visit.page.get_by_role("heading", name="Hyperparameters")).to_be_visible(timeout=60_000)
    assert "dataset=simulated_sky" in visit.page.url
    expect(visit.page.locator(".st-key-train button")).to_be_enabled()
    visit.shoot("hyperparameters")
    visit.click("train")
    expect(visit.page.get_by_role("heading", name="Training", exact=True)).to_be_visible()
    assert "run=" in visit.page.url
    address = visit.page.url
    expect(visit.page.get_by_text(re.compile(r"\d+ of \d+ correct \("))).to_be_visible(
        timeout=TRAINING_MS
    )
    visit.settle()
    visit.shoot("training")
    visit.assert_sound()

    # The link works in a new session too.
    visit.page.goto(address)
    expect(visit.page.get_by_text(re.compile(r"\d+ of \d+ correct \("))).to_be_visible()

    visit.click("to_evaluation")
    expect(visit.page.get_by_role("heading", name="Evaluation")).to_be_visible()
    expect(visit.page.get_by_text("Each class")).to_be_visible()
    visit.settle()
    visit.shoot("evaluation")
    visit.go("Models")
    expect(visit.page.get_by_text("simulated_sky, sky").first).to_be_visible()
    visit.shoot("models")
    visit.go("Dataset")
    expect(visit.page.get_by_text("80 pictures")).to_be_visible()
    visit.shoot("dataset")
    visit.go("Training")
    visit.click("to_classify")
    expect(visit.page.get_by_role("heading", name="Classify")).to_be_visible()
    assert "-sky" in visit.page.url
    visit.click("example")
    expect(visit.page.get_by_text("A simulated sky: a globular cluster")).to_be_visible()
    visit.assert_sound()


def test_back_button_returns_to_the_previous_page(visit):
    visit.open("?dataset=simulated_sky")
    titles = ["Dataset", "Hyperparameters", "Training", "Evaluation", "Classify", "Models"]
    # In the second round every page already has a selection, as in all later ones.
    for title in [*titles, *titles]:
        visit.go(title)
        expect(visit.page.get_by_role("heading", level=1, name=title)).to_be_visible()
        expect(visit.page).to_have_url(re.compile(rf"/{title.lower()}\?dataset=simulated_sky"))
        visit.settle()
    for title in reversed(titles[:-1]):
        visit.page.go_back()
        expect(visit.page.get_by_role("heading", level=1, name=title)).to_be_visible()
        visit.settle()
    visit.assert_sound()


def test_changed_setting_redraws_the_preview(visit):
    visit.open("hyperparameters?dataset=simulated_sky")
    preview = visit.page.get_by_text("Preview with these settings")
    expect(preview).to_be_visible(timeout=TRAINING_MS)
    before = preview.inner_text()
    visit.click("preset_quick")
    expect(visit.page.get_by_text(before)).not_to_be_visible()
    expect(preview).to_be_visible(timeout=TRAINING_MS)
    visit.assert_sound()
