"""A first-time visitor: an example, one picture, then several at once."""

from __future__ import annotations

import csv
import re

from playwright.sync_api import expect

from tests.browser.pictures import render_files, render_galaxy


def test_example_is_classified_by_the_starter_model(visit):
    visit.open()
    expect(visit.page.get_by_role("heading", name="Cluster Lab")).to_be_visible()
    visit.shoot("home")
    visit.click("home_try")
    expect(visit.page.get_by_role("heading", name="Classify")).to_be_visible()
    expect(visit.page.get_by_text("A simulated sky: a globular cluster")).to_be_visible()
    expect(
        visit.page.get_by_text(re.compile(r"globular cluster, \d+%|over 99%")).first
    ).to_be_visible()
    assert "model=starter" in visit.page.url
    visit.assert_sound()
    visit.shoot("classify-example")


def test_page_requests_only_its_own_server(visit):
    requested = []
    visit.page.on("request", lambda request: requested.append(request.url))
    visit.open()
    visit.go("Classify")
    own = (visit.server.url, visit.server.url.replace("http", "ws"), "data:", "blob:")
    assert [url for url in requested if not url.startswith(own)] == []


def test_one_picture_gets_a_full_answer(visit, tmp_path):
    visit.open("classify")
    (picture,) = render_files(tmp_path, 1)
    visit.upload("pictures", picture)
    expect(visit.page.get_by_text(re.compile("Most likely|Almost certainly"))).to_be_visible()
    visit.settle()
    visit.assert_sound()
    visit.shoot("classify")
    visit.upload("pictures", render_galaxy(tmp_path / "galaxy.jpg"))
    expect(visit.page.get_by_role("heading", name="None of these")).to_be_visible()
    expect(visit.page.get_by_text("it most resembles")).to_be_visible()
    visit.settle()
    visit.assert_sound()
    visit.shoot("classify-none")


def test_several_pictures_can_be_downloaded_as_csv(visit, tmp_path):
    visit.open("classify")
    pictures = render_files(tmp_path / "sky", 24)
    broken = tmp_path / "page.jpg"
    broken.write_text("<html>no picture")
    visit.upload("pictures", *pictures, broken)
    button = visit.page.locator(".st-key-download_csv button")
    expect(visit.page.get_by_text("24 pictures classified")).to_be_visible()
    visit.settle()
    visit.shoot("classify-many")
    with visit.page.expect_download() as download:
        button.click()
    with open(download.value.path(), newline="", encoding="utf-8-sig") as stream:  # noqa: PTH123
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(pictures) + 1
    answered = [row for row in rows if row["label"]]
    assert len(answered) == len(pictures)
    (problem,) = [row["problem"] for row in rows if row["problem"]]
    assert "page.jpg" in problem
    visit.assert_sound()


def test_link_to_a_missing_model_shows_a_warning(visit):
    visit.open("classify?model=20200101-000000-000000-sky")
    expect(visit.page.get_by_text("There is no model")).to_be_visible()
    expect(visit.page.get_by_text("Drop one or more pictures here").first).to_be_visible()
    visit.assert_sound()
