"""Work with many answers on Classify: review, add, sort, remove; and find all after a reload."""

from __future__ import annotations

import csv
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import streamlit as st
from astropy.table import Table
from PIL import Image
from pyarrow import parquet
from streamlit.testing.v1 import AppTest

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.answers import selecting
from cluster_core.answers.records import KeptObject
from cluster_core.answers.rooms import find_room
from cluster_core.model.bundle.collection import rename_model, set_unsure_below
from cluster_core.model.bundle.summaries import describe_model
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.publishing import visible
from pages.components.classify import answer_table, earlier_answers, opened_picture, reviewing
from pages.components.classify.answer_files import find_in_ranges, format_ranges, list_routes
from pages.components.classify.answer_table import (
    OPENED,
    SHOWN,
    TICKED,
    _describe_answer,
    _describe_others,
)
from pages.components.text import escape_markdown
from tests.pages.routes import fetch_route
from tests.pages.test_classify import (
    all_text,
    give,
    give_many,
    headings,
    make_picture,
    open_page,
    reject,
)
from tests.samples import OWNER


@pytest.fixture(autouse=True)
def quick_eyes(monkeypatch):
    monkeypatch.setattr(reviewing, "LOOK_S", 0)


def get_keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button}


def click(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def tick(page: AppTest, *numbers: int) -> AppTest:
    page.session_state[TICKED] = set(numbers)
    return page.run()


def open_row(page: AppTest, number: int) -> AppTest:
    page.session_state[OPENED] = number
    return page.run()


def enter(page: AppTest, key: str, name: str) -> AppTest:
    """Type a name that is not in the list of a select box."""
    field = page.selectbox(key=key)
    if name not in field.options:
        field.options.append(name)  # AppTest accepts a new option only if it is in the list
    field.set_value(name).run()
    assert not page.exception
    return page


def said(page: AppTest) -> list[str]:
    return list(page.dataframe[0].value["yours"])


def get_room(page: AppTest, workspace):
    room = find_room(workspace, page.query_params["answers"])
    assert room
    return room


def test_ticked_pictures_are_reviewed_together(trained):
    page = tick(give_many(open_page(), 2), 1, 2)
    click(page, "bulk_right")
    assert said(page) == ["✓ blue stars", "✓ blue stars", "", ""]
    tick(page, 2, 3)
    enter(page, "correct_to", "green stars")
    assert said(page) == ["✓ blue stars", "→ green stars", "→ green stars", ""]
    tick(page, 1, 4)
    click(page, "bulk_unknown")
    assert said(page) == ["? don't know", "→ green stars", "→ green stars", "? don't know"]
    assert "you reviewed 4" in all_text(page)
    tick(page, 2)
    click(page, "bulk_back")
    assert said(page)[1] == ""


def test_class_in_other_capitals_is_the_same_class(trained):
    page = tick(give_many(open_page(), 1), 1)
    enter(page, "correct_to", "Red Stars")
    assert said(page) == ["→ red stars", ""]


def test_right_for_all_keeps_what_was_corrected_before(trained):
    page = tick(give_many(open_page(), 1), 1)
    page.selectbox(key="correct_to").set_value("red stars").run()
    click(page, "tick_all")  # unticks
    click(page, "tick_all")
    click(page, "bulk_right")
    assert said(page) == ["→ red stars", "✓ red stars"]


def test_one_picture_after_the_other_is_reviewed(trained):
    page = open_row(give_many(open_page(), 2), 2)
    assert not page.dataframe
    click(page, "review_right")  # and goes on to the next
    assert "3 of 4" in all_text(page)
    click(page, "review_1")
    click(page, "review_unknown")  # the last one stays open
    assert "4 of 4" in all_text(page)
    assert "You say: **? don't know**" in all_text(page)
    click(page, "review_back")
    assert "Not reviewed yet." in all_text(page)
    click(page, "review_previous")
    enter(page, "other_class", "green stars")
    click(page, "to_table")
    assert said(page) == ["", "✓ blue stars", "→ green stars", ""]


def test_second_quick_press_decides_about_no_other_picture(trained, monkeypatch):
    monkeypatch.setattr(reviewing, "LOOK_S", 0.2)
    clock = SimpleNamespace(now_s=0.0)
    monkeypatch.setattr(reviewing, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    predict = opened_picture.predict_view

    def predict_slowly(*given):
        clock.now_s += 60
        return predict(*given)

    monkeypatch.setattr(opened_picture, "predict_view", predict_slowly)
    page = open_row(give_many(open_page(), 1), 1)
    click(page, "review_right")  # as soon as the picture is drawn
    assert "1 of 2" in all_text(page)
    clock.now_s += 0.2
    click(page, "review_right")
    click(page, "review_none")
    click(page, "to_table")
    assert said(page) == ["✓ blue stars", ""]


def test_keys_are_offered_for_each_decision(trained):
    page = open_row(give_many(open_page(), 1), 1)
    shortcuts = {b.key: b.proto.shortcut for b in page.button if b.proto.shortcut}
    assert shortcuts == {
        "review_right": "y",
        "review_1": "1",
        "review_2": "2",
        "review_none": "0",
        "review_unknown": "d",
        "review_previous": "left",
        "review_next": "right",
        "to_table": "escape",
    }


def test_picture_of_none_of_the_classes_becomes_a_counter_example(trained, monkeypatch):
    reject(monkeypatch, "blue stars")
    page = open_row(give_many(open_page(), 2), 1)
    click(page, "review_right")
    click(page, "review_none")
    click(page, "review_none")  # a correction
    tick(click(page, "to_table"), 4)
    enter(page, "correct_to", "None of these")
    right, corrected = "✓ none of these", "→ none of these"
    assert said(page) == [right, right, corrected, corrected]
    page.selectbox(key="only_marks").set_value("corrected").run()
    assert len(page.dataframe[0].value) == 2
    page.selectbox(key="only_marks").set_value("all").run()
    click(page, "tick_all")
    click(page, "tick_all")
    click(page, "add_to_dataset")
    enter(page, "add_target", "sky")
    click(page, "confirm_add_answers")
    page.run()
    (folder,) = (trained.root / "sky_photos").iterdir()
    assert (folder.name, len(list(folder.iterdir()))) == ("none_of_these", 4)


def test_scores_in_the_table_read_like_those_of_a_single_picture():
    sure = Prediction("a", {"a": 0.997, "b": 0.003, "c": 0.0}, 0.0)
    unsure = Prediction("a", {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.07, "e": 0.03}, 0.0)
    assert (_describe_answer(sure), _describe_others(sure)) == ("a, over 99%", "")
    assert _describe_answer(unsure) == "unsure, perhaps a, 40%"
    assert _describe_others(unsure) == "b 30%, c 20%, d 7%"


def test_filter_finds_what_is_left_to_review(trained):
    page = tick(give_many(open_page(), 2), 1, 3)
    click(page, "bulk_right")
    page.selectbox(key="only_marks").set_value("open").run()
    assert list(page.dataframe[0].value["file"]) == ["blue stars 1.png", "red stars 1.png"]
    click(page, "tick_all")
    click(page, "bulk_unknown")
    assert "No pictures match these filters" in all_text(page)
    page.selectbox(key="only_marks").set_value("unknown").run()
    assert len(page.dataframe[0].value) == 2


def test_ticked_pictures_that_a_filter_hides_are_left_alone(trained):
    page = tick(give_many(open_page(), 1), 1, 2)
    page.multiselect(key="only_labels").set_value(["red stars"]).run()
    assert "**1 ticked**" in all_text(page)
    click(page, "bulk_unknown")
    page.multiselect(key="only_labels").set_value([]).run()
    assert said(page) == ["", "? don't know"]


def test_reviewed_pictures_are_added_to_a_new_dataset_and_taken_back(trained, visited_pages):
    page = tick(give_many(open_page(), 2), 1, 2, 3)
    page.selectbox(key="correct_to").set_value("blue stars").run()
    tick(page, 1, 2, 3, 4)
    click(page, "add_to_dataset")
    assert "1 of the 4 pictures is left out, because you have not said what it" in all_text(page)
    assert "3 to blue stars" in all_text(page)
    enter(page, "add_target", "mine")
    click(page, "confirm_add_answers")
    assert page.success[0].value == "Added 3 to blue stars."
    folder = trained.root / "mine_photos" / "blue stars"
    assert len(list(folder.iterdir())) == 3
    click(page, "retrain")
    assert page.query_params["dataset"] == "mine"
    assert visited_pages == ["hyperparameters.py"]
    click(page, "undo")
    assert "Took 3 pictures out of mine again." in page.success[0].value
    assert not folder.exists()
    assert "retrain" not in get_keys(page)


def test_copies_are_counted_with_their_reasons(trained):
    page = tick(give_many(open_page(), 1), 1, 2)
    click(page, "bulk_right")
    for expected in (
        "Added 1 to blue stars and 1 to red stars.",
        "Nothing was added: both are in the dataset already.",
    ):
        tick(page, 1, 2)
        click(page, "add_to_dataset")
        enter(page, "add_target", "mine")
        click(page, "confirm_add_answers")
        assert not page.error
        assert page.success[0].value.replace("\\", "") == expected
    assert "already has the same picture" in all_text(page)
    assert "undo" not in get_keys(page)


def test_new_pictures_are_counted_apart_from_those_already_there(trained):
    page = tick(give_many(open_page(), 2), 1, 3)
    click(page, "bulk_right")
    tick(page, 2)
    click(page, "bulk_right")
    for ticked in ([1], [1, 2, 3]):
        tick(page, *ticked)
        click(page, "add_to_dataset")
        enter(page, "add_target", "mine")
        click(page, "confirm_add_answers")
    shown = page.success[0].value
    assert "Added 1 to blue stars and 1 to red stars; 1 already there." in shown


def test_outcome_is_gone_after_the_next_review(trained):
    page = tick(give_many(open_page(), 1), 1, 2)
    click(page, "bulk_right")
    click(page, "add_to_dataset")
    enter(page, "add_target", "mine")
    click(page, "confirm_add_answers")
    assert page.success
    tick(page, 1)
    click(page, "bulk_unknown")
    assert not page.success


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["photos0_photos/blue stars", "photos0_photos/red stars"], "photos0"),
        (["photos0_photos/circles", "photos0_photos/squares"], None),
        (["shapes_photos/blue stars", "shapes_photos/red stars"], None),
    ],
)
def test_dataset_of_the_model_is_suggested_only_if_it_has_its_classes(trained, folders, expected):
    for folder in folders:
        (trained.root / folder).mkdir(parents=True)
    page = tick(give_many(open_page(), 1), 1)
    click(page, "bulk_right")
    click(page, "add_to_dataset")
    assert page.selectbox(key="add_target").value == expected


