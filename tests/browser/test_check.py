"""A visitor whose dataset has wrong labels: check, mend, check again."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.samples import write_photos


def test_exchanged_labels_are_found_and_mended(visit):
    folder = write_photos(visit.server.workspace.cluster_photos, 24)
    red, blue = folder / "red stars", folder / "blue stars"
    for number, (source, target) in enumerate(((red, blue), (blue, red))):
        sorted(source.iterdir())[3].rename(target / f"exchanged {number}.png")

    visit.open("dataset")
    visit.page.locator(".st-key-dataset_view").get_by_text("Check", exact=True).click()
    visit.settle()
    visit.click("check_dataset")
    section = visit.page.locator(".st-key-check_wrong_label")
    expect(section.get_by_text("exchanged").first).to_be_visible(timeout=60_000)
    visit.shoot("check")
    for number, label in enumerate(("red stars", "blue stars")):
        expect(section.get_by_text(f"exchanged {number}.png is in")).to_be_visible()
        card = section.locator("[class*=st-key-finding_]").filter(has_text=f"exchanged {number}.")
        card.get_by_role("button", name=re.compile(f"Move to {label}")).click()
        expect(section.get_by_text(f"exchanged {number}.png is in")).to_have_count(0)
        visit.settle()
        assert (folder / label / f"exchanged {number}.png").is_file()
    visit.assert_sound()

    visit.click("check_dataset")
    expect(visit.page.get_by_text("Checked 48 pictures.")).to_be_visible(timeout=60_000)
    expect(section.get_by_text("exchanged")).to_have_count(0)
    visit.assert_sound()
