"""Finding a tested picture again: in place, moved, edited, gone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cluster_core.evaluation.review import PictureStatus, find_picture
from cluster_core.evaluation.scores import TestedPicture

CONTENT = b"the bytes of a picture"
NAME = "a picture.png"


@pytest.fixture
def image_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "sky_photos"
    for label in ("galaxy", "globular", "open"):
        (folder / label).mkdir(parents=True)
    (folder / "globular" / NAME).write_bytes(CONTENT)
    return folder


@pytest.fixture
def tested() -> TestedPicture:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    return TestedPicture(Path("globular", NAME), sha256, "globular", "open", 0.9)


def test_a_picture_nobody_touched_is_in_place(image_dir, tested):
    found = find_picture(image_dir, tested)
    assert found.status is PictureStatus.IN_PLACE
    assert found.path == image_dir / "globular" / NAME
    assert found.label == "globular"


def test_a_picture_in_another_class_was_moved(image_dir, tested):
    (image_dir / "globular" / NAME).rename(image_dir / "open" / NAME)
    found = find_picture(image_dir, tested)
    assert found.status is PictureStatus.MOVED
    assert found.label == "open"
    assert found.tested is tested


def test_a_picture_whose_name_was_taken_is_found_under_its_number(image_dir, tested):
    (image_dir / "open" / NAME).write_bytes(b"another of the same name")
    (image_dir / "globular" / NAME).rename(image_dir / "open" / "a picture (2).png")
    found = find_picture(image_dir, tested)
    assert found.status is PictureStatus.MOVED
    assert found.path == image_dir / "open" / "a picture (2).png"


def test_a_picture_with_other_bytes_was_edited(image_dir, tested):
    (image_dir / "globular" / NAME).write_bytes(b"other bytes")
    found = find_picture(image_dir, tested)
    assert found.status is PictureStatus.EDITED
    assert found.label == "globular"


def test_another_picture_of_the_same_name_is_not_taken_for_it(image_dir, tested):
    (image_dir / "globular" / NAME).unlink()
    (image_dir / "open" / NAME).write_bytes(b"other bytes")
    found = find_picture(image_dir, tested)
    assert found.status is PictureStatus.GONE
    assert found.path is None
    assert found.label is None


def test_a_dataset_that_was_deleted_holds_nothing(tmp_path, tested):
    assert find_picture(tmp_path / "nowhere", tested).status is PictureStatus.GONE


def test_a_picture_that_is_deleted_while_it_is_read_is_gone(image_dir, tested, monkeypatch):
    def lose(path):
        path.unlink()
        raise FileNotFoundError(path)

    monkeypatch.setattr("cluster_core.evaluation.review.hash_file", lose)
    assert find_picture(image_dir, tested).status is PictureStatus.GONE
