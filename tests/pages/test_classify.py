"""The Classify page: one picture, several, FITS, examples, and unreadable files."""

from __future__ import annotations

import csv
import io
import json
import threading
from dataclasses import replace

import numpy as np
import pytest
import streamlit as st
from astropy.io import fits
from PIL import Image
from streamlit.testing.v1 import AppTest

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.answers import job_registry, jobs, rooms
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.bundle import collection
from cluster_core.model.bundle.collection import set_default_model
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.prediction import predictor as prediction
from cluster_core.model.prediction.prediction import Limits
from pages.components.classify import answering
from tests.samples import COLOURS, OWNER, REPOSITORY, draw_blob

PAGE = str(REPOSITORY / "pages" / "classify.py")
STARTER_TITLE = "Starter model (default)"


def open_page(**address: str) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=30)
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def to_png(pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def make_picture(label: str, seed: int = 900) -> bytes:
    return to_png(draw_blob(seed, COLOURS[label]))


def give(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    (uploader,) = page.file_uploader
    uploader.set_value([(*file, "image/png") for file in files])
    page.run()
    assert not page.exception
    return page


def give_many(page: AppTest, n_each: int) -> AppTest:
    return give(
        page,
        *(
            (f"{label} {number}.png", make_picture(label, 900 + number))
            for label in COLOURS
            for number in range(n_each)
        ),
    )


def all_text(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.error, *page.warning, *page.info]
    return "\n".join(str(part.value) for part in parts)


def headings(page: AppTest) -> list[str]:
    return [part.value for part in page.markdown if part.value.startswith("####")]


def make_fits(*parts) -> bytes:
    file = io.BytesIO()
    first, *others = parts
    header = fits.PrimaryHDU(first)
    header.header["OBJECT"] = "M 13 *bright*"
    fits.HDUList([header, *(fits.ImageHDU(values, name="EXTRA") for values in others)]).writeto(
        file
    )
    return file.getvalue()


def make_sky(planes: int = 1) -> np.ndarray:
    values = np.random.default_rng(0).gamma(1.0, 50.0, (planes, 40, 60)).astype(">f4")
    return values[0] if planes == 1 else values


def test_empty_page_names_the_model_and_its_classes(workspace):
    page = open_page()
    assert not page.exception
    assert page.selectbox(key="model").options == [STARTER_TITLE]
    assert "globular clusters, open clusters" in page.caption[0].value
    assert "91% (154 pictures" in page.caption[0].value
    assert not headings(page)


def test_open_page_keeps_its_model_when_another_becomes_the_default(trained):
    page = give(open_page(), ("one.png", make_picture("red stars")))
    shown = page.selectbox(key="model").value
    set_default_model(OWNER, trained, STARTER_ID)
    page.run()
    assert page.selectbox(key="model").value == shown != STARTER_ID
    assert open_page().selectbox(key="model").value == STARTER_ID


def test_one_picture_gets_a_sentence_and_a_bar_per_class(trained):
    page = give(open_page(), ("a_red_*one*.png", make_picture("red stars")))
    (heading,) = headings(page)
    assert heading.startswith(("#### Most likely red stars", "#### Perhaps red stars"))
    assert len(page.get("progress")) == 2
    assert len(page.image) == 2
    assert "32 by 32 pixels" in all_text(page)
    assert " ms." in all_text(page)
    assert page.image[0].captions == [r"a\_red\_\*one\*.png"]


def test_rerun_does_not_classify_a_picture_again(trained, monkeypatch):
    decoded = []
    decode = Preprocessing.decode_whole
    monkeypatch.setattr(
        Preprocessing,
        "decode_whole",
        lambda self, data, name: decoded.append(name) or decode(self, data, name),
    )
    page = give(open_page(), ("one.png", make_picture("red stars")))
    for _ in range(3):
        page.run()
    page.selectbox(key="model").set_value("starter").run()
    first_id = next(iter(trained.bundles.iterdir())).name
    page.selectbox(key="model").set_value(first_id).run()
    # Once by each model, for the table and the full answer.
    assert decoded == ["one.png"] * 2
    assert not page.exception


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("drawing.jpg", b"%!PS-Adobe-3.0 EPSF", "PostScript"),
        ("page.jpg", b"<html>no picture</html>", "web page"),
        ("empty.png", b"", "is empty"),
        ("half.png", make_picture("red stars")[:300], "damaged or incomplete PNG"),
        ("table.fits", b"SIMPLE  =                    T", "damaged FITS header"),
        ("some.gz", b"\x1f\x8bhello", "some.gz"),
    ],
)
def test_unreadable_file_is_reported(trained, name, data, says):
    page = give(open_page(), (name, data))
    (error,) = page.error
    assert says in error.value
    assert not headings(page)


