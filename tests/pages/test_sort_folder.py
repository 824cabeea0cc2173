"""Sorting a folder of this computer on the Classify page."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from cluster_core.access import Action
from cluster_core.labelling.queues import find_queue, list_queues
from cluster_core.model.prediction.prediction import Limits
from pages.components import signed_in
from tests.pages.opening import open_file
from tests.samples import COLOURS, OWNER, draw_blob, save_picture


@pytest.fixture
def night(tmp_path, trained):
    for number, (label, colour) in enumerate(COLOURS.items()):
        save_picture(tmp_path / "night" / f"{label}.png", draw_blob(900 + number, colour))
    (tmp_path / "night" / "broken.jpg").write_bytes(b"not a picture")
    return tmp_path / "night"


def look(night, transfer=None):
    page = open_file("classify.py")
    page.text_input(key="sort_source").set_value(str(night)).run()
    if transfer:
        page.segmented_control(key="sort_transfer").set_value(transfer).run()
    page.button(key="sort_look").click().run()
    assert not page.exception
    return page


def list_files(folder) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.*g")}


def test_folder_is_looked_at_then_sorted_and_taken_back(night):
    page = look(night, "move")
    (counts,) = [one.value for one in page.markdown if "blue stars: 1" in one.value]
    assert "red stars: 1" in counts
    assert "left where they are: 1" in counts
    assert not night.with_name("night sorted").exists()
    page.button(key="sort_confirm").click().run()
    assert "Sorted 2 pictures" in page.success[0].value
    output = night.with_name("night sorted")
    assert list_files(output) == {"blue stars/blue stars.png", "red stars/red stars.png"}
    assert list_files(night) == {"broken.jpg"}
    page.button(key="undo").click().run()
    assert "Took 2 pictures out" in page.success[0].value
    assert not output.exists()
    assert len(list_files(night)) == 3


def test_last_sort_is_taken_back_in_another_session(night):
    look(night).button(key="sort_confirm").click().run()
    page = open_file("classify.py")
    assert page.text_input(key="sort_source").value == str(night)
    page.button(key="sort_undo").click().run()
    assert "Took 2 pictures out" in page.success[0].value
    assert not open_file("classify.py").text_input(key="sort_source").value


def test_unsure_pictures_go_to_a_queue(night, visited_pages, workspace, monkeypatch):
    monkeypatch.setattr(Limits, "of", lambda bundle: Limits(unsure_below=1.01))
    page = look(night)
    page.button(key="sort_confirm").click().run()
    page.text_input(key="sort_output").set_value(f"{night} sorted").run()
    page.button(key="sort_label").click().run()
    assert not page.exception
    assert visited_pages == ["labelling.py"]
    (queue_id,) = list_queues(workspace)
    queue = find_queue(workspace, queue_id)
    assert len(queue.pictures) == 2
    assert set(queue.classes) == set(COLOURS)


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        ("night", "not a full path"),
        ("/no/such/folder", "There is no file or folder"),
        ("{night}/broken.jpg", "broken.jpg is a file: give its folder"),
        ("{workspace}", "must stay where they are"),
        ("{workspace}/models", "must stay where they are"),
        ("{empty}", "empty has no pictures: choose another folder"),
    ],
)
def test_wrong_folder_is_refused(folder, sentence, night, workspace):
    empty = night.with_name("empty")
    empty.mkdir()
    path = folder.format(night=night, workspace=workspace.root, empty=empty)
    page = look(path, "move")
    assert sentence in page.error[0].value.replace("\\", "")


def test_output_that_cannot_be_made_is_refused_before_looking(night):
    page = open_file("classify.py")
    page.text_input(key="sort_source").set_value(str(night)).run()
    page.text_input(key="sort_output").set_value("/proc/xx").run()
    page.button(key="sort_look").click().run()
    assert "cannot be written to" in page.error[0].value


def test_form_is_only_for_who_sits_at_the_own_machine(trained, monkeypatch):
    page = open_file("classify.py")
    assert [one for one in page.text_input if one.key == "sort_source"]
    access = OWNER.without(Action.SORT_FILES)
    monkeypatch.setattr(signed_in, "find_access", lambda *_: access)
    page = open_file("classify.py")
    assert not [one for one in page.text_input if one.key == "sort_source"]


def test_unsure_uploads_go_to_a_queue(trained, visited_pages, workspace, monkeypatch):
    monkeypatch.setattr(Limits, "of", lambda bundle: Limits(unsure_below=1.01))
    page = open_file("classify.py")
    file = io.BytesIO()
    Image.fromarray(draw_blob(900)).save(file, "PNG")
    files = [
        ("a.png", file.getvalue(), "image/png"),
        ("b.png", file.getvalue() + b"x", "image/png"),
    ]
    page.file_uploader[0].set_value(files)
    page.run()
    page.button(key="label_unsure").click().run()
    assert not page.exception
    assert visited_pages == ["labelling.py"]
    (queue_id,) = list_queues(workspace)
    assert len(find_queue(workspace, queue_id).pictures) == 2
