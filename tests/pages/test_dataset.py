"""The Dataset page: empty, filled, damaged, read-only, and edited, also in two tabs at once."""

from __future__ import annotations

import errno
import io
import json
import re
import shutil
import zipfile
from typing import Any

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from cluster_core.access import Access
from cluster_core.data.catalog import list_datasets
from cluster_core.data.editing.classes import list_classes
from cluster_core.data.web.downloads import DownloadReport, FailedAddress
from cluster_core.storage import safe_moves
from cluster_core.storage.trash import list_trash
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import submit_run
from pages.components import demo_dataset, long_work, network_choice
from pages.components.dataset import address_list, overview
from pages.components.dataset.gallery import PER_PAGE
from pages.components.dataset.gallery import key_of as key_of_box
from pages.components.outcome import Outcome
from tests.drawn_pictures import write_shapes
from tests.pages.opening import open_file
from tests.pages.test_hyperparameters import make_choice
from tests.samples import COLOURS, OWNER, cut_off, draw_blob, save_picture, write_photos

BLUE, RED = COLOURS
INVALID_NAMES = ["..", "CON", "a/b", "", "x" * 300, "<script>", "\u202egnp", " ", "a\nb", ".hidden"]


@pytest.fixture
def dataset(workspace):
    return write_photos(workspace.cluster_photos, 4)


def open_page(view: str | None = None, **query: str) -> AppTest:
    page = open_file("dataset.py", **query)
    return choose(page, "dataset_view", view) if view else page


def choose(page: AppTest, key: str, value: str) -> AppTest:
    """Select an option of a segmented control."""
    groups: Any = page.get("button_group")
    (group,) = (group for group in groups if group.key == key)
    group.set_value(value).run()
    assert not page.exception
    return page


def click(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def answer(page: AppTest, key: str, name: str) -> AppTest:
    """Enter a name in the open dialog and confirm it."""
    page.text_input(key=f"{key}_name").set_value(name)
    return click(page, f"confirm_{key}")


def enter_class(page: AppTest, name: str) -> AppTest:
    """Type the name of a new class."""
    (field,) = (box for box in page.selectbox if box.key.startswith("upload_class_"))
    field.options.append(name)  # AppTest accepts a new option only if it is in the list
    field.set_value(name).run()
    assert not page.exception
    return page


def upload(page: AppTest, key: str, files) -> AppTest:
    """Upload files to the uploader whose key starts with `key`."""
    (uploader,) = (u for u in page.file_uploader if u.key.startswith(key))
    uploader.set_value(files)
    page.run()
    assert not page.exception
    return page


def read_outcome(page: AppTest) -> str:
    """Return the outcome of the last action."""
    return [*page.success, *page.error][0].value.replace("\\", "")


def read_all(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.info, page.warning, page.error, page.success)
    return "\n".join(element.value for kind in kinds for element in kind).replace("\\", "")


def has(page: AppTest, key: str) -> bool:
    return any(button.key == key for button in page.button)


def make_jpeg(seed: int, size_px: int = 32) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw_blob(seed, size_px=size_px)).save(file, "JPEG")
    return file.getvalue()


def make_zip(entries: dict[str, bytes]) -> tuple[str, bytes, str]:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return ("photos.zip", file.getvalue(), "application/zip")


def test_empty_workspace_offers_ways_to_start(workspace):
    page = open_page()
    assert page.text_input(key="first_dataset").value == ""
    assert "no pictures yet" in page.markdown[0].value
    assert has(page, "render_sky")
    assert not has(page, "delete_dataset")
    assert not has(page, "to_hyperparameters")
    assert not workspace.root.exists()


def test_simulated_sky_fills_empty_dataset(workspace, visited_pages):
    page = open_page()
    page.selectbox(key="sky_count").set_value(20).run()
    click(page, "render_sky")
    assert "40 pictures of a simulated sky" in read_outcome(page)
    assert len(list(workspace.root.glob("simulated_sky_photos/*/*.jpg"))) == 40
    assert "**40 pictures** in 2 classes" in read_all(page)
    click(page, "to_hyperparameters")
    assert visited_pages == ["hyperparameters.py"]


