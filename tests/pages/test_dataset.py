"""Dataset: empty, filled, broken, read-only, and changed in every way, also by two at once."""

from __future__ import annotations

import errno
import io
import shutil
import zipfile

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.data.catalog import list_datasets
from cluster_core.data.editing.changes import list_classes
from cluster_core.data.web.downloads import DownloadReport, FailedAddress
from cluster_core.storage import safe_moves as placing
from cluster_core.storage.trash import list_trash
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import submit_run
from pages.components import demo_dataset
from pages.components import long_work as dataset_work
from pages.components.dataset import address_list
from pages.components.dataset import overview as dataset_overview
from pages.components.dataset.gallery import PER_PAGE
from pages.components.dataset.gallery import key_of as key_of_box
from pages.components.outcome import Outcome
from tests.pages.opening import open_file
from tests.samples import COLOURS, draw_blob, save_picture, write_photos

BLUE, RED = COLOURS
BAD_NAMES = ["..", "CON", "a/b", "", "x" * 300, "<script>", "\u202egnp", " ", "a\nb", ".hidden"]


@pytest.fixture
def dataset(workspace):
    return write_photos(workspace.cluster_photos, 4)


def open_page(view: str | None = None, **query: str) -> AppTest:
    page = open_file("dataset.py", **query)
    return choose(page, "dataset_view", view) if view else page


def choose(page: AppTest, key: str, value: str) -> AppTest:
    """Choose a segment."""
    (group,) = (group for group in page.get("button_group") if group.key == key)
    group.set_value(value).run()
    assert not page.exception
    return page


def click(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def answer(page: AppTest, key: str, name: str) -> AppTest:
    """Write a name into an open dialog and confirm it."""
    page.text_input(key=f"{key}_name").set_value(name)
    return click(page, f"confirm_{key}")


def write_class(page: AppTest, name: str) -> AppTest:
    """Type the name of a new class."""
    field = page.selectbox(key="upload_class_cluster_photos")
    field.options.append(name)  # what is typed counts as one more of them
    field.set_value(name).run()
    assert not page.exception
    return page


def upload(page: AppTest, key: str, files) -> AppTest:
    """Give files to the uploader whose key begins like that."""
    (uploader,) = (u for u in page.file_uploader if u.key.startswith(key))
    uploader.set_value(files)
    page.run()
    assert not page.exception
    return page


def read_told(page: AppTest) -> str:
    """The sentence about what was done last."""
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


def test_an_empty_workspace_shows_the_ways_to_begin(workspace):
    page = open_page()
    assert page.selectbox(key="dataset_choice").value == "cluster"
    assert "no pictures yet" in page.markdown[0].value
    assert has(page, "render_sky")
    assert has(page, "new_dataset")
    assert not has(page, "delete_dataset")
    assert not has(page, "to_hyperparameters")
    assert not workspace.root.exists()


def test_a_simulated_sky_fills_an_empty_dataset(workspace, ways):
    page = open_page()
    page.selectbox(key="sky_count").set_value(20).run()
    click(page, "render_sky")
    assert "40 pictures of a simulated sky" in read_told(page)
    assert len(list(workspace.cluster_photos.glob("*/*.jpg"))) == 40
    assert "**40 pictures** in 2 classes" in read_all(page)
    click(page, "to_hyperparameters")
    assert ways == ["hyperparameters.py"]


def test_drawing_can_be_stopped_and_what_is_drawn_stays(workspace, monkeypatch):
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
    assert "Stopped" in read_told(page)
    assert "**1 picture** in 1 class" in read_all(page)
    assert not has(page, "stop_work")


@pytest.mark.parametrize("is_public", [False, True])
def test_what_is_too_large_to_download_is_a_folder_to_copy(dataset, monkeypatch, is_public):
    monkeypatch.setenv(PUBLIC_VARIABLE, str(int(is_public)))
    monkeypatch.setattr(dataset_overview, "MOST_DOWNLOAD_BYTES", 10)
    page = open_page("Overview")
    assert not page.get("download_button")
    assert "Too large to download from here" in read_all(page)
    assert (str(dataset) in read_all(page)) is not is_public


def test_work_that_meets_a_bug_is_not_begun_again_with_every_click(workspace, monkeypatch):
    def render(*_, **__):
        raise RuntimeError("a bug")

    monkeypatch.setattr(demo_dataset, "render_demo_dataset", render)
    page = open_page()
    page.button(key="render_sky").click().run()
    assert page.exception
    page.run()
    assert not page.exception
    assert not has(page, "stop_work")


def test_a_filled_dataset_is_shown_with_its_classes(dataset, ways):
    page = open_page()
    assert "**8 pictures** in 2 classes" in read_all(page)
    assert len(page.checkbox) == 4
    assert len(page.image) == 4
    assert "Only 4 of blue stars and 4 of red stars" in page.warning[0].value
    choose(page, "class_cluster_photos", RED)
    assert page.checkbox[0].label == "field 10000.png"
    click(page, "to_hyperparameters")
    assert ways == ["hyperparameters.py"]


def test_the_overview_says_what_pictures_are_used_for(dataset):
    page = open_page("Overview")
    assert len(page.get("vega_lite_chart")) == 1
    text = read_all(page)
    assert "to learn from" in text
    assert "48 x 48 px" in text
    assert "smaller than 100 px" in text


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [({BLUE: 5}, "only one class, blue stars"), ({BLUE: 5, RED: 2}, "needed of red stars (2)")],
)
def test_what_is_missing_is_said_instead_of_the_next_step(workspace, counts, sentence):
    for label, count in counts.items():
        write_photos(workspace.cluster_photos, count, {label: COLOURS[label]})
    page = open_page()
    assert sentence in page.info[0].value.replace("\\", "")
    assert not has(page, "to_hyperparameters")


