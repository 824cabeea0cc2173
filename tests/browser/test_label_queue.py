"""Unsorted pictures become a queue, are labelled with keys in two tabs, and go to a dataset."""

from __future__ import annotations

from playwright.sync_api import expect

from cluster_core.labelling.queues import find_queue, list_queues
from tests.browser.conftest import Visit
from tests.browser.pictures import render_files

# Keys that come before the new picture is drawn are dropped, on purpose.
LOOK_MS = 500


def press(visit: Visit, key: str, says: str) -> None:
    """Look at the picture, press a key, and wait for what the page says then."""
    visit.page.wait_for_timeout(LOOK_MS)
    visit.page.keyboard.press(key)
    expect(visit.page.get_by_text(says, exact=True)).to_be_visible()
    visit.settle()


def test_queue_is_labelled_with_keys_and_added_to_a_dataset(visit, tmp_path):
    page = visit.page
    visit.open("labelling")
    for label in ("globular clusters", "open clusters"):
        page.get_by_role("combobox", name="Classes").fill(label)
        page.get_by_role("combobox", name="Classes").press("Enter")
        visit.settle()
    visit.upload("queue_upload", *render_files(tmp_path / "sky", 6))
    visit.click("make_queue")
    expect(page.get_by_text("Added 6 pictures.")).to_be_visible()
    visit.settle()

    press(visit, "1", "1 of 6 labelled")
    press(visit, "2", "2 of 6 labelled")
    press(visit, "n", "3 of 6 labelled")
    press(visit, "Space", "3 of 6 labelled, 1 skipped")
    press(visit, "Backspace", "3 of 6 labelled")
    press(visit, "Backspace", "2 of 6 labelled")
    page.wait_for_timeout(LOOK_MS)
    for _ in range(20):  # a key held down labels one picture
        page.wait_for_timeout(LOOK_MS / 10)
        page.keyboard.down("2")
    page.keyboard.up("2")
    visit.settle()
    expect(page.get_by_text("3 of 6 labelled", exact=True)).to_be_visible()
    visit.shoot("label")

    other = Visit(page.context.new_page(), visit.server)
    other.page.goto(page.url)
    expect(other.page.get_by_text("3 of 6 labelled")).to_be_visible()
    press(other, "1", "4 of 6 labelled")
    other.page.close()
    page.locator(".st-key-show_guess label").click()  # which does not keep the keys
    visit.settle()
    press(visit, "1", "5 of 6 labelled")

    visit.click("finish_queue")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").fill("from the queue")
    dialog.get_by_role("combobox").press("Enter")
    visit.click("confirm_finish")
    expect(page.get_by_text("Added 3 to globular clusters and 2 to open clusters.")).to_be_visible()
    workspace = visit.server.workspace
    assert len(list((workspace.root / "from the queue_photos").glob("*/*"))) == 5
    (queue_id,) = list_queues(workspace)
    assert len(find_queue(workspace, queue_id).decisions) == 5
    visit.click("go_to_dataset")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dataset")
    visit.assert_sound()