def test_dataset_that_was_added_to_is_suggested_again(trained):
    page = tick(give_many(open_page(), 1), 1, 2)
    click(page, "bulk_right")
    click(page, "add_to_dataset")
    enter(page, "add_target", "mine")
    click(page, "confirm_add_answers")
    click(page, "add_to_dataset")
    assert page.selectbox(key="add_target").value == "mine"


def test_impossible_dataset_name_is_explained_in_the_dialog(trained):
    page = tick(give_many(open_page(), 1), 1, 2)
    click(page, "bulk_right")
    click(page, "add_to_dataset")
    enter(page, "add_target", "a/b")
    assert "cannot be called" in page.error[0].value
    assert "confirm_add_answers" not in get_keys(page)
    assert not list(trained.root.glob("*_photos"))


def test_everything_is_there_in_a_new_session_with_the_address(trained):
    page = tick(give_many(open_page(), 2), 1)
    click(page, "bulk_right")
    again = open_page(answers=page.query_params["answers"])
    assert list(again.dataframe[0].value["file"]) == list(page.dataframe[0].value["file"])
    assert said(again) == ["✓ blue stars", "", "", ""]


def test_answers_of_one_visitor_are_not_shown_to_another(trained):
    give_many(open_page(), 1)
    other = open_page()
    assert not other.dataframe
    assert "answers" not in other.query_params