def test_stopped_rendering_keeps_its_pictures(workspace, monkeypatch):
    def render(output, labels, per_class, seed, on_progress, *, resume):
        save_picture(output / labels[0] / "a.png", draw_blob(1))
        on_progress(1, 40)
        page.session_state["interrupted"] = True
        st.stop()

    monkeypatch.setattr(demo_dataset, "render_demo_dataset", render)
    page = open_page()
    click(page, "render_sky")
    assert page.session_state["interrupted"]
    click(page, "stop_work")
    assert "Stopped" in read_outcome(page)
    assert "**1 picture** in 1 class" in read_all(page)
    assert not has(page, "stop_work")


@pytest.mark.parametrize("is_visitor", [False, True])
def test_dataset_too_large_to_download_names_its_folder(
    workspace, dataset, monkeypatch, is_visitor
):
    access = Access.visitor_in(workspace) if is_visitor else OWNER
    monkeypatch.setattr(overview, "get_access", lambda: access)
    monkeypatch.setattr(overview, "MAX_DOWNLOAD_BYTES", 10)
    page = open_page("Overview")
    assert not page.get("download_button")
    assert "too large to download here" in read_all(page)
    assert (str(dataset) in read_all(page)) is not is_visitor


def test_crashed_task_is_not_resumed(workspace, monkeypatch):
    def render(*_, **__):
        raise RuntimeError("a bug")

    monkeypatch.setattr(demo_dataset, "render_demo_dataset", render)
    page = open_page()
    page.button(key="render_sky").click().run()
    assert page.exception
    page.run()
    assert not page.exception
    assert not has(page, "stop_work")


def test_dataset_is_shown_with_its_classes(dataset, visited_pages):
    page = open_page()
    assert "**8 pictures** in 2 classes" in read_all(page)
    assert len(page.checkbox) == 4
    assert len(page.image) == 4
    assert "Only 4 of blue stars and 4 of red stars" in page.warning[0].value
    choose(page, "class_cluster_photos", RED)
    assert page.checkbox[0].label == "field 10000.png"
    click(page, "to_hyperparameters")
    assert visited_pages == ["hyperparameters.py"]


def test_overview_shows_split_and_sizes(dataset):
    page = open_page("Overview")
    assert len(page.get("vega_lite_chart")) == 1
    text = read_all(page)
    assert "**blue stars**, 4 pictures:" in text
    assert re.search(r"4 pictures: \d training, \d validation and \d test", text)
    assert "48 × 48 px" in text
    assert "smaller than 100 px" in text


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({BLUE: 5}, "only one class, blue stars."),
        ({BLUE: 5, RED: 2}, "Add pictures to red stars (2)."),
    ],
)
def test_missing_pictures_replace_the_next_step(workspace, counts, sentence):
    for label, count in counts.items():
        write_photos(workspace.cluster_photos, count, {label: COLOURS[label]})
    page = open_page()
    assert sentence in page.info[0].value.replace("\\", "")
    assert not has(page, "to_hyperparameters")


def test_empty_third_class_may_be_deleted(dataset):
    (dataset / "green stars").mkdir()
    page = open_page()
    assert "Add pictures to green stars (0)" in page.info[0].value.replace("\\", "")
    assert "or delete a class without pictures" in page.info[0].value


def test_current_settings_decide_what_is_missing(workspace):
    write_photos(workspace.cluster_photos, 2)
    page = open_page()
    assert not has(page, "to_hyperparameters")
    page.session_state["setting_testing_percentage"] = 0
    page.run()
    assert has(page, "to_hyperparameters")


def test_unreadable_files_are_listed_and_can_be_deleted(dataset, workspace):
    (dataset / BLUE / "page.jpg").write_text("<html>")
    (dataset / BLUE / "[notes](x).txt").write_text("notes")
    page = open_page("Overview")
    (expander,) = (e for e in page.expander if "cannot be used" in e.label)
    assert expander.label == "2 files cannot be used: 2 in blue stars"
    assert r"\[notes\]" in expander.markdown[0].value
    assert "page.jpg" in expander.markdown[0].value
    click(page, "delete_rejected")
    assert not any("cannot be used" in e.label for e in page.expander)
    click(page, "undo")
    assert (dataset / BLUE / "page.jpg").exists()


def test_pictures_that_are_cut_off_are_listed_and_can_be_deleted(dataset):
    path = cut_off(dataset / BLUE / "[cut](x).jpg")
    page = open_page("Overview")
    (expander,) = (e for e in page.expander if "cut off" in e.label)
    assert expander.label == "1 picture is cut off or damaged: 1 in blue stars"
    assert r"\[cut\]" in expander.markdown[0].value
    assert "% of the picture is missing" in expander.markdown[0].value
    click(page, "delete_incomplete")
    assert not any("cut off" in e.label for e in page.expander)
    assert not path.exists()


