"""An astronomer works with many mixed files: corrects, adds, sorts, and finds all again."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
from astropy.io import fits
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.pictures import render_files

_ROW_PX, _HEADER_PX, _FIRST_COLUMN_PX = 66, 36, 150
_AREA = "document.querySelector('[data-testid=stMain]')"


def write_fits(path: Path, seed: int) -> Path:
    values = np.random.default_rng(seed).gamma(1.0, 50.0, (120, 160)).astype(">f4")
    part = fits.PrimaryHDU(values)
    part.header["OBJECT"] = f"field {seed}"
    part.writeto(path)
    return path


def click_row(visit: Visit, row: int) -> None:
    table = visit.page.get_by_test_id("stDataFrame").first
    y = _HEADER_PX + _ROW_PX * row + _ROW_PX / 2
    table.click(position={"x": _FIRST_COLUMN_PX, "y": y})


def assert_keyboard_ends_scrolling(page: Page) -> None:
    page.keyboard.press("End")
    bottom_px = page.evaluate(f"{_AREA}.scrollTo(0, 1e6), {_AREA}.scrollTop")
    page.wait_for_timeout(300)
    assert page.evaluate(f"{_AREA}.scrollTop") == bottom_px


def assert_back_and_forward(visit: Visit) -> None:
    expect(visit.page.get_by_text("1 of 20", exact=True)).to_be_visible()
    visit.settle()
    visit.page.go_back()
    expect(visit.page.get_by_test_id("stDataFrame")).to_be_visible()
    visit.page.go_forward()
    expect(visit.page.get_by_text("1 of 20", exact=True)).to_be_visible()
    visit.settle()


def test_many_files_are_corrected_added_sorted_and_found_again(visit, tmp_path):
    frames = [write_fits(tmp_path / f"frame {n}.fits", n) for n in range(4)]
    pictures = [*render_files(tmp_path / "sky", 16), *frames]
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    page = visit.page
    visit.open("classify")
    visit.upload("pictures", *pictures, broken)
    expect(page.get_by_text("20 pictures classified")).to_be_visible()
    expect(page.get_by_text("broken.jpg is a damaged")).to_be_visible()
    visit.settle()

    click_row(visit, 0)
    assert_back_and_forward(visit)
    assert_keyboard_ends_scrolling(page)
    for step, key in enumerate(("2", "d", "Escape"), start=1):
        expect(page.get_by_text(f"{step} of 20", exact=True)).to_be_visible()
        visit.settle()
        page.wait_for_timeout(300)  # a quicker press would not count
        page.keyboard.press(key)
    expect(page.get_by_text("you reviewed 2")).to_be_visible()
    visit.settle()
    visit.click("tick_all")
    visit.settle()
    visit.click("bulk_right")
    expect(page.get_by_text("you reviewed 20")).to_be_visible()
    visit.settle()

    with page.expect_download() as download:
        page.get_by_role("link", name="Download sorted").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = archive.namelist()
    assert names.pop(0) == "answers.csv"
    assert f"open clusters/{pictures[0].name}" in names  # corrected
    assert f"don't know/{pictures[1].name}" in names
    assert len(names) == 20

    visit.click("add_to_dataset")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("1 of the 20 pictures is left out")).to_be_visible()
    dialog.get_by_role("combobox").fill("from the sky")
    dialog.get_by_role("combobox").press("Enter")
    visit.click("confirm_add_answers")
    expect(page.get_by_text(re.compile(r"Added \d+ to"))).to_be_visible()
    folder = visit.server.workspace.root / "from the sky_photos"
    assert (folder / "open clusters" / pictures[0].name).is_file()
    assert len(list(folder.glob("*/*"))) == 19

    visit.go("Home")
    visit.go("Classify")
    expect(page.get_by_text("20 pictures classified")).to_be_visible()
    page.reload()
    expect(page.get_by_text("you reviewed 20")).to_be_visible()
    visit.settle()
    visit.assert_sound()


def test_thousands_are_classified_while_the_page_is_left(visit, tmp_path):
    contents = [path.read_bytes() for path in render_files(tmp_path, 12)]
    with zipfile.ZipFile(tmp_path / "night.zip", "w") as archive:
        for number in range(3_000):
            archive.writestr(f"night/{number:04}.jpg", contents[number % len(contents)])
    page = visit.page
    visit.open("classify")
    visit.upload("pictures", tmp_path / "night.zip")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    visit.go("Home")
    visit.go("Classify")
    expect(page.get_by_text(re.compile(r"Classifying pictures: .* of 3,000"))).to_be_visible()
    page.get_by_test_id("stDataFrame").scroll_into_view_if_needed()
    visit.shoot("classify-thousands")
    visit.click("stop")
    expect(page.get_by_text(re.compile("Stopped: .* not classified yet"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile("Stopped: .* not classified yet"))).to_be_visible()
    visit.settle()
    visit.click("go_on")
    expect(page.get_by_text(re.compile("Classifying pictures: "))).to_be_visible()
    visit.click("clear_answers")
    visit.click("confirm_clear_answers")
    expect(page.get_by_text("Cleared all pictures and answers.")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    visit.assert_sound()


def test_refused_file_gets_a_sentence_and_no_older_answer_below(visit, tmp_path):
    page = visit.page
    visit.open("classify")
    picture, *more = render_files(tmp_path, 6)
    visit.upload("pictures", picture)
    expect(page.get_by_text(re.compile("Most likely|Perhaps|Hard to tell"))).to_be_visible()
    visit.settle()
    visit.upload("pictures", picture)
    expect(page.get_by_text("is in the table already")).to_be_visible()
    visit.settle()
    notes = tmp_path / "notes.txt"
    notes.write_text("no picture")
    visit.upload("pictures", notes)
    expect(page.get_by_text("notes.txt was not added")).to_be_visible()
    expect(page.get_by_text(re.compile("Most likely|Perhaps|Hard to tell"))).to_have_count(0)
    expect(page.get_by_text("is in the table already")).to_have_count(0)
    visit.click("unfold")
    expect(page.get_by_text(re.compile("Most likely|Perhaps|Hard to tell"))).to_be_visible()
    visit.settle()
    visit.upload("pictures", notes, *more)  # more than five pictures fold the uploader
    expect(page.get_by_text("6 pictures classified")).to_be_visible()
    expect(page.get_by_text("notes.txt was not added")).to_be_visible()
    visit.assert_sound()
