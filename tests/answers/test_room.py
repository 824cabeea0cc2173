from __future__ import annotations

import json

import pytest

from cluster_core.answers import log as log_module
from cluster_core.answers.records import KeptAnswer, Review
from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.rooms import create_room, find_room
from cluster_core.errors import DatasetError, ImageError
from cluster_core.model.prediction.prediction import Limits, Prediction

LABELS = ("open", "globular")
ANSWER = KeptAnswer(
    Prediction(
        *("globular", {"globular": 0.75, "open": 0.25}, 0.01, "It is cut off."),
        novelty=0.93,
        limits=Limits(0.7, 0.9),
    ),
    None,
    {"OBJECT": "M 13"},
)


KEPT = b'{"answer": 1, "model": "m", "cards": {}, "scores": [0, 1], "seconds": 0'


@pytest.fixture
def room(workspace) -> AnswerRoom:
    return create_room(workspace)


def reopen(room: AnswerRoom, workspace) -> AnswerRoom:
    found = find_room(workspace, room.id)
    assert found
    return found


def test_pictures_answers_and_reviews_are_found_again(room, workspace):
    one = room.add_picture("a.jpg", b"one")
    two = room.add_picture("b.jpg", b"two")
    room.keep_answer(one.number, "model", ANSWER, LABELS, b"jpeg")
    room.keep_answer(two.number, "model", KeptAnswer(None, "It is empty."), LABELS, b"")
    room.review([one.number], Review("a new class"))
    room.review([two.number], Review(None))
    again = reopen(room, workspace)
    assert [picture.name for picture in again.pictures.values()] == ["a.jpg", "b.jpg"]
    assert again.read_picture(two.number) == b"two"
    assert again.find_answer(one.number, "model", LABELS) == ANSWER
    assert again.find_answer(two.number, "model", LABELS).problem == "It is empty."
    assert again.reviews == {one.number: Review("a new class"), two.number: Review(None)}
    assert again.find_thumbnail(one.number).read_bytes() == b"jpeg"
    assert not again.find_thumbnail(two.number).exists()


def test_answer_of_another_model_or_of_other_classes_is_not_found(room):
    number = room.add_picture("a.jpg", b"one").number
    room.keep_answer(number, "model", ANSWER, LABELS, b"")
    assert room.find_answer(number, "other", LABELS) is None
    assert room.find_answer(number, "model", (*LABELS, "third")) is None


def test_answer_of_an_earlier_version_has_the_usual_limits(room, workspace):
    number = room.add_picture("a.jpg", b"one").number
    room.keep_answer(number, "model", ANSWER, LABELS, b"")
    log = workspace.answers / room.id / "log.jsonl"
    entries = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    for entry in entries:
        entry.pop("novelty", None)
        entry.pop("limits", None)
    log.write_text("".join(json.dumps(entry) + "\n" for entry in entries), "utf-8")
    found = reopen(room, workspace).find_answer(number, "model", LABELS).prediction
    assert (found.novelty, found.limits, found.verdict) == (None, Limits(), "label")


def test_same_file_is_kept_once_and_a_copy_of_another_name_twice(room):
    room.add_picture("a.jpg", b"one")
    assert room.add_picture("a.jpg", b"one") is None
    assert room.add_picture("b.jpg", b"one") is not None
    assert room.add_picture("a.jpg", b"other") is not None
    assert len(room.pictures) == 3


def test_two_tabs_see_each_other(room, workspace):
    other = reopen(room, workspace)
    mine, theirs = room.add_picture("a.jpg", b"one"), other.add_picture("b.jpg", b"two")
    assert mine.number != theirs.number
    other.review([mine.number], Review("open"))
    room.refresh()
    assert set(room.pictures) == {mine.number, theirs.number}
    assert room.reviews == {mine.number: Review("open")}