@pytest.mark.parametrize("address", ["0" * 32, "../../etc", "x" * 3_000])
def test_unknown_address_is_explained_and_forgotten(trained, address):
    page = open_page(answers=address)
    assert "no longer kept" in page.info[0].value
    assert "answers" not in page.query_params
    give(page, ("one.png", make_picture("red stars")))
    assert "1 picture classified" in all_text(page)


def test_new_order_starts_at_the_first_page(trained, monkeypatch):
    monkeypatch.setattr(answer_table, "PAGE_ROWS", 1)
    page = give_many(open_page(), 1)
    page.session_state[answer_table._PAGE] = 2, 1
    page.run()
    assert "2 to 2 of 2" in all_text(page)
    page.selectbox(key="order").set_value("name").run()
    assert "1 to 1 of 2" in all_text(page)


def test_no_other_model_answers_kept_pictures_unasked(trained):
    page = give_many(open_page(), 1)
    address = page.query_params["answers"]
    shutil.rmtree(next(trained.bundles.iterdir()))
    page = tick(open_page(answers=address), 1)
    assert "which is no longer here" in all_text(page)
    click(page, "bulk_right")
    assert said(page) == ["✓ blue stars", ""]
    (link,) = page.get("link_button")
    assert fetch(link.proto.url)[0] == 200
    open_row(page, 2)
    assert headings(page)
    click(page, "to_table")
    give(page, ("new.png", make_picture("red stars", 950)))
    assert said(page) == ["✓ blue stars", ""]
    assert "all 3 pictures, also the new ones" in all_text(page)
    click(page, "classify_again")
    assert "no longer here" not in all_text(page)
    assert len(page.dataframe[0].value) == 3