def test_huge_picture_is_rejected_before_decoding(trained):
    file = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(file, "PNG")
    page = give(open_page(), ("huge.png", file.getvalue()))
    assert "megapixels" in page.error[0].value


def test_fits_table_is_rejected(trained):
    file = io.BytesIO()
    column = fits.Column("x", "E", array=np.zeros(3))
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns([column])]).writeto(file)
    page = give(open_page(), ("table.fits", file.getvalue()))
    assert "contains a table but no picture" in page.error[0].value


def test_fits_picture_shows_its_header_and_the_stretch_of_the_model(trained):
    page = give(open_page(), ("a.fits", make_fits(make_sky())))
    assert len(headings(page)) == 1
    text = all_text(page)
    assert r"| Object | M 13 \*bright\* |" in text
    assert "| Size | 60 by 40 pixels |" in text
    assert "32 bits, floating point" in text
    assert page.selectbox(key="fits_interval").value == "zscale"
    assert page.selectbox(key="fits_function").options[0] == (
        "balances faint and bright objects (asinh)"
    )
    assert page.slider(key="fits_softening").label == "Boost of faint objects (softening)"
    assert not page.info
    assert "fits_part" not in [box.key for box in page.selectbox]


def test_another_stretch_redraws_the_picture_and_shows_a_note(trained):
    page = give(open_page(), ("a.fits", make_fits(make_sky())))
    before = page.image[0].value
    page.selectbox(key="fits_function").set_value("linear").run()
    assert page.image[0].value != before
    assert "learned from pictures with other brightness settings" in page.info[0].value
    page.button(key="fits_reset").click().run()
    assert page.image[0].value == before
    assert not page.info


def test_fits_parts_and_planes_can_be_selected(trained):
    cube = make_fits(make_sky(3), make_sky(5), make_sky())
    page = give(open_page(), ("cube.fits", cube))
    seen = {page.image[0].value[0]}
    page.button_group(key="fits_colour").set_value("2").run()
    seen.add(page.image[0].value[0])
    page.selectbox(key="fits_part").set_value(1).run()
    seen.add(page.image[0].value[0])
    page.number_input(key="fits_plane").set_value(5).run()
    seen.add(page.image[0].value[0])
    page.selectbox(key="fits_part").set_value(2).run()
    assert not page.exception
    assert not page.number_input
    assert len(seen) == 4
    give(page, ("other.fits", make_fits(make_sky())))
    assert "fits_part" not in [box.key for box in page.selectbox]


def get_scores(page):
    """Return the scores in the table, in percent."""
    return page.dataframe[0].value["answer"].str.extract(r"(\d+)%")[0].astype(int)


def test_several_pictures_give_a_table_and_the_csv_of_the_command_line(trained, monkeypatch):
    downloads = {}
    monkeypatch.setattr(
        st, "download_button", lambda label, data, **_: downloads.update({label: data})
    )
    page = open_page()
    files = [(f"{label}.png", make_picture(label)) for label in COLOURS]
    give(page, *files, ("=evil.png", make_picture("red stars", 901)), ("page.jpg", b"<html>"))
    table = page.dataframe[0].value
    assert list(table["file"]) == ["blue stars.png", "red stars.png", "=evil.png"]
    assert table["picture"].str.fullmatch(r"answers/[0-9a-f]{32}/\d\.jpg").all()
    assert get_scores(page).between(50, 99).all()
    assert "1 file could not be used" in page.expander[0].label
    assert "web page" in all_text(page)
    rows = list(csv.DictReader(io.StringIO(downloads["Download as CSV"]().decode(), newline="")))
    columns = ["path", "label", "score", "verdict", "novelty", "blue stars", "red stars", "problem"]
    assert list(rows[0])[:8] == columns
    assert [row["path"] for row in rows] == [
        "blue stars.png",
        "red stars.png",
        "'=evil.png",
        "page.jpg",
    ]
    assert rows[0]["label"] == "blue stars"
    assert "web page" in rows[3]["problem"]


