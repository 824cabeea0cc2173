"""Somebody without pictures: a simulated sky, a training, its result, an answer."""

from __future__ import annotations

import re

from playwright.sync_api import expect


def test_from_nothing_to_a_model_of_ones_own(visit):
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
        timeout=90_000
    )
    visit.settle()
    visit.shoot("training")
    visit.assert_sound()

    # A link brings it back, in a tab that knows nothing.
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


def test_back_leads_to_the_page_before(visit):
    visit.open("?dataset=simulated_sky")
    titles = ["Dataset", "Hyperparameters", "Training", "Evaluation", "Classify", "Models"]
    # The second round knows what is chosen on each page, as every further one does.
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


def test_a_slider_redraws_the_curve_at_once(visit):
    visit.open("hyperparameters?dataset=simulated_sky")
    trial = visit.page.get_by_text("A trial with these settings")
    expect(trial).to_be_visible()
    before = trial.inner_text()
    visit.click("preset_quick")
    expect(visit.page.get_by_text(before)).not_to_be_visible()
    expect(trial).to_be_visible()
    visit.assert_sound()
