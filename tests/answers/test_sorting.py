from __future__ import annotations

import io
import struct
import zipfile

import pytest

from cluster_core.answers.records import KeptAnswer, Review
from cluster_core.answers.rooms import create_room
from cluster_core.answers.sorting import SortedPicture, sort_pictures, stream_zip
from cluster_core.model.prediction.prediction import Limits, Prediction

LABELS = ("open", "globular")


def answer(score: float, novelty: float | None = None) -> KeptAnswer:
    scores, limits = {"open": score, "globular": 1 - score}, Limits(novel_above=0.9)
    return KeptAnswer(Prediction("open", scores, 0.0, novelty=novelty, limits=limits), None)


@pytest.fixture
def room(workspace):
    return create_room(workspace)


def add(room, name: str, kept: KeptAnswer | None = None, review: Review | None = None) -> int:
    number = room.add_picture(name, name.encode()).number
    room.keep_answer(number, "m", kept or answer(0.9), LABELS, b"")
    if review:
        room.review([number], review)
    return number


def sort(room) -> list[str]:
    return [one.path for one in sort_pictures(room, room.pictures, "m", LABELS)]


def test_folder_is_the_review_or_else_the_answer(room):
    add(room, "a.jpg")
    add(room, "b.jpg", answer(0.55))
    add(room, "c.jpg", answer(0.55), Review("globular"))
    add(room, "d.jpg", None, Review(None))
    add(room, "e.jpg", KeptAnswer(None, "It is empty."))
    add(room, "f.jpg", KeptAnswer(None, "It is empty."), Review("open"))
    add(room, "g.jpg", answer(0.9, novelty=0.95))
    add(room, "h.jpg", answer(0.9), Review("none_of_these"))
    add(room, "i.jpg", answer(0.9, novelty=0.95), Review("open"))
    assert sort(room) == [
        "open/a.jpg",
        "unsure/b.jpg",
        "globular/c.jpg",
        "don't know/d.jpg",
        "could not be used/e.jpg",
        "open/f.jpg",
        "none of these/g.jpg",
        "none of these/h.jpg",
        "open/i.jpg",
    ]


def test_equal_names_get_numbers_also_if_only_capitals_differ(room):
    for name in ("a.jpg", "x/a.jpg", "A.JPG", "y\\a.jpg"):
        add(room, name)
    assert sort(room) == ["open/a.jpg", "open/a (2).jpg", "open/A (3).JPG", "open/a (4).jpg"]


def test_number_stays_in_front_of_the_ending_of_a_packed_fits_file(room):
    for name in ("a.fits.gz", "b/a.fits.gz", f"{'c' * 250}.fits.bz2"):
        add(room, name)
    assert sort(room) == ["open/a.fits.gz", "open/a (2).fits.gz", f"open/{'c' * 150}.fits.bz2"]


def test_classes_that_differ_in_capitals_or_clash_with_a_folder_are_kept_apart(room):
    for label in ("open", "Open", "unsure", "don't know", "answers.csv"):
        add(room, f"{label}.jpg", None, Review(label))
    add(room, "z.jpg", answer(0.55))
    assert sort(room) == [
        "open/open.jpg",
        "Open (2)/Open.jpg",
        "unsure (2)/unsure.jpg",
        "don't know (2)/don't know.jpg",
        "answers.csv (2)/answers.csv.jpg",
        "unsure/z.jpg",
    ]


@pytest.mark.parametrize(
    ("label", "name", "path"),
    [
        ("../up", "../../a.jpg", "up/a.jpg"),
        ("C:\\x", "nul.jpg", "x/_nul.jpg"),
        ("con", "a?.jpg", "_con/a_.jpg"),
        ("dots...", ".hidden", "dots/hidden"),
        ("\u202egnp", "a\tb.jpg", "gnp/ab.jpg"),
    ],
)
def test_names_are_safe_on_every_disk(room, label, name, path):
    number = room.add_picture(name, b"x").number
    room.review([number], Review(label))
    assert sort(room) == [path]


def test_long_name_keeps_its_ending(room):
    add(room, f"{'ü' * 250}.fits")
    (path,) = sort(room)
    assert path.endswith(".fits")
    assert len(path.encode()) < 200


def test_zip_holds_the_files_and_leaves_out_what_has_gone(room, tmp_path):
    add(room, "a.jpg")
    add(room, "ü.jpg")
    found = sort_pictures(room, room.pictures, "m", LABELS)
    pieces = list(
        stream_zip([*found, SortedPicture(9, "open/gone.jpg", tmp_path / "gone")], b"path\n")
    )
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["answers.csv", "open/a.jpg", "open/ü.jpg"]
        assert archive.read("answers.csv") == b"path\n"
        assert archive.read("open/ü.jpg") == "ü.jpg".encode()


def test_sizes_and_checksums_come_before_the_contents(room):
    add(room, "a.jpg")
    add(room, "ü.jpg")
    packed = b"".join(stream_zip(sort_pictures(room, room.pictures, "m", LABELS), b"path\n"))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for info in archive.infolist():
            assert not info.flag_bits & 0x08  # would mean that they come after it
            at = info.header_offset + 14
            header = struct.unpack("<III", packed[at : at + 12])
            assert header == (info.CRC, info.file_size, info.file_size)


def test_large_file_comes_in_pieces(room):
    room.add_picture("a.jpg", b"x" * 5_000_000)
    pieces = list(stream_zip(sort_pictures(room, room.pictures, "m", LABELS), b"path\n"))
    assert max(map(len, pieces)) < 2_000_000