def test_renamed_model_keeps_its_answers_until_its_threshold_changes(trained):
    address = give_many(open_page(), 1).query_params["answers"]
    (folder,) = trained.bundles.iterdir()
    rename_model(OWNER, trained, folder.name, "Night")
    page = open_page(answers=address)
    assert "Answers from" not in all_text(page)
    assert len(page.dataframe[0].value) == 2
    set_unsure_below(OWNER, trained, folder.name, 0.9)
    page = open_page(answers=address)
    assert "Answers from **Night**, which has changed since." in all_text(page)
    assert len(page.dataframe[0].value) == 2


def test_answers_of_an_earlier_version_wait_for_a_click_once_their_model_is_gone(trained):
    page = give_many(open_page(), 1)
    log = get_room(page, trained).folder / "log.jsonl"
    lines = log.read_text("utf-8").splitlines(keepends=True)
    log.write_text("".join(line for line in lines if '"title"' not in line), "utf-8")
    shutil.rmtree(next(trained.bundles.iterdir()))
    page = open_page(answers=page.query_params["answers"])
    assert "was changed or deleted" in page.warning[0].value
    assert not page.dataframe
    click(page, "classify_again")
    assert len(page.dataframe[0].value) == 2


def test_many_pictures_are_not_classified_by_a_click_on_another_model(trained, monkeypatch):
    monkeypatch.setattr(earlier_answers, "AT_ONCE", 3)
    page = give_many(open_page(), 2)
    (folder,) = trained.bundles.iterdir()
    title = describe_model(folder).title
    page.selectbox(key="model").set_value("starter").run()
    assert f"Answers from **{escape_markdown(title)}**." in all_text(page)
    assert len(page.dataframe[0].value) == 4
    click(page, "classify_again")
    assert "Answers from" not in all_text(page)
    page.selectbox(key="model").set_value(folder.name).run()  # which has answered all
    assert "Answers from" not in all_text(page)


def test_cleared_answers_are_gone(trained):
    page = give_many(open_page(), 1)
    room = get_room(page, trained)
    click(page, "clear_answers")
    assert "deletes 2 pictures and the answers" in all_text(page)
    click(page, "cancel_clear_answers")
    assert len(page.dataframe) == 1
    click(page, "clear_answers")
    click(page, "confirm_clear_answers")
    assert not page.dataframe
    assert "answers" not in page.query_params
    assert find_room(trained, room.id) is None


def test_reviews_are_lost_only_after_a_question(trained):
    page = tick(give_many(open_page(), 1), 1)
    click(page, "bulk_right")
    click(page, "remove_answers")
    assert "deletes your review and" in all_text(page)
    assert len(get_room(page, trained).pictures) == 2
    click(page, "confirm_remove_answers")
    assert not page.dataframe  # a single picture is shown in full
    assert len(get_room(page, trained).pictures) == 1
    click(page, "review_unknown")
    click(page, "clear_answers")
    click(page, "confirm_clear_answers")
    assert "answers" not in page.query_params


def test_failure_to_remove_is_explained(trained):
    page = tick(give_many(open_page(), 1), 1)
    shutil.rmtree(trained.answers / get_room(page, trained).id)
    click(page, "remove_answers")
    assert "no longer kept" in all_text(page) or "could not be kept" in all_text(page)