def test_pictures_that_are_cut_off_are_listed(trained):
    buffer = io.BytesIO()
    Image.fromarray(draw_blob(3, size_px=100)).save(buffer, "JPEG", quality=95)
    whole = buffer.getvalue()
    cut = ("cut.jpg", whole[: int(0.9 * len(whole))])
    page = give(open_page(), ("whole.jpg", whole), cut)
    (expander,) = [one for one in page.expander if "incomplete" in one.label]
    assert expander.label == "1 picture is incomplete"
    assert "cut.jpg is cut off or damaged" in expander.markdown[0].value.replace("\\", "")
    alone = give(open_page(), cut)
    assert "cut.jpg is cut off" in alone.warning[0].value.replace("\\", "")


def test_table_can_be_sorted_and_filtered(trained):
    page = give_many(open_page(), 3)
    assert len(page.dataframe[0].value) == 6
    page.selectbox(key="order").set_value("unsure").run()
    assert get_scores(page).is_monotonic_increasing
    page.selectbox(key="order").set_value("sure").run()
    assert get_scores(page).is_monotonic_decreasing
    page.multiselect(key="only_labels").set_value(["red stars"]).run()
    assert set(page.dataframe[0].value["file"]) == {f"red stars {n}.png" for n in range(3)}
    page.slider(key="only_scores").set_value((0, 1)).run()
    assert not page.dataframe
    assert "No pictures match these filters" in all_text(page)


def answer_with(monkeypatch, change) -> None:
    """Change every answer of a model by a function."""
    predict = prediction.Predictor.predict_resized
    monkeypatch.setattr(
        prediction.Predictor, "predict_resized", lambda *given: change(predict(*given))
    )


def reject(monkeypatch, label: str) -> None:
    """Make the answers of a class "none of these"."""
    limits = Limits(0.0, 0.5)
    answer_with(
        monkeypatch,
        lambda one: replace(one, novelty=0.93 if one.label == label else 0.1, limits=limits),
    )


def test_unsure_answers_are_counted_separately(trained, monkeypatch):
    unsure, sure = Limits(unsure_below=2.0), Limits(unsure_below=0.0)
    answer_with(
        monkeypatch,
        lambda one: replace(one, novelty=None, limits=sure if "red" in one.label else unsure),
    )
    page = give_many(open_page(), 2)
    assert "**4 pictures classified**: red stars 2; unsure 2" in all_text(page)
    assert "novelty" not in page.dataframe[0].value


def test_picture_unlike_the_training_pictures_is_none_of_these(trained, monkeypatch):
    reject(monkeypatch, "red stars")
    page = give(open_page(), ("one.png", make_picture("red stars")))
    assert headings(page) == ["#### None of these"]
    text = all_text(page)
    assert "it most resembles: red stars" in text
    assert "Novelty 0.93, limit 0.50." in text
    assert "add a class for them" in text
    assert not page.get("progress")
    assert page.button(key="review_right").label == "Right: none of these"


def test_model_without_a_detector_says_that_novelty_was_not_measured(trained, monkeypatch):
    answer_with(monkeypatch, lambda one: replace(one, novelty=None, limits=Limits()))
    page = give(open_page(), ("one.png", make_picture("red stars")))
    assert "Novelty: not measured." in all_text(page)
    assert "None of these" not in "".join(headings(page))


def test_none_of_these_can_be_counted_sorted_and_filtered(trained, monkeypatch):
    reject(monkeypatch, "red stars")
    page = give_many(open_page(), 2)
    assert "**4 pictures classified**: blue stars 2; none of these 2" in all_text(page)
    table = page.dataframe[0].value
    assert list(table["novelty"]) == [0.1, 0.1, 0.93, 0.93]
    assert table["answer"][2] == "none of these (most like red stars)"
    page.selectbox(key="order").set_value("novel").run()
    assert page.dataframe[0].value["novelty"].is_monotonic_decreasing
    page.multiselect(key="only_labels").set_value(["none of these"]).run()
    assert set(page.dataframe[0].value["file"]) == {"red stars 0.png", "red stars 1.png"}
    page.multiselect(key="only_labels").set_value(["red stars"]).run()
    assert not page.dataframe