def test_invalid_class_folder_is_reported(dataset):
    (dataset / "line\nbreak").mkdir()
    page = open_page()
    assert "line break" in page.error[0].value
    assert page.selectbox(key="dataset_choice").value == "cluster"


def test_unknown_dataset_in_address_is_reported(dataset):
    page = open_page(dataset="*gone*")
    assert r'no dataset "\*gone\*"' in page.warning[0].value
    assert page.query_params["dataset"] == "cluster"
    assert "**8 pictures**" in read_all(page)


def test_dataset_in_address_is_selected(workspace):
    write_photos(workspace.root / "dogs_photos", 3)
    page = open_page(dataset="dogs")
    assert page.selectbox(key="dataset_choice").value == "dogs"
    assert "**6 pictures**" in read_all(page)


def test_dataset_is_created_deleted_and_restored(dataset, workspace):
    page = click(open_page(), "new_dataset")
    answer(page, "new_dataset", "dogs")
    assert "Created the dataset dogs" in read_outcome(page)
    assert page.query_params["dataset"] == "dogs"
    assert list_datasets(workspace) == ("cluster", "dogs")
    page.selectbox(key="dataset_choice").set_value("cluster").run()
    click(page, "delete_dataset")
    click(page, "confirm_delete_dataset")
    assert list_datasets(workspace) == ("dogs",)
    assert page.selectbox(key="dataset_choice").value == "dogs"
    click(page, "undo")
    assert list_datasets(workspace) == ("cluster", "dogs")
    assert len(list(dataset.glob("*/*.png"))) == 8


def test_deleting_dataset_in_training_is_warned_about(dataset, workspace):
    page = click(open_page(), "delete_dataset")
    assert not any("is queued or in progress" in warning.value for warning in page.warning)
    submit_run(OWNER, workspace, TrainConfig(dataset))
    page.run()
    assert any("is queued or in progress" in warning.value for warning in page.warning)
    click(page, "confirm_delete_dataset")
    assert not dataset.exists()


@pytest.mark.parametrize("name", INVALID_NAMES)
def test_invalid_class_name_is_refused(dataset, name):
    page = click(open_page(), "add_class")
    answer(page, "class", name)
    assert "cannot be called" in page.error[0].value
    click(page, "rename_class")
    answer(page, "rename_class", name)
    assert "cannot be called" in page.error[0].value
    assert list_classes(dataset) == (BLUE, RED)


@pytest.mark.parametrize("name", ["..", "test", ""])
def test_invalid_dataset_name_is_refused(dataset, workspace, name):
    page = click(open_page(), "new_dataset")
    answer(page, "new_dataset", name)
    assert page.error
    assert list_datasets(workspace) == ("cluster",)


@pytest.mark.parametrize("name", ["..", "test"])
def test_invalid_name_of_the_first_dataset_is_refused(workspace, name):
    page = open_page()
    page.text_input(key="first_dataset").set_value(name).run()
    assert "A dataset cannot be called" in page.error[0].value
    upload(choose(page, "source", "Zip"), "upload_zip", make_zip({"a/1.jpg": make_jpeg(1)}))
    assert list_datasets(workspace) == ("photos",)


def test_first_dataset_gets_the_name_that_was_typed(workspace):
    page = open_page()
    page.text_input(key="first_dataset").set_value("my shapes").run()
    upload(choose(page, "source", "Zip"), "upload_zip", make_zip({"a/1.jpg": make_jpeg(1)}))
    assert list_datasets(workspace) == ("my shapes",)
    assert page.selectbox(key="dataset_choice").value == "my shapes"


def test_class_is_added_renamed_deleted_and_restored(dataset, workspace):
    page = click(open_page(), "add_class")
    answer(page, "class", "green [stars](x)")
    assert "green [stars](x)" in list_classes(dataset)
    assert "has no pictures yet" in read_all(page)
    choose(page, "dataset_view", "Add pictures")
    assert page.selectbox(key="upload_class_cluster_photos").value == "green [stars](x)"
    choose(page, "dataset_view", "Pictures")
    choose(page, "class_cluster_photos", RED)
    click(page, "rename_class")
    answer(page, "rename_class", "crimson")
    assert "Renamed the class red stars to crimson" in read_outcome(page)
    click(page, "delete_class")
    assert "crimson" not in list_classes(dataset)
    choose(page, "dataset_view", "Add pictures")
    assert page.selectbox(key="upload_class_cluster_photos").value in list_classes(dataset)
    click(page, "undo")
    assert len(list((dataset / "crimson").iterdir())) == 4
    assert not list_trash(workspace)


