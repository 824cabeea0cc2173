"""The Label page: new queues, one picture after the other, and what becomes of the labels."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from cluster_core.labelling import guide as guide_module
from cluster_core.labelling.guide import GuideState, stop_guides
from cluster_core.labelling.progress import AccuracyEstimate
from cluster_core.labelling.queues import find_queue, list_queues
from cluster_core.labelling.records import Decision, Verdict
from pages.components.labelling import opened_queue
from pages.components.labelling.progress_view import draw_accuracy
from tests.labelling.samples import CLASSES, as_class, draw_files, make_png, make_queue, pack
from tests.pages.opening import open_file
from tests.samples import OWNER, write_photos

BLUE, RED = CLASSES


@pytest.fixture(autouse=True)
def stopped_guides(monkeypatch):
    monkeypatch.setattr(guide_module, "_LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(opened_queue, "LOOK_S", 0)
    yield
    stop_guides()


@pytest.fixture
def queue(workspace):
    return make_queue(workspace, draw_files(2))


def open_page(**query: str) -> AppTest:
    return open_file("labelling.py", **query)


def all_text(page: AppTest) -> str:
    groups = (page.markdown, page.caption, page.error, page.warning, page.info, page.success)
    bars = [bar.proto.text for bar in page.get("progress")]
    return "\n".join([str(part.value) for group in groups for part in group] + bars)


def press(page: AppTest, key: str) -> AppTest:
    """Press the button whose shortcut is this key."""
    next(one for one in page.button if one.proto.shortcut == key).click().run()
    assert not page.exception
    return page


def click(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def shown(page: AppTest) -> str:
    return str(page.session_state["label shown"])


def test_key_pressed_before_a_picture_can_be_seen_is_dropped(workspace, queue, monkeypatch):
    monkeypatch.setattr(opened_queue, "LOOK_S", 60)
    page = press(open_page(), "1")
    assert find_queue(workspace, queue.id).decisions == {}
    monkeypatch.setattr(opened_queue, "LOOK_S", 0)
    press(page, "1")
    assert len(find_queue(workspace, queue.id).decisions) == 1


def test_first_visit_asks_for_two_classes_and_takes_pictures(workspace):
    page = open_page()
    assert "First name at least two classes" in all_text(page)
    page.multiselect(key="queue_classes").options.extend(CLASSES)
    page.multiselect(key="queue_classes").set_value(list(CLASSES)).run()
    (uploader,) = page.file_uploader
    files = [("a.png", make_png(1)), ("b.png", make_png(2)), ("broken.png", b"broken")]
    uploader.set_value([(*file, "image/png") for file in files]).run()
    assert not list_queues(workspace)
    page.text_input(key="queue_name").set_value("M 13").run()
    click(page, "make_queue")
    assert page.success[0].value == "Added 2 pictures; 1 could not be used."
    assert "broken" in all_text(page)
    assert "**0 of 2 labelled**" in all_text(page)
    (queue_id,) = list_queues(workspace)
    assert page.query_params["queue"] == queue_id
    made = find_queue(workspace, queue_id)
    assert (made.name, made.classes) == ("M 13", list(CLASSES))


def drop_zip(page: AppTest, entries: dict[str, bytes]) -> AppTest:
    """Drop an archive on the uploader that adds pictures to an open queue."""
    (uploader,) = page.file_uploader
    uploader.set_value([("mine.zip", pack(entries), "application/zip")]).run()
    assert not page.exception
    return page


def test_zip_of_pictures_is_added_to_a_queue(queue):
    page = drop_zip(open_page(), {"a/b/1.png": make_png(51), "2.png": make_png(52), "x.txt": b"x"})
    assert page.success[0].value == "Added 2 pictures; 1 could not be used."
    queue.refresh()
    assert len(queue.pictures) == 6


def test_hostile_zip_is_refused_with_a_reason(queue):
    page = drop_zip(open_page(), {"../1.png": make_png(51)})
    assert "No pictures were added" in page.error[0].value
    assert "leads out of its folder" in all_text(page)
    queue.refresh()
    assert len(queue.pictures) == 4


def test_new_queue_suggests_the_classes_of_the_dataset(workspace):
    write_photos(workspace.cluster_photos, 1)
    assert open_page().multiselect(key="queue_classes").value == sorted(CLASSES)


def test_keys_label_one_picture_after_the_other(queue, workspace):
    page = open_page()
    keys = {one.proto.shortcut for one in page.button if one.proto.shortcut}
    assert keys == {"1", "2", "0", "space", "backspace"}
    said = {}
    for key, word in (("1", BLUE), ("2", RED), ("0", "none of these"), ("space", "skip")):
        said[shown(page)] = word
        press(page, key)
    queue.refresh()
    found = {key: one.label or one.verdict.value for key, one in queue.decisions.items()}
    assert found == said
    assert "**3 of 4 labelled**, 1 skipped" in all_text(page)
    assert "Every picture has been decided" in all_text(page)
    click(page, "label_unskip")
    assert shown(page) == list(said)[3]


def test_backspace_takes_the_latest_back_and_shows_its_picture(queue):
    page = open_page()
    assert page.button(key="label_undo_0").disabled
    first = shown(page)
    press(page, "1")
    assert shown(page) != first
    press(page, "backspace")
    assert shown(page) == first
    queue.refresh()
    assert not queue.decisions


def test_undo_pressed_again_before_the_page_is_redrawn_takes_nothing_more_back(queue):
    page = open_page()
    for _ in range(2):
        press(page, "1")
    undo = page.button(key="label_undo_2")
    undo.click().run()
    undo.click().run()
    queue.refresh()
    assert len(queue.decisions) == 1


def test_labels_are_found_again_by_a_new_visitor_who_can_undo_them(queue):
    press(open_page(), "1")
    stop_guides()
    page = open_page()
    assert "**1 of 4 labelled**" in all_text(page)
    press(page, "backspace")
    assert "**0 of 4 labelled**" in all_text(page)


def test_picture_that_another_tab_labelled_first_keeps_that_label(queue):
    page = open_page()
    sha256 = shown(page)
    queue.decide(OWNER, sha256, as_class(RED, "other"))
    press(page, "1")
    assert f"Another tab labelled {queue.pictures[sha256].name} first" in all_text(page)
    assert shown(page) != sha256
    queue.refresh()
    assert queue.labelled == {sha256: RED}


def test_two_tabs_show_different_pictures(queue):
    assert shown(open_page()) != shown(open_page())


def test_button_of_a_picture_is_gone_with_the_picture(queue):
    page = open_page()
    before = {one.key for one in page.button if (one.key or "").startswith("label_1_")}
    press(page, "1")
    assert not before & {one.key for one in page.button}


def test_guess_is_shown_only_when_asked_for(queue, monkeypatch):
    state = GuideState(
        guide_module.Advice(guesses=dict.fromkeys(queue.pictures, (BLUE, 0.8))), 4, 4
    )
    monkeypatch.setattr(guide_module.Guide, "_work", lambda self: None)
    monkeypatch.setattr(guide_module.Guide, "has_finished", lambda self: False)
    monkeypatch.setattr(guide_module, "GuideState", lambda: state)
    page = open_page()
    assert "80%" not in all_text(page)
    page.toggle(key="show_guess").set_value(True).run()
    assert f"Guess: {BLUE}, 80%" in all_text(page)
    press(page, "2")
    assert f"**{RED}**; the guess was {BLUE}, 80%" in all_text(page)


def test_labelled_pictures_are_added_to_a_dataset_and_taken_back(queue, workspace):
    page = press(press(open_page(), "1"), "2")
    click(page, "finish_queue")
    page.selectbox(key="finish_target").options.append("mine")
    page.selectbox(key="finish_target").set_value("mine").run()
    click(page, "confirm_finish")
    page.run()
    assert f"Added 1 to {BLUE} and 1 to {RED}." in page.success[0].value
    assert page.success[0].value.endswith("They went to the dataset mine.")
    assert page.button(key="go_to_dataset")
    assert page.button(key="go_to_hyperparameters")
    assert page.query_params["dataset"] == "mine"
    files = list((workspace.root / "mine_photos").glob("*/*"))
    assert {path.parent.name for path in files} == {BLUE, RED}
    click(page, "undo")
    assert not (workspace.root / "mine_photos").exists()
    queue.refresh()
    assert len(queue.decisions) == 2


def test_finish_leaves_the_choice_of_a_dataset_open_then_remembers_it(queue, workspace):
    write_photos(workspace.cluster_photos, 1)
    page = click(press(open_page(), "1"), "finish_queue")
    assert page.selectbox(key="finish_target").value is None
    page.selectbox(key="finish_target").set_value("cluster").run()
    click(page, "confirm_finish")
    page.run()
    assert page.success[0].value.endswith("They went to the dataset cluster.")
    click(page, "finish_queue")
    assert page.selectbox(key="finish_target").value == "cluster"


def test_nothing_labelled_cannot_be_added(queue):
    page = click(open_page(), "finish_queue")
    assert "label some first" in all_text(page)


def test_all_skipped_offers_them_again(queue):
    for sha256 in queue.pictures:
        queue.decide(OWNER, sha256, Decision(Verdict.SKIP, None, "tab"))
    page = open_page()
    assert "You skipped all pictures." in all_text(page)
    click(page, "label_unskip")
    assert "**0 of 4 labelled**" in all_text(page)


def test_accuracy_is_not_that_of_other_pictures_when_none_are_left(queue, monkeypatch):
    curve = (AccuracyEstimate(3, 0.4, 0.2, 0.6, 0.75),)
    state = GuideState(guide_module.Advice(curve=curve), 4, 4)
    monkeypatch.setattr(guide_module.Guide, "_work", lambda self: None)
    monkeypatch.setattr(guide_module, "GuideState", lambda: state)
    for sha256 in list(queue.pictures)[1:]:
        queue.decide(OWNER, sha256, as_class(RED))
    page = open_page()
    assert "About **40%** of the other pictures" in all_text(page)
    press(page, "1")
    assert "other pictures would" not in all_text(page)
    assert "labels 75% of these pictures as you did" in all_text(page)
    assert "Add them to a dataset below" in all_text(page)


def test_unreadable_picture_is_reported_and_can_be_skipped(workspace):
    queue = make_queue(workspace, draw_files(1)[:1])
    (sha256,) = queue.pictures
    queue.find_file(sha256).write_bytes(b"broken")
    page = open_page()
    assert "0.png can no longer be read. Skip it" in all_text(page)
    press(page, "space")
    assert "You skipped all pictures." in all_text(page)


def test_empty_queue_says_what_to_do(workspace):
    make_queue(workspace)
    assert "This queue is empty: add pictures to it." in all_text(open_page())


def test_class_is_added_and_an_unused_one_removed(queue):
    page = click(open_page(), "queue_classes_open")
    page.text_input(key="label_class_name").set_value("green stars")
    click(page, "confirm_label_class")
    click(page, "queue_classes_open")
    click(page, "remove_class_1")
    queue.refresh()
    assert queue.classes == [BLUE, "green stars"]


def test_deleted_queue_can_be_restored(queue, workspace):
    page = click(press(open_page(), "0"), "delete_queue")
    assert "with 4 pictures, 1 of them labelled, goes to the trash" in all_text(page)
    click(page, "confirm_delete_queue")
    assert list_queues(workspace) == {}
    click(page, "undo")
    assert list(list_queues(workspace)) == [queue.id]
    assert "**1 of 4 labelled**" in all_text(page)


def test_two_queues_can_be_chosen_between_and_a_third_made(queue, workspace):
    other = make_queue(workspace, draw_files(1), name="Other")
    page = open_page()
    page.selectbox(key="queue_choice").set_value(queue.id).run()
    assert page.query_params["queue"] == queue.id
    click(page, "new_queue")
    assert page.multiselect(key="queue_classes")
    assert "**0 of 2 labelled**" in all_text(open_page(queue=other.id))


@pytest.mark.parametrize("unknown", ["gone", "../../etc", "*[x](y)*", "a" * 3_000])
def test_unknown_queue_in_the_address_is_reported(queue, unknown):
    page = open_page(queue=unknown)
    assert "There is no queue" in page.warning[0].value


def test_chart_has_a_point_and_a_band_for_each_estimate():
    curve = [AccuracyEstimate(n, 0.5 + n / 100, 0.4, 0.9, 0.5) for n in (10, 15)]
    spec = draw_accuracy(curve)
    assert [row["labels"] for row in spec["data"]["values"]] == [10, 15]
    assert len(spec["layer"]) == 2