def test_classifying_can_be_stopped_and_continued(trained, monkeypatch):
    reached, go_on = pause_after(3, monkeypatch)
    page = give_many(open_page(), 4)
    assert reached.wait(20)
    page.run()
    assert len(page.dataframe[0].value) == 3
    assert "3 of 8" in page.get("progress")[0].proto.text
    assert "3 pictures classified so far" in all_text(page)
    page.button(key="stop").click().run()
    assert page.button(key="stop").disabled
    go_on.set()
    wait_for_job(page)
    page.run()
    n_left = 8 - len(page.dataframe[0].value)
    assert f"{n_left} pictures are not classified yet." in page.info[0].value
    again = open_page(answers=page.query_params["answers"])  # after a reload
    again.button(key="go_on").click().run()
    wait_for_job(again)
    again.run()
    assert len(again.dataframe[0].value) == 8
    assert not again.info


def pause_after(n: int, monkeypatch) -> tuple[threading.Event, threading.Event]:
    """Leave all pictures to a job; return when it has given some answers, and what it waits for."""
    reached, go_on = threading.Event(), threading.Event()
    answer = jobs.answer_pictures

    def answer_slowly(*given):
        answered = answer(*given)
        for _ in range(n):
            yield next(answered)
        reached.set()
        go_on.wait(20)
        yield from answered

    monkeypatch.setattr(answering, "AT_ONCE", 0)
    monkeypatch.setattr(jobs, "answer_pictures", answer_slowly)
    return reached, go_on


def wait_for_job(page: AppTest) -> None:
    (job,) = [
        one for key, one in job_registry._jobs.items() if key[1] == page.query_params["answers"]
    ]
    job.wait(20)


def test_folder_of_this_computer_is_classified_and_another_refused(trained, tmp_path):
    night = tmp_path / "night"
    night.mkdir()
    (night / "one.png").write_bytes(make_picture("red stars"))
    page = open_page()
    page.toggle(key="folder_on").set_value(True).run()
    for folder, expected in ((str(night / "no"), "There is no folder"), (str(night), None)):
        page.text_input(key="folder_path").set_value(folder)
        next(one for one in page.button if one.label == "Classify this folder").click().run()
        assert [error.value[:18] for error in page.error] == ([expected] if expected else [])
    wait_for_job(page)
    page.run()
    assert "1 picture classified" in all_text(page)


def test_input_is_folded_above_many_answers_but_not_its_warnings(trained):
    page = give_many(open_page(), 2)
    assert len(page.expander) == 1  # to sort a folder
    give(page, ("more.png", make_picture("red stars", 950)))
    assert page.expander[0].label == "Add pictures or change the model"
    assert not page.expander[0].proto.expanded
    give(page, ("more.png", make_picture("red stars", 950)))
    assert page.warning[0].value == "1 file was left out."
    assert not page.expander[0].warning


def test_single_new_picture_need_not_wait_for_many(trained, monkeypatch):
    _, go_on = pause_after(0, monkeypatch)
    page = give_many(open_page(), 2)
    monkeypatch.setattr(answering, "AT_ONCE", 1)
    give(page, ("new.png", make_picture("red stars", 950)))
    assert len(headings(page)) == 1
    go_on.set()
    wait_for_job(page)


def test_pictures_beyond_the_limit_are_left_out_with_a_reason(trained, monkeypatch):
    monkeypatch.setattr(rooms, "OWN_COMPUTER", replace(rooms.OWN_COMPUTER, max_pictures=2))
    page = give_many(open_page(), 2)
    assert page.warning[0].value == "2 files were left out."
    assert "at most 2 pictures are kept here" in all_text(page)
    assert len(page.dataframe[0].value) == 2


def test_examples_can_be_shown_replaced_and_closed(workspace):
    page = open_page()
    page.button(key="example").click().run()
    assert not page.exception
    assert len(headings(page)) == 2
    first = [image.value for image in page.image]
    page.button(key="another_example").click().run()
    assert [image.value for image in page.image] != first
    page.button(key="close_example").click().run()
    assert not headings(page)