def test_class_becomes_one_of_counter_examples_and_an_ordinary_one_again(dataset):
    write_photos(dataset, 4, {"green stars": (60, 250, 80)})
    page = choose(open_page(), "class_cluster_photos", "green stars")
    assert "**12 pictures** in 3 classes" in read_all(page)
    page.toggle(key="counter_cluster_photos_green stars").set_value(True).run()
    assert "green stars now holds pictures of none of the classes" in read_outcome(page)
    assert "**8 pictures** in 2 classes and 4 pictures of none of these" in read_all(page)
    assert page.toggle(key="counter_cluster_photos_green stars").value
    choose(page, "dataset_view", "Overview")
    assert "**green stars**, 4 pictures of none of the classes" in read_all(page)
    choose(page, "dataset_view", "Pictures")
    page.toggle(key="counter_cluster_photos_green stars").set_value(False).run()
    assert "**12 pictures** in 3 classes" in read_all(page)


def test_class_called_none_of_these_is_explained_without_a_switch(dataset):
    write_photos(dataset, 4, {"None of these": (60, 250, 80)})
    page = choose(open_page(), "class_cluster_photos", "None of these")
    assert not page.toggle
    assert "It gets no score of its own" in read_all(page)
    assert len(page.checkbox) == 4


def test_move_of_pictures_can_be_undone(dataset):
    page = open_page()
    for box in page.checkbox[:2]:
        box.check()
    page.run()
    click(page, "move_pictures")
    assert "Moved 2 of 2 pictures from blue stars to red stars" in read_outcome(page)
    assert len(list((dataset / RED).iterdir())) == 6
    click(page, "undo")
    assert len(list((dataset / RED).iterdir())) == 4


def test_all_pictures_of_a_page_are_selected_deleted_and_restored(dataset):
    write_photos(dataset, PER_PAGE + 2, {BLUE: COLOURS[BLUE]}, first_seed=100)
    page = open_page()
    assert len(page.checkbox) == PER_PAGE
    assert f"Page 1 of 2: pictures 1 to {PER_PAGE} of {PER_PAGE + 6}" in read_all(page)
    click(page, "pick_all")
    assert all(box.value for box in page.checkbox)
    click(page, "delete_pictures")
    assert len(page.checkbox) == 6
    assert not any(box.value for box in page.checkbox)
    click(page, "undo")
    assert len(list((dataset / BLUE).iterdir())) == PER_PAGE + 6
    click(page, "pick_all")
    click(page, "pick_all")
    assert not any(box.value for box in page.checkbox)


def test_second_page_shows_remaining_pictures(dataset):
    write_photos(dataset, PER_PAGE, {BLUE: COLOURS[BLUE]}, first_seed=100)
    page = open_page()
    paginations: Any = page.get("pagination")
    (pages,) = paginations
    pages.set_value(2).run()
    assert not page.exception
    assert len(page.checkbox) == 4
    for box in page.checkbox:
        box.check()
    page.run()
    click(page, "delete_pictures")
    assert len(page.checkbox) == PER_PAGE


def test_pictures_are_sorted_by_number(workspace):
    write_photos(workspace.cluster_photos, 4, {RED: COLOURS[RED]})
    names = ["b (10).jpg", "b (2).jpg", "B (1).jpg", "a.jpg", "7.jpg"]
    for seed, name in enumerate(names):
        save_picture(workspace.cluster_photos / BLUE / name, draw_blob(seed))
    page = open_page()
    boxes = [box.key for box in page.checkbox]
    in_order = ["7.jpg", "a.jpg", "B (1).jpg", "b (2).jpg", "b (10).jpg"]
    assert boxes == [key_of_box(workspace.cluster_photos / BLUE / name) for name in in_order]


def test_picture_is_enlarged(dataset):
    page = open_page()
    enlarge = next(button for button in page.button if button.key.startswith("enlarge"))
    enlarge.click().run()
    assert not page.exception
    assert len(page.image) == 5


