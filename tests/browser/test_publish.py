"""From a model to a link that a visitor opens on a phone, without the app."""

from __future__ import annotations

from playwright.sync_api import ViewportSize, expect

from tests.browser.conftest import shoot_page
from tests.browser.pictures import render_files
from tests.browser.static_page import classify_in_page

PHONE = ViewportSize(width=390, height=844)


def test_publish_open_the_link_on_a_phone_and_unpublish(visit, browser, tmp_path):
    visit.open("models?model=starter")
    visit.click("publish")
    visit.page.get_by_label("Title").fill("Which star cluster?")
    visit.page.get_by_label("Title").press("Tab")
    visit.page.get_by_test_id("stRadioGroup").get_by_text("A simulated sky").click()
    visit.settle()
    visit.click("confirm_publish")
    expect(visit.page.get_by_text('Published "Which star cluster?"')).to_be_visible()
    visit.page.get_by_text("QR code", exact=True).click()
    visit.page.locator(".st-key-published_which-star-cluster").scroll_into_view_if_needed()
    visit.shoot("published")
    visit.assert_sound()

    link = f"{visit.server.url}/m/which-star-cluster/"
    opened = visit.page.get_by_role("link", name="Open", exact=True)
    expect(opened).to_have_attribute("href", link)

    phone = browser.new_context(viewport=PHONE)
    page = phone.new_page()
    page.goto(f"{visit.server.url}/m/")
    page.get_by_role("link", name="Which star cluster?").click()
    page.wait_for_selector("html[data-ready]")
    assert page.url == link
    expect(page).to_have_title("Which star cluster?")
    (picture,) = render_files(tmp_path, 1)
    (answer,) = classify_in_page(page, [picture])
    assert answer.label in ("globular clusters", "open clusters")
    page.locator(".answer").scroll_into_view_if_needed()
    shoot_page(page, "published-phone")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    visit.click("unpublish_which-star-cluster")
    visit.click("confirm_unpublish")
    expect(visit.page.get_by_text("Deleted the page")).to_be_visible()
    assert phone.request.get(link).status == 404
    page.goto(link)  # the copy that works offline, which now ends
    expect(page.get_by_text("There is nothing at this link")).to_be_visible()
    assert page.evaluate("caches.keys()") == []
    phone.close()
