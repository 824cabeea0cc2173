"""The camera: frames as a browser sends them, recordings, and live answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import streamlit as st

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import STARTER_ID, model_dir
from cluster_core.model.prediction.predictor import Predictor
from pages.components.camera.frames import (
    MAX_FRAME_BYTES,
    MAX_FRAMES,
    MAX_FRAMES_AT_ONCE,
    FrameMessage,
    parse_message,
)
from pages.components.classify import live_camera
from pages.components.dataset import recorder
from pages.components.dataset.recorder import Recording, add_frames
from tests.pages.camera import encode, make_frame, make_message
from tests.pages.opening import open_file
from tests.pages.test_classify import reject
from tests.samples import write_photos

pytestmark = pytest.mark.usefixtures("as_a_page")

STARTED = datetime(2026, 11, 27, 20, 15, 3)
FRAME = make_frame(0)
SENT = {"recording": "one", "first": 0, "frames": [encode(FRAME)], "is_last": True}


@pytest.fixture
def recording(workspace) -> Recording:
    return Recording("one", workspace.cluster_photos, "mugs", STARTED)


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_message_of_a_browser_is_parsed():
    assert parse_message(SENT) == FrameMessage("one", 0, (FRAME,), True)


@pytest.mark.parametrize(
    "change",
    [
        {"recording": None},
        {"recording": "x" * 65},
        {"first": "0"},
        {"is_last": None},
        {"frames": None},
        {"frames": "abc"},
        {"frames": [encode(FRAME)] * (MAX_FRAMES_AT_ONCE + 1)},
        {"frames": [None]},
        {"frames": [encode(FRAME)[:-1]]},
        {"frames": ["ü" * 40]},
        {"frames": [encode(b"\x89PNG\r\n\x1a\n")]},
        {"frames": [encode(FRAME + bytes(MAX_FRAME_BYTES))]},
    ],
)
def test_message_with_a_wrong_value_is_refused(change):
    assert parse_message({**SENT, **change}) is None


@pytest.mark.parametrize("message", [None, [], "frames", 3, {}, {"frames": []}])
def test_other_message_is_refused(message):
    assert parse_message(message) is None


def test_recording_is_added_in_several_messages(workspace, recording):
    add_frames(workspace, recording, make_message(0, 8, is_last=False))
    assert not recording.is_over
    add_frames(workspace, recording, make_message(8, 3))
    assert recording.is_over
    assert recording.outcome.sentence == "Added 11 to mugs."
    names = list_names(workspace.cluster_photos / "mugs")
    assert len(names) == 11
    assert names[0] == "camera 2026-11-27 20-15-03 part 1_nohash_001.jpg"


def test_repeated_message_and_gap_are_skipped(workspace, recording):
    add_frames(workspace, recording, make_message(0, 4, is_last=False))
    for first in (0, 8, -1):
        message = replace(make_message(4, 4, is_last=False), first=first)
        add_frames(workspace, recording, message)
    assert recording.n_frames == len(recording.stored) == 4
    assert not recording.rejected


def test_equal_frames_are_left_out_with_a_reason(workspace, recording):
    add_frames(workspace, recording, FrameMessage("one", 0, (FRAME, FRAME), True))
    assert recording.outcome.sentence == "Added 1 to mugs; 1 already there."
    assert "same picture" in recording.outcome.reasons[0]


def test_damaged_frame_is_left_out_with_a_reason(workspace, recording):
    add_frames(workspace, recording, FrameMessage("one", 0, (b"\xff\xd8\xff<html>",), True))
    assert not recording.outcome.is_good
    assert len(recording.outcome.reasons) == 1
    assert not any((workspace.cluster_photos / "mugs").iterdir())


def test_recording_ends_at_the_limit(workspace, recording):
    recording.n_frames = MAX_FRAMES - 2
    add_frames(workspace, recording, make_message(MAX_FRAMES - 2, 8, is_last=False))
    assert recording.is_over
    assert len(recording.stored) == 2


def test_undo_moves_a_new_class_to_the_trash(workspace, recording):
    add_frames(workspace, recording, make_message(0, 5))
    assert recording.outcome.undo().sentence == "Deleted the class mugs."
    assert not (workspace.cluster_photos / "mugs").exists()


def test_undo_leaves_other_pictures_of_the_class(workspace, recording):
    add_frames(workspace, recording, make_message(0, 5))
    second = replace(recording, id="two", n_frames=0, stored=[], is_over=False, is_new_class=False)
    add_frames(workspace, second, FrameMessage("two", 0, (make_frame(99),), True))
    assert second.outcome.undo().sentence == "Deleted 1 picture of mugs."
    assert len(list_names(workspace.cluster_photos / "mugs")) == 5


def test_public_demo_refuses_a_recording(workspace, recording, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    add_frames(workspace, recording, make_message(0, 2, is_last=False))
    assert recording.is_over
    assert not recording.outcome.is_good
    assert not workspace.cluster_photos.exists()


def open_camera(monkeypatch, *messages: FrameMessage):
    """Open the Camera tab of the Dataset page, with a browser that sends these messages."""
    waiting, receipts = list(messages), []

    def show_camera(key, data, take):
        receipts.append(data["saved"])
        if waiting:
            take(waiting.pop(0))

    monkeypatch.setattr(recorder, "show_camera", show_camera)
    page = open_file("dataset.py")
    return page, receipts


def test_recording_on_the_page_is_counted_and_acknowledged(workspace, monkeypatch):
    write_photos(workspace.cluster_photos, 4)
    page, receipts = open_camera(monkeypatch, make_message(0, 3))
    page.segmented_control(key="dataset_view").set_value("Add pictures").run()
    page.segmented_control(key="source").set_value("Camera").run()
    assert not receipts
    page.toggle(key="camera_on").set_value(True).run()
    page.run()
    assert not page.exception
    assert receipts[-1]["n_frames"] == 3
    assert receipts[-1]["is_over"]
    assert any("Added 3 to" in success.value for success in page.success)
    assert any("11 pictures" in text.value for text in page.markdown)


def test_live_answer_has_a_bar_per_class(workspace):
    answers = []

    def show_camera(key, data, take):
        take(make_message(7, 1))
        answers.append(st.session_state["live answer"])

    page = open_file("classify.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_camera, "show_camera", show_camera)
        page.toggle(key="live_on").set_value(True).run()
    assert not page.exception
    (answer,) = answers
    assert answer["frame"] == 7
    assert [label for label, *_ in answer["bars"]] == ["globular clusters", "open clusters"]
    assert sum(score for _, score, _ in answer["bars"]) == pytest.approx(1)


def test_live_picture_is_kept_with_its_answer(workspace, monkeypatch):
    monkeypatch.setattr(
        live_camera, "show_camera", lambda key, data, take: take(make_message(7, 1))
    )
    page = open_file("classify.py")
    page.toggle(key="live_on").set_value(True).run()
    page.button(key="keep_live").click().run()
    assert not page.exception
    (picture,) = workspace.answers.glob("*/pictures/*")
    assert picture.read_bytes() == make_message(7, 1).frames[0]
    assert any("1 picture classified" in text.value for text in page.markdown)


def test_live_picture_of_something_else_is_none_of_these(workspace, monkeypatch):
    starter = Predictor(load_bundle(model_dir(workspace, STARTER_ID)), workspace)
    frame = make_message(7, 1).frames[0]
    label = starter.predict_file(frame, "frame").label
    reject(monkeypatch, label)
    answer = live_camera.answer_frame(starter, frame)
    assert answer["sentence"] == "None of these"
    assert str(answer["note"]).endswith("Most like:")
    assert answer["bars"]


def test_unreadable_live_frame_is_answered_with_a_sentence(workspace):
    starter = Predictor(load_bundle(model_dir(workspace, STARTER_ID)), workspace)
    answer = live_camera.answer_frame(starter, b"\xff\xd8\xff<html>")
    assert answer["bars"] == []
    assert str(answer["sentence"]).endswith(".")