def test_trash_is_restored_from_and_emptied_after_confirmation(dataset, workspace):
    page = click(open_page(), "delete_class")
    click(page, "delete_class")
    first, second = list_trash(workspace)
    click(page, f"restore_{first.id}")
    assert list_classes(dataset) == (RED,)
    click(page, "empty_trash")
    assert list_trash(workspace) == (second,)
    click(page, "confirm_empty_trash")
    assert list_trash(workspace) == ()
    assert "Permanently deleted 4 files." in read_outcome(page)


def test_unreadable_trash_is_kept_unless_chosen(dataset, workspace):
    page = click(open_page(), "delete_class")
    (entry,) = list_trash(workspace)
    (workspace.trash / entry.id / "record.json").write_text("{")
    click(page, "delete_class")
    assert page.button(key=f"restore_{entry.id}").disabled
    assert any(text.value.startswith("Unreadable · 4 files") for text in page.markdown)
    click(page, "empty_trash")
    click(page, "confirm_empty_trash")
    assert "Permanently deleted 4 files." in read_outcome(page)
    assert [one.id for one in list_trash(workspace)] == [entry.id]
    click(page, "empty_trash")
    assert "confirm_empty_trash" not in {button.key for button in page.button}
    page.multiselect(key="unreadable_trash").select(entry.id).run()
    click(page, "confirm_empty_trash")
    assert list_trash(workspace) == ()
    assert "Permanently deleted 4 files." in read_outcome(page)


def test_undo_after_emptied_trash_is_reported(dataset, workspace):
    page = click(open_page(), "delete_class")
    shutil.rmtree(workspace.trash)
    click(page, "undo")
    assert "no longer in the trash" in read_outcome(page)


def test_500_pictures_are_added_once(workspace):
    page = enter_class(open_page(), "open clusters")
    files = [(f"{n}.jpg", make_jpeg(n, 8), "image/jpeg") for n in range(500)]
    upload(page, "upload_files", files)
    assert "Added 500 to open clusters." in read_outcome(page)
    folder = workspace.root / "pictures_photos" / "open clusters"
    assert len(list(folder.iterdir())) == 500
    page.run()
    assert "**500 pictures** in 1 class" in read_all(page)
    assert len(list(folder.iterdir())) == 500


def test_unreadable_files_are_named_and_the_rest_is_added(dataset):
    page = open_page("Add pictures")
    upload(
        page,
        "upload_files",
        [
            ("good.jpg", make_jpeg(900), "image/jpeg"),
            ("figure.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n", "image/jpeg"),
            ("[page](x).jpg", b"<html>not a picture", "image/jpeg"),
        ],
    )
    assert "Added 1 to blue stars; 2 could not be used." in read_outcome(page)
    (reasons,) = (e for e in page.expander if "left out" in e.label)
    assert "figure.jpg" in reasons.markdown[0].value
    assert r"\[page\]" in reasons.markdown[0].value
    assert not list(dataset.glob("*/figure*"))


def test_pictures_in_two_classes_are_named_with_both(dataset):
    names = sorted((dataset / BLUE).iterdir())[:2]
    page = choose(open_page("Add pictures"), "source", "Zip")
    entries = {f"{RED}/{path.name}": path.read_bytes() for path in names}
    upload(page, "upload_zip", make_zip(entries))
    assert (
        "Added 2 to red stars. 2 pictures are now both in blue stars and in red stars. Delete "
        "each from one of them." in read_outcome(page)
    )
    (expander,) = (e for e in page.expander if "two classes" in e.label)
    assert "in red stars and in blue stars." in expander.markdown[0].value
    assert names[0].name in expander.markdown[0].value


def test_full_disk_is_reported_and_leaves_no_partial_file(dataset, monkeypatch):
    def fail(path, data):
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(dataset.rglob("*"))
    page = open_page("Add pictures")
    monkeypatch.setattr(safe_moves.Path, "write_bytes", fail)
    upload(page, "upload_files", [("a.jpg", make_jpeg(77), "image/jpeg")])
    assert "disk is full" in read_all(page)
    assert sorted(dataset.rglob("*")) == before


@pytest.mark.parametrize("name", INVALID_NAMES[:3] + INVALID_NAMES[4:7])
def test_upload_to_invalid_class_name_is_refused(workspace, name):
    page = enter_class(open_page(), name)
    assert "cannot be called" in page.error[0].value
    assert not page.file_uploader


