"""On a phone: every page fits the width of the screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, serve
from tests.samples import write_photos

PHONE = {"width": 390, "height": 844}
PAGES = ("", "dataset", "hyperparameters", "training", "evaluation", "classify", "models")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """An app of its own, whose worker may be busy until the end."""
    with serve(tmp_path_factory.mktemp("server")) as app:
        yield app


@pytest.fixture
def phone(browser, server):
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True)
    yield Visit(context.new_page(), server)
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_page_fits_the_width(phone, path):
    phone.open(path)
    expect(phone.page.get_by_role("heading", level=1)).to_be_visible()
    width = phone.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert width <= PHONE["width"]
    phone.assert_sound()
    phone.shoot(f"phone-{path or 'home'}")


def test_menu_opens_other_pages(phone):
    phone.open()
    phone.page.get_by_test_id("stExpandSidebarButton").click()
    phone.page.get_by_test_id("stSidebarNav").get_by_role("link", name="Classify").click()
    expect(phone.page.get_by_role("heading", name="Classify")).to_be_visible()


def test_train_button_is_visible_without_scrolling(phone):
    write_photos(phone.server.workspace.root / "giants_photos", 4)
    phone.open("hyperparameters?dataset=giants")
    expect(phone.page.locator(".st-key-train_at_once button")).to_be_in_viewport()
    phone.click("train_at_once")
    expect(phone.page.get_by_role("heading", name="Training", exact=True)).to_be_visible()
    assert "run=" in phone.page.url
    phone.assert_sound()