def test_review_can_be_taken_back_and_picture_removed(room, workspace):
    one, two = room.add_picture("a.jpg", b"one"), room.add_picture("b.jpg", b"two")
    room.review([one.number, two.number], Review("open"))
    room.review([one.number], None)
    room.remove([two.number])
    again = reopen(room, workspace)
    assert (set(again.pictures), again.reviews) == ({one.number}, {})
    assert not room.find_file(two.number).exists()
    assert again.add_picture("c.jpg", b"three").number not in (one.number, two.number)


def test_removed_picture_that_is_read_is_reported(room):
    number = room.add_picture("a.jpg", b"one").number
    room.remove([number])
    with pytest.raises(ImageError, match="no longer kept"):
        room.read_picture(number)


@pytest.mark.parametrize(
    ("limits", "says"), [((1, 1_000), "at most 1 pictures"), ((9, 5), "at most 0 MB")]
)
def test_full_room_refuses_a_picture(room, limits, says):
    small = AnswerRoom(room.find_file(1).parents[1], *limits)
    small.add_picture("a.jpg", b"one")
    with pytest.raises(ImageError, match=says):
        small.add_picture("b.jpg", b"two!")
    assert len(small.pictures) == 1


def test_full_log_refuses_a_change_and_keeps_the_rest(room, workspace, monkeypatch):
    number = room.add_picture("a.jpg", b"one").number
    room.review([number], Review("open"))
    monkeypatch.setattr(log_module, "MAX_LOG_BYTES", 300)
    with pytest.raises(DatasetError, match="clear the answers"):
        room.review([number], Review("a" * 200))
    assert reopen(room, workspace).reviews == {number: Review("open")}


def test_cleared_room_does_not_come_back_in_another_tab(room, workspace):
    other = reopen(room, workspace)
    other.add_picture("a.jpg", b"one")
    room.clear()
    assert not other.exists()
    with pytest.raises(DatasetError):
        other.add_picture("b.jpg", b"two")
    assert find_room(workspace, room.id) is None


@pytest.mark.parametrize("label", ["two\nlines", "bell\x07"])
def test_label_that_is_not_a_line_is_refused(room, label):
    number = room.add_picture("a.jpg", b"one").number
    with pytest.raises(DatasetError, match="cannot be called"):
        room.review([number], Review(label))
    assert not room.reviews


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\x00",
        b"[]",
        b"{}",
        b'{"picture": -1, "name": "x", "n_bytes": 1, "sha256": ""}',
        b'{"picture": "../../x", "name": "x", "n_bytes": 1, "sha256": ""}',
        b'{"reviewed": [1], "label": "a\\nb"}',
        b'{"reviewed": 1, "label": "x"}',
        b'{"answer": 1, "model": "m", "cards": {}, "scores": [NaN, 1], "seconds": 0}',
        KEPT + b', "novelty": NaN}',
        KEPT + b', "novelty": "0.5"}',
        KEPT + b', "limits": [0.6]}',
        KEPT + b', "limits": [null, 0.5]}',
        KEPT + b', "limits": 7}',
        b'{"answer": 1, "model": "m", "cards": [], "problem": "x"}',
        b'{"object": 1, "name": 13, "kind": "open cluster"}',
        b"[" * 100_000,
    ],
)
def test_damaged_line_is_skipped(room, workspace, line):
    number = room.add_picture("a.jpg", b"one").number
    log = room.find_file(1).parents[1] / "log.jsonl"
    good = json.dumps({"reviewed": [number], "label": "open"}).encode()
    log.write_bytes(log.read_bytes() + line + b"\n" + good + b"\n" + b'{"half')
    again = reopen(room, workspace)
    assert set(again.pictures) == {number}
    assert again.reviews == {number: Review("open")}
    assert again.find_answer(number, "m", LABELS) is None


def test_name_of_a_visitor_is_never_a_path(room):
    kept = room.add_picture("../../../evil.jpg", b"one")
    folder = room.find_file(1).parents[1]
    assert kept.name == "../../../evil.jpg"
    assert sorted(path.name for path in folder.rglob("*")) == ["1", "log.jsonl", "pictures"]