def test_folder_upload_creates_its_classes(workspace):
    page = choose(open_page(), "source", "Folder")
    names = ["sky/open/a.jpg", "sky/globular/b.jpg", "sky/Open/c.jpg", "sky/CON/d.jpg"]
    upload(
        page,
        "upload_folder",
        [(name, make_jpeg(n), "image/jpeg") for n, name in enumerate(names)],
    )
    assert "Added 2 to Open and 1 to globular; 1 could not be used." in read_outcome(page)
    assert list_classes(workspace.root / "sky_photos") == ("Open", "globular")
    assert page.selectbox(key="dataset_choice").value == "sky"


def test_zip_upload_creates_its_classes(workspace):
    page = choose(open_page(), "source", "Zip")
    entries = {"p/open/a.jpg": make_jpeg(1), "p/globular/b.jpg": make_jpeg(2), "p/x.txt": b"x"}
    upload(page, "upload_zip", make_zip(entries))
    outcome = read_outcome(page)
    assert "1 to open" in outcome
    assert "1 to globular" in outcome
    assert list_datasets(workspace) == ("photos",)
    assert list_classes(workspace.root / "photos_photos") == ("globular", "open")


def test_guessed_names_of_a_zip_are_reported(workspace):
    page = choose(open_page(), "source", "Zip")
    name, data, kind = make_zip({"abcd/a.jpg": make_jpeg(1)})
    upload(page, "upload_zip", (name, data.replace(b"abcd", "銀河".encode("cp932")), kind))
    outcome = read_outcome(page)
    assert "Added 1 to 銀河." in outcome
    assert "read as Japanese (Shift-JIS): rename a class if its name looks wrong." in outcome


@pytest.fixture
def interrupted(workspace, dataset):
    """A workspace with an import that was killed when one of two pictures had been added."""
    folder = workspace.incoming / "killed"
    folder.mkdir(parents=True)
    (folder / "1").write_bytes(make_jpeg(1))
    files = [{"staged": f"{n}", "label": "new", "file_name": f"{n}.jpg"} for n in range(2)]
    record = {"dataset": "cluster", "labels": ["new"], "files": files}
    (folder / "placing.json").write_text(json.dumps(record))
    return workspace


def test_interrupted_import_is_continued(interrupted):
    page = open_page()
    (warning,) = [box.value for box in page.warning if "server stopped" in box.value]
    assert "**cluster**: 1 of 2 pictures were added" in warning
    page.button(key="continue_killed").click().run()
    assert "Added 1 to new." in read_outcome(page)
    assert (interrupted.cluster_photos / "new" / "1.jpg").read_bytes() == make_jpeg(1)
    assert list(interrupted.incoming.iterdir()) == []
    assert not has(page, "continue_killed")


def test_interrupted_import_is_discarded(interrupted):
    page = open_page()
    page.button(key="discard_killed").click().run()
    assert "Discarded 1 picture of this import." in read_outcome(page)
    assert not (interrupted.cluster_photos / "new").exists()
    assert not has(page, "continue_killed")


def test_malicious_zip_is_reported(workspace):
    page = choose(open_page(), "source", "Zip")
    upload(page, "upload_zip", make_zip({"../../x/a.jpg": make_jpeg(1)}))
    assert "../../x/a.jpg" in page.error[0].value.replace("\\", "")
    assert list_datasets(workspace) == ()


def test_addresses_are_downloaded_and_failures_reported(dataset, monkeypatch):
    asked = []

    def download(access, addresses, folder, on_progress=None):
        asked.append((addresses, folder))
        on_progress(1, 2)
        path = save_picture(folder / "m13.png", draw_blob(55))
        return DownloadReport((path,), (), (FailedAddress("http://b.org/x", "It is [gone]."),))

    monkeypatch.setattr(address_list, "download_pictures", download)
    page = choose(open_page("Add pictures"), "source", "Addresses")
    click(page, "download_addresses")
    assert "The list is empty" in read_outcome(page)
    page.text_area(key="address_list").set_value("http://a.org/m13\n# no\n\nhttp://b.org/x").run()
    click(page, "download_addresses")
    assert asked == [(("http://a.org/m13", "http://b.org/x"), dataset / BLUE)]
    assert "Downloaded 1 of 2 pictures to blue stars; 1 could not be downloaded." in read_outcome(
        page
    )
    (reasons,) = (e for e in page.expander if "left out" in e.label)
    assert r"\[gone\]" in reasons.markdown[0].value