def test_an_empty_class_that_is_one_too_many_may_be_deleted(dataset):
    (dataset / "green stars").mkdir()
    page = open_page()
    assert "needed of green stars (0)" in page.info[0].value.replace("\\", "")
    assert "can also be deleted" in page.info[0].value


def test_the_settings_chosen_decide_what_is_missing(workspace):
    write_photos(workspace.cluster_photos, 2)
    page = open_page()
    assert not has(page, "to_hyperparameters")
    page.session_state["setting_testing_percentage"] = 0
    page.run()
    assert has(page, "to_hyperparameters")


def test_files_that_cannot_be_read_are_listed_and_can_be_deleted(dataset, workspace):
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


def test_a_class_folder_that_cannot_be_stored_is_a_sentence(dataset):
    (dataset / "line\nbreak").mkdir()
    page = open_page()
    assert "line break" in page.error[0].value
    assert page.selectbox(key="dataset_choice").value == "cluster"


def test_an_unknown_dataset_in_the_address_is_told(dataset):
    page = open_page(dataset="*gone*")
    assert r"no dataset \*gone\*" in page.warning[0].value
    assert page.query_params["dataset"] == "cluster"
    assert "**8 pictures**" in read_all(page)


def test_the_address_brings_a_dataset(workspace):
    write_photos(workspace.root / "dogs_photos", 3)
    page = open_page(dataset="dogs")
    assert page.selectbox(key="dataset_choice").value == "dogs"
    assert "**6 pictures**" in read_all(page)


