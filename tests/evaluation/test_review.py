"""The status of a test picture: in place, moved, edited or gone."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cluster_core.evaluation.review import PictureStatus, find_picture, rescore
from cluster_core.evaluation.scores import Metrics, TestedPicture

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


def make_test(*answers: tuple[str, str, str]) -> Metrics:
    """Make a test from file names, labels and answers; the contents are the names."""
    pictures = tuple(
        TestedPicture(Path(label, name), hashlib.sha256(name.encode()).hexdigest(), label, to, 0.9)
        for name, label, to in answers
    )
    return Metrics(("galaxy", "globular", "open"), pictures)


@pytest.fixture
def metrics(image_dir) -> Metrics:
    answers = [("a.png", "globular", "open"), ("b.png", "open", "open"), ("c.png", "open", "open")]
    for name, label, _ in answers:
        (image_dir / label / name).write_text(name)
    return make_test(*answers)


def test_unchanged_labels_give_the_same_score(image_dir, metrics):
    found = rescore(image_dir, metrics)
    assert (found.metrics, found.n_changed) == (metrics, 0)


def test_mended_label_counts_in_the_new_score(image_dir, metrics):
    (image_dir / "globular" / "a.png").rename(image_dir / "open" / "a (2).png")
    found = rescore(image_dir, metrics)
    assert (found.n_changed, found.metrics.n_right, found.metrics.n) == (1, 3, 3)


def test_deleted_picture_is_left_out_of_the_new_score(image_dir, metrics):
    (image_dir / "open" / "b.png").unlink()
    found = rescore(image_dir, metrics)
    assert (found.n_changed, found.metrics.n_right, found.metrics.n) == (0, 1, 2)


def test_answer_is_wrong_for_a_class_that_the_model_does_not_know(image_dir, metrics):
    (image_dir / "nebula").mkdir()
    (image_dir / "open" / "b.png").rename(image_dir / "nebula" / "b.png")
    found = rescore(image_dir, metrics)
    assert (found.n_changed, found.metrics.n_right, found.metrics.n) == (1, 1, 3)


def test_renamed_class_changes_no_label(image_dir, metrics):
    (image_dir / "open").rename(image_dir / "open clusters")
    found = rescore(image_dir, metrics)
    assert (found.metrics, found.n_changed) == (metrics, 0)


def test_counter_example_of_today_is_left_out_of_the_new_score(image_dir, metrics):
    (image_dir / "none_of_these").mkdir()
    (image_dir / "open" / "b.png").rename(image_dir / "none_of_these" / "b.png")
    found = rescore(image_dir, metrics)
    assert (found.n_changed, found.metrics.n_right, found.metrics.n) == (1, 1, 2)
