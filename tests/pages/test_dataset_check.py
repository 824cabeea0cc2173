"""The Check view of the Dataset page."""

from __future__ import annotations

import shutil

import pytest
import streamlit as st

from cluster_core.data.confirmed_labels import load_confirmed
from cluster_core.data.declared_groups import load_same_objects
from cluster_core.health import load_check
from cluster_core.health.kept import LAST_CHECK
from cluster_core.storage.trash import list_trash
from cluster_core.workspace import ROOT_VARIABLE, Workspace
from pages.components import signed_in
from pages.components.words import format_time
from tests.pages.opening import open_file
from tests.pages.test_dataset import choose, click
from tests.samples import write_photos

WRONG = "Labels that may be wrong"


@pytest.fixture(scope="module")
def checked_once(tmp_path_factory):
    """The root of a workspace with a dataset and the findings in it. Read-only.

    Two classes have one picture in the wrong one, one copy in a class, and one across classes.
    """
    workspace = Workspace(tmp_path_factory.mktemp("checked") / "tf_files")
    folder = write_photos(workspace.cluster_photos, 24)
    red, blue = folder / "red stars", folder / "blue stars"
    pictures = sorted(red.iterdir())
    pictures[3].rename(blue / "wrong.png")
    shutil.copy(pictures[5], red / "copy.png")
    shutil.copy(pictures[7], blue / "across.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ROOT_VARIABLE, str(workspace.root))
        patch.setattr(signed_in, "is_at_own_machine", lambda *_: True)
        page = click(open_check(), "check_dataset")
    assert "Checked 50 pictures." in read(page)
    return workspace.root


@pytest.fixture
def dataset(workspace, checked_once):
    shutil.copytree(checked_once, workspace.root)
    return workspace.cluster_photos


@pytest.fixture
def page(dataset):
    return open_check()


def open_check():
    return choose(open_file("dataset.py"), "dataset_view", "Check")


def find_button(page, prefix: str, title: str):
    """Return the first button with such a key in the section with such a title."""
    section = next(one for one in page.expander if one.label.startswith(f"**{title}**"))
    return next(one for one in section.button if one.key.startswith(prefix))


def press(page, prefix: str, title: str):
    find_button(page, prefix, title).click().run()
    assert not page.exception
    return page


def read(page) -> str:
    return " ".join(
        one.value for one in (*page.markdown, *page.success, *page.error, *page.caption)
    )


def test_faults_are_shown_with_their_pictures(page):
    text = read(page)
    assert "things to look at** among 50 pictures" in text
    assert "wrong.png is in blue stars, but looks like red stars" in text
    assert not page.exception


def test_findings_are_still_there_after_a_restart(page):
    st.cache_resource.clear()
    again = open_check()
    assert "wrong.png is in blue stars, but looks like red stars" in read(again)
    made = load_check(Workspace.default().cluster_photos).made
    assert f"Checked {format_time(made)}." in read(again)
    assert "has changed since" not in read(again)


def test_check_that_cannot_be_saved_is_shown_until_the_restart(workspace):
    write_photos(workspace.cluster_photos, 3)
    (workspace.cluster_photos / LAST_CHECK).mkdir()
    page = click(open_check(), "check_dataset")
    assert "could not be kept, because" in read(page)
    assert "It is shown here until the program is restarted." in read(page)
    assert "blue stars has only 3 pictures" in read(open_check())
    st.cache_resource.clear()
    assert "blue stars has only" not in read(open_check())


def test_wrong_label_is_moved_and_moved_back(page, dataset):
    wrong = dataset / "blue stars" / "wrong.png"
    press(page, "move_", WRONG)
    assert not wrong.exists()
    assert (dataset / "red stars" / "wrong.png").is_file()
    assert "wrong.png is in" not in read(page)
    assert "that this check found." in read(page)
    assert "The dataset has changed since: check again." in read(page)
    assert page.button(key="check_dataset").label == "Check again"
    click(page, "undo")
    assert wrong.is_file()
    assert "wrong.png is in blue stars" in read(page)
    assert "has changed since" not in read(page)


def test_label_is_accepted_and_open_again(page, dataset):
    press(page, "fine_", WRONG)
    assert list(load_confirmed(dataset).values()) == ["blue stars"]
    assert "wrong.png is in" not in read(page)
    click(page, "undo")
    assert load_confirmed(dataset) == {}
    assert "wrong.png is in blue stars" in read(page)


def test_picture_goes_to_the_trash_and_comes_back(page, dataset, workspace):
    press(page, "remove_", WRONG)
    assert not (dataset / "blue stars" / "wrong.png").exists()
    assert len(list_trash(workspace)) == 1
    click(page, "undo")
    assert (dataset / "blue stars" / "wrong.png").is_file()


def test_only_the_largest_copy_is_kept(page, dataset):
    before = len(list((dataset / "red stars").iterdir()))
    press(page, "keep_", "Copies")
    assert len(list((dataset / "red stars").iterdir())) == before - 1
    click(page, "undo")
    assert len(list((dataset / "red stars").iterdir())) == before


def test_copies_are_marked_as_one_object_and_unmarked(page, dataset):
    press(page, "one_", "Copies")
    assert len(load_same_objects(dataset)) == 1
    click(page, "undo")
    assert load_same_objects(dataset) == ()


def test_one_of_two_copies_across_classes_is_removed(page, dataset):
    press(page, "drop_", "Copies in different classes")
    assert not (dataset / "blue stars" / "across.png").exists()
    click(page, "undo")
    assert (dataset / "blue stars" / "across.png").exists()


def test_unusable_file_is_named_and_removed(dataset):
    fake = dataset / "red stars" / "fake.jpg"
    fake.write_text("no picture")
    (dataset / "empty").mkdir()
    page = click(open_check(), "check_dataset")
    assert "fake.jpg is " in read(page)
    assert "empty has no pictures that can be used" in read(page)
    press(page, "remove_", "Files that cannot be used")
    assert not fake.exists()
    assert "fake.jpg is " not in read(page)
    click(page, "undo")
    assert fake.exists()


def test_picture_moved_in_another_tab_is_reported(page, dataset):
    button = find_button(page, "move_", WRONG)
    (dataset / "blue stars" / "wrong.png").unlink()
    button.click().run()
    assert not page.exception
    assert "wrong.png has already been moved or deleted" in read(page)