def test_visitors_of_a_public_demo_may_only_look(dataset, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    page = open_page()
    assert "not change them" in page.info[0].value
    assert not page.checkbox
    assert not page.file_uploader
    assert {button.key.split("_")[0] for button in page.button} == {"to", "enlarge"}
    choose(page, "dataset_view", "Overview")
    assert len(page.get("vega_lite_chart")) == 1


def test_an_empty_public_demo_offers_nothing(workspace, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    page = open_page()
    assert not page.button
    assert "no pictures here yet" in read_all(page)


def test_a_dataset_is_made_and_deleted_and_brought_back(dataset, workspace):
    page = click(open_page(), "new_dataset")
    answer(page, "new_dataset", "dogs")
    assert "dogs is ready" in read_told(page)
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


def test_who_deletes_a_dataset_that_is_trained_on_is_warned(dataset, workspace):
    page = click(open_page(), "delete_dataset")
    assert not any("has not ended yet" in warning.value for warning in page.warning)
    submit_run(workspace, TrainConfig(dataset))
    page.run()
    assert any("has not ended yet" in warning.value for warning in page.warning)
    click(page, "confirm_delete_dataset")
    assert not dataset.exists()


@pytest.mark.parametrize("name", BAD_NAMES)
def test_no_class_gets_a_bad_name(dataset, name):
    page = click(open_page(), "add_class")
    answer(page, "class", name)
    assert "cannot be called" in page.error[0].value
    click(page, "rename_class")
    answer(page, "rename_class", name)
    assert "cannot be called" in page.error[0].value
    assert list_classes(dataset) == (BLUE, RED)


@pytest.mark.parametrize("name", ["..", "test", ""])
def test_no_dataset_gets_a_bad_name(workspace, name):
    page = click(open_page(), "new_dataset")
    answer(page, "new_dataset", name)
    assert page.error
    assert list_datasets(workspace) == ()


def test_classes_are_added_renamed_deleted_and_brought_back(dataset, workspace):
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
    assert "now called crimson" in read_told(page)
    click(page, "delete_class")
    assert "crimson" not in list_classes(dataset)
    choose(page, "dataset_view", "Add pictures")
    assert page.selectbox(key="upload_class_cluster_photos").value in list_classes(dataset)
    click(page, "undo")
    assert len(list((dataset / "crimson").iterdir())) == 4
    assert not list_trash(workspace)


def test_pictures_are_moved_and_moved_back(dataset):
    page = open_page()
    for box in page.checkbox[:2]:
        box.check()
    page.run()
    click(page, "move_pictures")
    assert "Moved 2 of 2 pictures from blue stars to red stars" in read_told(page)
    assert len(list((dataset / RED).iterdir())) == 6
    click(page, "undo")
    assert len(list((dataset / RED).iterdir())) == 4


def test_all_pictures_of_a_page_are_picked_and_deleted_and_brought_back(dataset):
    write_photos(dataset, PER_PAGE + 2, {BLUE: COLOURS[BLUE]}, first_seed=100)
    page = open_page()
    assert len(page.checkbox) == PER_PAGE
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


def test_the_second_page_shows_the_others(dataset):
    write_photos(dataset, PER_PAGE, {BLUE: COLOURS[BLUE]}, first_seed=100)
    page = open_page()
    (pages,) = page.get("pagination")
    pages.set_value(2).run()
    assert not page.exception
    assert len(page.checkbox) == 4
    for box in page.checkbox:
        box.check()
    page.run()
    click(page, "delete_pictures")
    assert len(page.checkbox) == PER_PAGE


def test_pictures_are_shown_in_the_order_people_count(workspace):
    write_photos(workspace.cluster_photos, 4, {RED: COLOURS[RED]})
    names = ["b (10).jpg", "b (2).jpg", "B (1).jpg", "a.jpg", "7.jpg"]
    for seed, name in enumerate(names):
        save_picture(workspace.cluster_photos / BLUE / name, draw_blob(seed))
    page = open_page()
    boxes = [box.key for box in page.checkbox]
    in_order = ["7.jpg", "a.jpg", "B (1).jpg", "b (2).jpg", "b (10).jpg"]
    assert boxes == [key_of_box(workspace.cluster_photos / BLUE / name) for name in in_order]


def test_a_picture_is_enlarged(dataset):
    page = open_page()
    enlarge = next(button for button in page.button if button.key.startswith("enlarge"))
    enlarge.click().run()
    assert not page.exception
    assert len(page.image) == 5


def test_the_trash_gives_back_and_is_emptied_after_a_question(dataset, workspace):
    page = click(open_page(), "delete_class")
    click(page, "delete_class")
    first, second = list_trash(workspace)
    click(page, f"restore_{first.id}")
    assert list_classes(dataset) == (RED,)
    click(page, "empty_trash")
    assert list_trash(workspace) == (second,)
    click(page, "confirm_empty_trash")
    assert list_trash(workspace) == ()
    assert "4 files are deleted for good" in read_told(page)


def test_undo_of_what_is_gone_is_a_sentence(dataset, workspace):
    page = click(open_page(), "delete_class")
    shutil.rmtree(workspace.trash)
    click(page, "undo")
    assert "not in the trash any more" in read_told(page)


def test_500_pictures_are_added_once(workspace):
    page = write_class(open_page(), "open clusters")
    files = [(f"{n}.jpg", make_jpeg(n, 8), "image/jpeg") for n in range(500)]
    upload(page, "upload_files", files)
    assert "Added 500 to open clusters." in read_told(page)
    assert len(list((workspace.cluster_photos / "open clusters").iterdir())) == 500
    page.run()
    assert "**500 pictures** in 1 class" in read_all(page)
    assert len(list((workspace.cluster_photos / "open clusters").iterdir())) == 500


def test_what_is_no_picture_is_named_and_the_rest_is_added(dataset):
    page = open_page("Add pictures")
    upload(
        page,
        "upload_files",
        [
            ("good.jpg", make_jpeg(900), "image/jpeg"),
            ("figure.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n", "image/jpeg"),
            ("[page](x).jpg", b"<html>no picture", "image/jpeg"),
        ],
    )
    assert "Added 1 to blue stars; 2 could not be used." in read_told(page)
    (reasons,) = (e for e in page.expander if "left out" in e.label)
    assert "figure.jpg" in reasons.markdown[0].value
    assert r"\[page\]" in reasons.markdown[0].value
    assert not list(dataset.glob("*/figure*"))


def test_a_full_disk_is_a_sentence_and_nothing_is_half_written(dataset, monkeypatch):
    def fail(path, data):
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted(dataset.rglob("*"))
    page = open_page("Add pictures")
    monkeypatch.setattr(placing.Path, "write_bytes", fail)
    upload(page, "upload_files", [("a.jpg", make_jpeg(77), "image/jpeg")])
    assert "disk is full" in read_all(page)
    assert sorted(dataset.rglob("*")) == before


@pytest.mark.parametrize("name", BAD_NAMES[:3] + BAD_NAMES[4:7])
def test_no_pictures_go_to_a_class_with_a_bad_name(workspace, name):
    page = write_class(open_page(), name)
    assert "cannot be called" in page.error[0].value
    assert not page.file_uploader


def test_a_folder_brings_its_classes(workspace):
    page = choose(open_page(), "source", "Folder")
    names = ["photos/open/a.jpg", "photos/globular/b.jpg", "photos/Open/c.jpg", "photos/CON/d.jpg"]
    upload(
        page,
        "upload_folder",
        [(name, make_jpeg(n), "image/jpeg") for n, name in enumerate(names)],
    )
    assert "Added 2 to Open and 1 to globular; 1 could not be used." in read_told(page)
    assert list_classes(workspace.cluster_photos) == ("Open", "globular")


def test_a_zip_brings_its_classes(workspace):
    page = choose(open_page(), "source", "Zip")
    entries = {"p/open/a.jpg": make_jpeg(1), "p/globular/b.jpg": make_jpeg(2), "p/x.txt": b"x"}
    upload(page, "upload_zip", make_zip(entries))
    told = read_told(page)
    assert "1 to open" in told
    assert "1 to globular" in told
    assert list_classes(workspace.cluster_photos) == ("globular", "open")


def test_a_hostile_zip_is_a_sentence(workspace):
    page = choose(open_page(), "source", "Zip")
    upload(page, "upload_zip", make_zip({"../../x/a.jpg": make_jpeg(1)}))
    assert "../../x/a.jpg" in page.error[0].value.replace("\\", "")
    assert not workspace.cluster_photos.exists()


def test_a_photo_of_the_camera_is_added(dataset):
    page = choose(open_page("Add pictures"), "source", "Camera")
    assert not page.get("camera_input")
    page.toggle(key="camera_on").set_value(True).run()
    (camera,) = page.get("camera_input")
    camera.set_value(("photo.jpg", make_jpeg(77), "image/jpeg")).run()
    assert not page.exception
    assert "Added 1 to blue stars" in read_told(page)


def test_addresses_are_downloaded_and_failures_named(dataset, monkeypatch):
    asked = []

    def download(addresses, folder, on_progress=None):
        asked.append((addresses, folder))
        on_progress(1, 2)
        path = save_picture(folder / "m13.png", draw_blob(55))
        return DownloadReport((path,), (), (FailedAddress("http://b.org/x", "It is [gone]."),))

    monkeypatch.setattr(address_list, "download_pictures", download)
    page = choose(open_page("Add pictures"), "source", "Addresses")
    click(page, "download_addresses")
    assert "no address in the list" in read_told(page)
    page.text_area(key="address_list").set_value("http://a.org/m13\n# no\n\nhttp://b.org/x").run()
    click(page, "download_addresses")
    assert asked == [(("http://a.org/m13", "http://b.org/x"), dataset / BLUE)]
    assert "Downloaded 1 of 2 pictures to blue stars; 1 could not be had." in read_told(page)
    (reasons,) = (e for e in page.expander if "left out" in e.label)
    assert r"\[gone\]" in reasons.markdown[0].value


def test_a_text_file_brings_addresses(dataset):
    page = choose(open_page("Add pictures"), "source", "Addresses")
    upload(page, "address_file", ("list.txt", b"\xef\xbb\xbfhttp://a.org/1\n\xff", "text/plain"))
    assert "http://a.org/1" in page.text_area(key="address_list").value


def test_two_tabs_on_one_dataset_get_sentences(dataset):
    one, other = open_page(), open_page()
    for page in (one, other):
        page.checkbox[0].check()
        page.run()
    click(one, "delete_pictures")
    click(other, "delete_pictures")
    assert "nothing of it is there any more" in read_told(other)
    assert len(other.checkbox) == 3
    third = open_page()
    third.checkbox[0].check()
    third.run()
    click(other, "delete_class")
    click(third, "move_pictures")
    assert not third.exception
    assert list_classes(dataset) == (RED,)
    assert len(third.checkbox) == 4


def test_a_dataset_deleted_in_another_tab_is_told(dataset, workspace):
    page = open_page("Add pictures")
    shutil.rmtree(dataset)
    upload(page, "upload_files", [("a.jpg", make_jpeg(5), "image/jpeg")])
    assert "Added 1 to blue stars" in read_told(page)
    shutil.rmtree(dataset)
    page.run()
    assert not page.exception
    assert "no pictures yet" in read_all(page)


def test_pictures_are_read_once_however_often_the_page_runs(dataset, monkeypatch):
    from pages.components import dataset_contents as dataset_reading

    scan, calls = dataset_reading.scan_dataset, []
    monkeypatch.setattr(
        dataset_reading, "scan_dataset", lambda *args: calls.append(args) or scan(*args)
    )
    page = open_page()
    page.run()
    choose(page, "dataset_view", "Overview")
    assert len(calls) == 1
    save_picture(dataset / BLUE / "new.png", draw_blob(4321))
    page.run()
    assert len(calls) == 2
    assert "**9 pictures**" in read_all(page)


def test_work_that_a_click_interrupts_goes_on(dataset, monkeypatch):
    page = open_page()
    runs = []

    def go_on(on_progress):
        runs.append(1)
        if len(runs) == 1:
            st.stop()
        return Outcome("All done.")

    work = dataset_work.Work("Working", go_on, lambda: Outcome("Stopped."))
    page.session_state[dataset_work._WORK] = work
    page.run()
    assert len(runs) == 1
    page.run()
    assert "All done." in read_told(page)
    page.run()
    assert len(runs) == 2


def test_pictures_deleted_while_the_page_is_drawn_are_a_sentence(dataset, monkeypatch):
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