def test_removed_pictures_leave_the_table(trained):
    page = tick(give_many(open_page(), 2), 1, 4)
    click(page, "remove_answers")
    click(page, "confirm_remove_answers")
    assert list(page.dataframe[0].value["file"]) == ["blue stars 1.png", "red stars 0.png"]


def test_new_single_picture_is_shown_in_full_with_the_way_to_the_others(trained):
    page = give_many(open_page(), 1)
    give(page, ("third.png", make_picture("red stars", 950)))
    assert not page.dataframe
    assert "3 of 3" in all_text(page)
    click(page, "to_table")
    assert len(page.dataframe[0].value) == 3


def test_refused_picture_hides_earlier_answers_until_asked(trained):
    page = give_many(open_page(), 1)
    give(page, ("page.jpg", b"<html>"))
    assert "web page" in page.error[0].value
    assert not page.dataframe
    click(page, "unfold")
    assert len(page.dataframe[0].value) == 2
    assert not page.error


def test_named_objects_are_counted_and_contradicted_answers_shown(trained, monkeypatch):
    monkeypatch.setattr(selecting, "contradicts", lambda label, verdict, kind: kind == "nebula")
    page = give_many(open_page(), 2)
    (room,) = (find_room(trained, one.name) for one in trained.answers.iterdir())
    for number, known in ((1, KeptObject("M 1", "nebula")), (2, KeptObject())):
        room.keep_object(number, known)
    page.multiselect(key="only_labels").set_value(["unsure"]).run()
    assert "1 of 4 named; 1 answer disagrees with the catalogue." in all_text(page)
    click(page, "show_contradicted")
    assert page.session_state[SHOWN] == [1]


def test_quotation_marks_that_a_browser_escaped_are_in_the_name_again(trained):
    page = give(open_page(), ("M 13 %22great%22.png", make_picture("red stars")))
    give(page, ("M 13 %22great%22.png", make_picture("red stars")))
    assert 'M 13 "great".png is in the table already' in all_text(page)


def test_file_that_is_there_already_is_named(trained):
    page = give_many(open_page(), 1)
    give(page, ("red stars 0.png", make_picture("red stars", 900)))
    assert "red stars 0.png is in the table already" in all_text(page)


@pytest.fixture
def downloads(monkeypatch) -> dict[str, Callable[[], bytes]]:
    """What makes the file of each download button, by its key."""
    found: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(
        st, "download_button", lambda label, data, *, key, **_: found.update({key: data})
    )
    return found


def test_csv_has_what_the_visitor_says(trained, downloads):
    page = tick(give_many(open_page(), 1), 1)
    enter(page, "correct_to", "green stars")
    tick(page, 2)
    click(page, "bulk_unknown")
    rows = list(csv.DictReader(io.StringIO(downloads["download_csv"]().decode(), newline="")))
    assert [row["confirmed"] for row in rows] == ["green stars", "don't know"]
    assert rows[0]["label"] == "blue stars"


def test_filtered_answers_can_be_downloaded_alone_in_their_order(trained, downloads):
    page = give_many(open_page(), 2)
    assert "download_filtered" not in downloads
    page.selectbox(key="order").set_value("name")
    page.multiselect(key="only_labels").set_value(["red stars"]).run()
    rows = csv.DictReader(io.StringIO(downloads["download_filtered"]().decode(), newline=""))
    assert [row["path"] for row in rows] == ["red stars 0.png", "red stars 1.png"]
    assert downloads["download_csv"]().count(b"\n") == 5  # with its header


def test_table_offers_no_download_of_its_own_and_no_search_of_one_page(trained, monkeypatch):
    page = give_many(open_page(), 1)
    (style,) = page.get("html")
    assert "Download as CSV" in style.proto.body
    assert "Search" not in style.proto.body
    monkeypatch.setattr(answer_table, "PAGE_ROWS", 1)
    (style,) = page.run().get("html")
    assert "Search" in style.proto.body


def test_back_and_forward_close_and_open_a_picture(trained):
    page = open_row(give_many(open_page(), 2), 2)
    assert list(page.query_params) == ["view", "answers"]
    click(page, "review_next")
    del page.query_params["view"]
    assert page.run().dataframe
    page.query_params["view"] = "picture"
    assert "3 of 4" in all_text(page.run())
    click(page, "to_table")
    assert "view" not in page.query_params


