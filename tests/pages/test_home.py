"""Home: empty, with a model, and with files that are no pictures."""

from __future__ import annotations

import io
import shutil

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cluster_core.errors import DatasetError
from cluster_core.images import raster, reading
from pages.components import error_boundary
from pages.components.text import escape_markdown
from tests.samples import COLOURS, REPOSITORY, draw_blob

MAIN = str(REPOSITORY / "pages" / "main.py")


def open_home() -> AppTest:
    return AppTest.from_file(MAIN, default_timeout=20).run()


def to_png(pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_without_a_model_the_starter_waits_for_a_picture(workspace):
    page = open_home()
    assert not page.exception
    assert page.subheader[0].value == "What does your picture show?"
    assert "globular clusters, open clusters" in page.caption[0].value
    assert page.code[0].value.startswith("python -m cluster_core.retrain --image_dir=")


def test_a_model_that_was_trained_meanwhile_answers_next(workspace, trained_once):
    page = open_home()
    shutil.copytree(trained_once, workspace.root)
    page.run()
    assert not page.exception
    assert "blue stars, red stars" in page.caption[0].value


def test_pictures_are_answered_and_others_named(trained):
    page = open_home()
    answers = []
    for number, (label, colour) in enumerate(COLOURS.items()):
        answers.append((f"{label}.png", to_png(draw_blob(900 + number, colour)), "image/png"))
    page.file_uploader[0].set_value([*answers, ("page.jpg", b"<html>no picture", "image/jpeg")])
    page.run()
    assert not page.exception
    assert len(page.error) == 1
    assert "page.jpg" in page.error[0].value
    bold = [text.value for text in page.markdown if text.value.startswith("**")]
    assert [text.split("**")[1] for text in bold] == list(COLOURS)


def test_the_command_names_the_folder_of_this_workspace(workspace):
    page = open_home()
    assert str(workspace.cluster_photos) in page.code[0].value
    assert any(str(workspace.cluster_photos) in text.value for text in page.markdown)


def test_labels_are_shown_letter_for_letter_and_pictures_decoded_once(trained, monkeypatch):
    (manifest,) = trained.bundles.glob("*/manifest.json")
    manifest.write_text(manifest.read_text("utf-8").replace("red stars", "*[red](http://x)"))
    page = open_home()
    assert r"\*\[red\]\(http\://x\)" in page.caption[0].value
    decode, names = raster.decode_raster, []
    monkeypatch.setattr(
        reading,
        "decode_raster",
        lambda data, name, **_: names.append(name) or decode(data, name, **_),
    )
    pixels = draw_blob(901, COLOURS["red stars"])
    page.file_uploader[0].set_value([("a_b_.png", to_png(pixels), "image/png")])
    page.run()
    assert names == ["a_b_.png"]
    assert any(r"**\*\[red\]" in text.value for text in page.markdown)


@pytest.mark.parametrize("text", ["plain words", "M 13", "Kugelhäufen 🔭"])
def test_plain_text_stays_as_it_is(text):
    assert escape_markdown(text) == text


def test_a_damaged_model_answers_nothing(trained):
    for manifest in trained.bundles.glob("*/manifest.json"):
        manifest.write_text("{")
    page = open_home()
    # AppTest runs a page without the server, whose boundary would show the sentence.
    assert len(page.exception) == 1
    assert not page.file_uploader


@pytest.mark.parametrize("is_known", [True, False])
def test_the_boundary_shows_a_sentence_or_an_id_that_is_in_the_log(monkeypatch, caplog, is_known):
    shown = []
    monkeypatch.setattr(error_boundary.st, "error", lambda text, **_: shown.append(text))
    error = DatasetError("Put pictures there.", path=None) if is_known else ValueError("a bug")
    assert error_boundary.show_error(error) is True
    if is_known:
        assert shown == ["Put pictures there."]
        assert not caplog.records
    else:
        assert "a bug" not in shown[0]
        error_id = shown[0].split("the id ")[1].rstrip(".")
        assert error_id in caplog.text
        assert "ValueError: a bug" in caplog.text
