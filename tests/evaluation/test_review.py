"""The status of a test picture: in place, moved, edited or gone."""

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


def test_unchanged_picture_is_in_place(image_dir, tested):
    found = find_picture(image_dir, tested)
    assert found.status is PictureStatus.IN_PLACE
    assert found.path == image_dir / "globular" / NAME
    assert found.label == "globular"


def test_picture_in_another_class_is_moved(image_dir, tested):
    (image_dir / "globular" / NAME).rename(image_dir / "open" / NAME)
    found = find_picture(image_dir, tested)
    assert found.status is PictureStatus.MOVED
    assert found.label == "open"
    assert found.tested is tested


def test_moved_picture_with_a_number_in_its_name_is_found(image_dir, tested):
    (image_dir / "open" / NAME).write_bytes(b"another of the same name")
    (image_dir / "globular" / NAME).rename(image_dir / "open" / "a picture (2).png")
    found = find_picture(image_dir, tested)
    assert found.status is PictureStatus.MOVED
    assert found.path == image_dir / "open" / "a picture (2).png"


def test_picture_with_other_content_is_edited(image_dir, tested):
    (image_dir / "globular" / NAME).write_bytes(b"other bytes")
    found = find_picture(image_dir, tested)
    assert found.status is PictureStatus.EDITED
    assert found.label == "globular"


def test_other_picture_of_the_same_name_is_not_a_match(image_dir, tested):
    (image_dir / "globular" / NAME).unlink()
    (image_dir / "open" / NAME).write_bytes(b"other bytes")
    found = find_picture(image_dir, tested)
    assert found.status is PictureStatus.GONE
    assert found.path is None
    assert found.label is None


def test_picture_of_a_deleted_dataset_is_gone(tmp_path, tested):
    assert find_picture(tmp_path / "nowhere", tested).status is PictureStatus.GONE


def test_picture_deleted_during_the_search_is_gone(image_dir, tested, monkeypatch):
    def delete(path):
        path.unlink()
        raise FileNotFoundError(path)

    monkeypatch.setattr("cluster_core.evaluation.review.hash_file", delete)
    assert find_picture(image_dir, tested).status is PictureStatus.GONE