def test_address_of_an_opened_picture_leads_to_the_table_in_a_new_session(trained):
    page = give_many(open_page(), 1)
    again = open_page(answers=page.query_params["answers"], view="picture")
    assert again.run().dataframe
    assert "view" in again.query_params


def test_other_formats_have_the_same_rows(trained, downloads):
    page = tick(give_many(open_page(), 1), 1)
    click(page, "bulk_unknown")
    lines = downloads["download_jsonl"]().splitlines()
    votable = Table.read(io.BytesIO(downloads["download_votable"]()), format="votable")
    ecsv = Table.read(downloads["download_ecsv"]().decode(), format="ascii.ecsv")
    tables = [
        parquet.read_table(io.BytesIO(downloads["download_parquet"]())).to_pylist(),
        [json.loads(line) for line in lines],
        *([dict(row) for row in table] for table in (votable, ecsv)),
    ]
    for rows in tables:
        assert [row["path"] for row in rows] == ["blue stars 0.png", "red stars 0.png"]
        assert rows[0]["confirmed"] == "don't know"


def test_public_demo_reviews_and_sorts_but_changes_no_dataset(trained, monkeypatch):
    (model,) = trained.bundles.iterdir()
    sha256 = describe_model(model).content_sha256
    pages = [SimpleNamespace(model_id=model.name, model_sha256=sha256)]
    monkeypatch.setattr(visible, "list_published", lambda workspace: pages)
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    page = tick(give_many(open_page(), 1), 1)
    click(page, "bulk_right")
    assert said(page) == ["✓ blue stars", ""]
    assert "add_to_dataset" not in get_keys(page)
    assert "remove_answers" in get_keys(page)


def fetch(address: str) -> tuple[int, dict[str, str], bytes]:
    return fetch_route(list_routes(), address)


def test_pictures_come_sorted_from_the_server(trained):
    page = tick(give_many(open_page(), 2), 1)
    enter(page, "correct_to", "green stars")
    tick(page, 1, 2, 4)
    (address,) = (link.proto.url for link in page.get("link_button"))
    _, headers, body = fetch(address)
    assert headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        table, *names = archive.namelist()
        rows = list(csv.DictReader(io.StringIO(archive.read(table).decode(), newline="")))
    assert [row["path"] for row in rows] == names
    assert [row["confirmed"] for row in rows] == ["green stars", "", ""]
    assert table == "answers.csv"
    assert names == [
        "green stars/blue stars 0.png",
        "blue stars/blue stars 1.png",
        "red stars/red stars 1.png",
    ]


def test_thumbnails_come_from_the_server(trained):
    page = give_many(open_page(), 1)
    status, headers, body = fetch(page.dataframe[0].value["picture"][0])
    assert (status, headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(body)).format == "JPEG"


def test_server_sends_nothing_for_another_address(trained):
    room = get_room(give_many(open_page(), 1), trained)
    for path in (
        f"{'0' * 32}/1.jpg",
        "../1.jpg",
        f"{room.id}/99.jpg",
        f"{room.id}/{'9' * 400}.jpg",
        f"{room.id}/log.jsonl",
        f"{room.id}/sorted.zip",
        f"{room.id}/sorted.zip?model=no&pictures=1",
        f"{'0' * 32}/sorted.zip?model=starter&pictures=1",
    ):
        assert fetch(f"answers/{path}")[0] == 404


def test_zip_names_no_model_that_was_not_used_in_the_room(trained):
    room = get_room(give_many(open_page(model="starter"), 1), trained)
    (folder,) = trained.bundles.iterdir()
    address = f"answers/{room.id}/sorted.zip?pictures=1&model="
    assert fetch(f"{address}{describe_model(folder).manifest_sha256}")[0] == 404
    assert fetch(f"{address}{room.last_model}")[0] == 200


@pytest.mark.parametrize(
    ("numbers", "text"), [([1], "1"), ([3, 1, 2, 7], "1-3,7"), ([5, 6, 9, 10], "5-6,9-10")]
)
def test_ranges_name_the_same_numbers(numbers, text):
    assert format_ranges(numbers) == text
    assert find_in_ranges(text, range(20)) == sorted(numbers)


@pytest.mark.parametrize("text", ["", "a", "1-", "1,,2", "1-2-3", "9" * 50, "-1"])
def test_strange_ranges_name_nothing(text):
    assert find_in_ranges(text, range(20)) == []