def test_examples_of_clusters_are_not_offered_to_a_model_of_other_classes(trained):
    page = open_page(model=STARTER_ID)
    page.button(key="example").click().run()
    assert len(headings(page)) == 2
    own = next(model.id for model in collection.list_models(trained) if model.id != STARTER_ID)
    page.selectbox(key="model").select(own).run()
    assert not page.exception
    assert "example" not in [button.key for button in page.button]
    assert not headings(page)


def test_model_in_the_address_is_selected(trained):
    page = open_page(model="starter")
    assert page.selectbox(key="model").value == "starter"
    assert "globular clusters" in page.caption[0].value


@pytest.mark.parametrize("model", ["gone", "../../etc", "*[x](y)*", "a" * 3_000])
def test_unknown_model_in_the_address_falls_back_with_a_warning(trained, model):
    page = open_page(model=model)
    assert not page.exception
    (warning,) = page.warning
    assert "is used instead" in warning.value
    assert "model" not in page.query_params
    give(page, ("one.png", make_picture("red stars")))
    assert len(headings(page)) == 1


def test_damaged_model_is_reported_and_another_can_be_selected(trained):
    (folder,) = trained.bundles.iterdir()
    (folder / "head.npy").write_bytes(b"")
    page = open_page(model=folder.name)
    assert "damaged" in page.error[0].value
    page.selectbox(key="model").set_value("starter").run()
    assert not page.error
    give(page, ("one.png", make_picture("red stars")))
    assert len(headings(page)) == 1


@pytest.fixture
def needy_id(trained) -> str:
    """A model whose network this computer lacks."""
    (folder,) = trained.bundles.iterdir()
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["backbone"]["weights_sha256"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder.name


def test_model_without_its_network_refers_to_the_models_page(needy_id, visited_pages):
    assert not open_page().warning, "the starter model answers"
    page = open_page(model=needy_id)
    assert "needs the network random, which this computer does not have" in page.warning[0].value
    page.button(key="get_network").click().run()
    assert visited_pages == ["models.py"]


def test_unavailable_network_is_reported_and_retried_on_request(needy_id, monkeypatch):
    attempts = []
    monkeypatch.setattr(collection, "lacks_network", lambda *_: False)
    monkeypatch.setattr(
        prediction, "_convert_in_subprocess", lambda spec, _: attempts.append(spec.name)
    )
    page = give(open_page(), ("one.png", make_picture("red stars")))
    assert "needs the network random" in page.error[0].value
    page.run()
    assert page.error
    assert attempts == ["random"]
    page.button(key="try_again").click().run()
    assert attempts == ["random", "random"]
    assert not page.exception


def test_labels_are_not_read_as_markdown(trained):
    (folder,) = trained.bundles.iterdir()
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace("red stars", "*[red](http://x)"))
    page = give(open_page(), ("one.png", make_picture("red stars")))
    assert r"\*\[red\]\(http\://x\)" in headings(page)[0]
    assert all(r"\*\[red\]" in text for text in all_text(page).splitlines() if "[red" in text)


def test_public_demo_allows_classifying(trained, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    page = give(open_page(), ("one.png", make_picture("red stars")))
    assert len(headings(page)) == 1


def test_pasted_pictures_are_classified_and_can_be_cleared(trained):
    page = open_page()
    page.toggle(key="paste_on").set_value(True).run()
    page.chat_input(key="paste").upload("pasted.png", make_picture("red stars"))
    page.run()
    assert len(headings(page)) == 1
    page.run()
    assert len(headings(page)) == 1
    page.button(key="clear_answers").click().run()
    assert not headings(page)
    assert not page.exception


def test_photo_from_the_camera_is_classified(trained):
    file = io.BytesIO()
    Image.fromarray(draw_blob(900, COLOURS["red stars"])).save(file, "JPEG")
    page = open_page()
    page.toggle(key="camera_on").set_value(True).run()
    page.camera_input(key="camera").set_value(("photo.jpg", file.getvalue(), "image/jpeg")).run()
    assert len(headings(page)) == 1
    assert not page.exception
