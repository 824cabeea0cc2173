"""The export part of the Models page."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from cluster_core.model.export import background
from cluster_core.model.export.background import find_export
from cluster_core.model.export.exporting import StoppedError
from cluster_core.model.export.formats import FORMATS, ExportFormat
from cluster_core.model.export.verification import ExportCheck
from pages.components.models import exporting
from tests.model.export.test_background import wait
from tests.pages.opening import open_file


def open_page(model: str = "starter") -> AppTest:
    return open_file("models.py", model=model)


def list_keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button}


def click(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def choose(page: AppTest, kind: ExportFormat) -> AppTest:
    page.radio(key="export_format_starter").set_value(kind).run()
    assert not page.exception
    return page


def write(access, request, workspace, target, progress):
    """Stand in for `make_export`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"exported")
    return ExportCheck(32, 32, 5e-5, 1e-6)


def test_every_format_is_offered_with_one_line_in_plain_words(workspace):
    radio = open_page().radio(key="export_format_starter")
    assert list(radio.options) == [facts.title for facts in FORMATS.values()]
    assert list(radio.proto.captions) == [facts.purpose for facts in FORMATS.values()]


def test_export_is_made_and_offered_with_what_its_check_found(workspace, monkeypatch):
    monkeypatch.setattr(background, "make_export", write)
    page = choose(open_page(), ExportFormat.ONNX)
    click(page, "export")
    export = wait(find_export(workspace))
    page.run()
    assert export.request.kind is ExportFormat.ONNX
    assert "32 of 32 picture files the same label" in page.success[0].value
    (download,) = [
        button
        for button in page.get("download_button")
        if button.proto.id.endswith("download_export")
    ]
    assert download.proto.label == "Download ONNX (.onnx) (0.0 MB)"
    click(page, "export_again")
    assert find_export(workspace) is None
    assert not export.path.exists()
    assert "export" in list_keys(page)


def test_another_format_forgets_the_export_of_the_same_session_only(workspace, monkeypatch):
    monkeypatch.setattr(background, "make_export", write)
    page = click(open_page(), "export")
    export = wait(find_export(workspace))
    choose(open_page(), ExportFormat.ONNX)  # in another session
    assert find_export(workspace) is export
    assert export.path.exists()
    choose(page, ExportFormat.ONNX)
    assert find_export(workspace) is None
    assert not export.path.exists()


def test_export_again_in_another_session_leaves_the_file(workspace, monkeypatch):
    monkeypatch.setattr(background, "make_export", write)
    page = click(open_page(), "export")
    export = wait(find_export(workspace))
    click(click(open_page(), "export_again"), "export")
    assert wait(find_export(workspace)) is not export
    page.run()
    assert export.path.exists()
    assert "is ready" in page.success[0].value


def test_export_in_progress_can_be_stopped(workspace, monkeypatch):
    def run_until_stopped(access, request, workspace, target, progress):
        while not progress.was_stopped:
            time.sleep(0.01)
        raise StoppedError("The export was stopped.")

    monkeypatch.setattr(background, "make_export", run_until_stopped)
    page = click(open_page(), "export")
    assert page.radio(key="export_format_starter").disabled
    assert "export" not in list_keys(page)
    click(page, "stop_export")
    wait(find_export(workspace))
    page.run()
    assert "was stopped" in page.info[0].value


def test_failed_export_says_why(workspace, monkeypatch):
    def fail(*arguments):
        raise exporting.BackboneError("The network is *missing*.", name="sky")

    monkeypatch.setattr(background, "make_export", fail)
    page = click(open_page(), "export")
    wait(find_export(workspace))
    page.run()
    assert page.error[0].value == r"The network is \*missing\*."


def test_format_that_is_not_possible_says_why(workspace, monkeypatch):
    monkeypatch.setattr(exporting, "find_obstacle", lambda *arguments, **options: "No *packages*.")
    page = open_page()
    assert r"No \*packages\*." in [info.value for info in page.info]
    assert "export" not in list_keys(page)


def test_numbers_of_8_bits_are_offered_for_tflite_only(workspace, monkeypatch):
    monkeypatch.setattr(background, "make_export", write)
    page = open_page()
    assert not [box for box in page.checkbox if box.key == "export_int8_starter"]
    choose(page, ExportFormat.TFLITE)
    page.checkbox(key="export_int8_starter").check().run()
    click(page, "export")
    assert wait(find_export(workspace)).request.is_int8


def test_other_model_waits_for_the_export(trained, monkeypatch):
    monkeypatch.setattr(background, "make_export", lambda *_: pytest.fail("must not run"))
    (folder,) = trained.bundles.iterdir()
    request = background.ExportRequest(folder, ExportFormat.KERAS)
    monkeypatch.setitem(
        background._last, trained, background.Export(request, trained.exports / "a.keras")
    )
    page = open_page()
    assert any("Another model is being exported" in info.value for info in page.info)
    assert "export" not in list_keys(page)