def test_text_file_fills_the_address_list(dataset):
    page = choose(open_page("Add pictures"), "source", "Addresses")
    upload(page, "address_file", ("list.txt", b"\xef\xbb\xbfhttp://a.org/1\n\xff", "text/plain"))
    assert "http://a.org/1" in page.text_area(key="address_list").value


def test_conflicts_between_two_tabs_are_reported(dataset):
    one, other = open_page(), open_page()
    for page in (one, other):
        page.checkbox[0].check()
        page.run()
    click(one, "delete_pictures")
    click(other, "delete_pictures")
    assert "nothing is left to delete" in read_outcome(other)
    assert len(other.checkbox) == 3
    third = open_page()
    third.checkbox[0].check()
    third.run()
    click(other, "delete_class")
    click(third, "move_pictures")
    assert not third.exception
    assert list_classes(dataset) == (RED,)
    assert len(third.checkbox) == 4


def test_dataset_deleted_in_another_tab_is_recreated_by_upload(dataset, workspace):
    page = open_page("Add pictures")
    shutil.rmtree(dataset)
    upload(page, "upload_files", [("a.jpg", make_jpeg(5), "image/jpeg")])
    assert "Added 1 to blue stars" in read_outcome(page)
    shutil.rmtree(dataset)
    page.run()
    assert not page.exception
    assert "no pictures yet" in read_all(page)


def test_pictures_are_read_once_until_a_file_changes(dataset, monkeypatch):
    from pages.components import dataset_contents

    scan, calls = dataset_contents.scan_unless_saved, []
    monkeypatch.setattr(
        dataset_contents, "scan_unless_saved", lambda *args: calls.append(args) or scan(*args)
    )
    page = open_page()
    page.run()
    choose(page, "dataset_view", "Overview")
    assert len(calls) == 1
    save_picture(dataset / BLUE / "new.png", draw_blob(4321))
    page.run()
    assert len(calls) == 2
    assert "**9 pictures**" in read_all(page)


def test_interrupted_task_resumes(dataset, monkeypatch):
    page = open_page()
    runs = []

    def resume(on_progress):
        runs.append(1)
        if len(runs) == 1:
            st.stop()
        return Outcome("All done.")

    work = long_work.Work("Working", resume, lambda: Outcome("Stopped."))
    page.session_state[long_work._WORK] = work
    page.run()
    assert len(runs) == 1
    page.run()
    assert "All done." in read_outcome(page)
    page.run()
    assert len(runs) == 2


def test_picture_deleted_while_the_page_is_drawn_is_reported(dataset, monkeypatch):
    page = open_page()
    assert page.session_state[key_of_box(dataset / BLUE / "field 0.png")] is False
    from pages.components.dataset import gallery

    real = gallery.ThumbnailCache.get_many

    def get_many(cache, paths):
        paths[0].unlink(missing_ok=True)
        return real(cache, paths)

    monkeypatch.setattr(gallery.ThumbnailCache, "get_many", get_many)
    page.run()
    assert not page.exception
    assert any("field 0.png" in caption.value for caption in page.caption)


def find_network_hint(page: AppTest) -> str | None:
    return next(
        (text.value for text in page.caption if "do not look like star" in text.value), None
    )


def test_everyday_pictures_are_announced_to_suit_the_everyday_network(workspace):
    write_shapes(workspace.root / "shape_photos", 5)
    hint = find_network_hint(open_page(dataset="shape"))
    assert hint.endswith("These do not look like star fields, so the Everyday network suits them.")


def test_star_fields_and_very_few_pictures_get_no_hint(workspace):
    write_photos(workspace.root / "star_photos", 12)
    assert find_network_hint(open_page(dataset="star")) is None
    write_shapes(workspace.root / "few_photos", 3)
    assert find_network_hint(open_page(dataset="few")) is None


def test_hint_names_the_figures_of_a_trial(workspace, monkeypatch):
    write_shapes(workspace.root / "shape_photos", 5)
    choice = make_choice({"everyday": 0.97, "sky": 0.61})
    monkeypatch.setattr(network_choice, "find_choice", lambda *_: choice)
    assert find_network_hint(open_page(dataset="shape")).endswith(
        "so the Everyday network suits them: 97% in a trial against 61% for Sky."
    )


def test_unsorted_pictures_have_a_way_to_the_label_page(workspace, visited_pages):
    open_page().button(key="to_labelling").click().run()
    assert visited_pages == ["labelling.py"]
