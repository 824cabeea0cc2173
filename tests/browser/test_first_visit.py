"""Somebody who was sent a link: an example, a picture, then many at once."""

from __future__ import annotations

import csv
import re

from playwright.sync_api import expect

from tests.browser.pictures import render_files


def test_an_example_is_answered_by_the_starter_model(visit):
    visit.open()
    expect(visit.page.get_by_role("heading", name="Cluster Lab")).to_be_visible()
    visit.shoot("home")
    visit.click("home_try")
    expect(visit.page.get_by_role("heading", name="Classify")).to_be_visible()
    expect(visit.page.get_by_text("A simulated sky: a globular cluster")).to_be_visible()
    expect(
        visit.page.get_by_text(re.compile(r"globular cluster, \d+ %|over 99 %")).first
    ).to_be_visible()
    assert "model=starter" in visit.page.url
    visit.assert_sound()
    visit.shoot("classify-example")


def test_no_server_but_ours_is_asked(visit):
    asked = []
    visit.page.on("request", lambda request: asked.append(request.url))
    visit.open()
    visit.go("Classify")
    ours = (visit.server.url, visit.server.url.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(ours)] == []


def test_one_picture_is_answered_in_full(visit, tmp_path):
    visit.open("classify")
    (picture,) = render_files(tmp_path, 1)
    visit.upload("pictures", picture)
    expect(visit.page.get_by_text(re.compile("Most likely|Almost certainly"))).to_be_visible()
    visit.settle()
    visit.assert_sound()
    visit.shoot("classify")


def test_many_pictures_go_home_as_a_table(visit, tmp_path):
    visit.open("classify")
    pictures = render_files(tmp_path / "sky", 24)
    broken = tmp_path / "page.jpg"
    broken.write_text("<html>no picture")
    visit.upload("pictures", *pictures, broken)
    button = visit.page.locator(".st-key-download_csv button")
    expect(button).to_be_visible()
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


def test_a_link_to_a_model_that_is_gone_says_so_and_goes_on(visit):
    visit.open("classify?model=20200101-000000-000000-sky")
    expect(visit.page.get_by_text("There is no model")).to_be_visible()
    expect(visit.page.get_by_text("Drop pictures here").first).to_be_visible()
    visit.assert_sound()
