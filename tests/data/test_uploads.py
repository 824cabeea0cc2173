"""Uploads of many pictures: good and bad ones, interruption, and classes from folders."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from cluster_core.data.editing.classes import list_classes
from cluster_core.data.index import scan_dataset
from cluster_core.data.uploads import (
    NewPicture,
    PictureBatch,
    assign_labels,
    name_dataset_after,
)
from cluster_core.errors import AccessError
from cluster_core.storage.cache_file import CacheFile
from tests.samples import OWNER, VISITOR, draw_blob, save_picture


def make_png(seed: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw_blob(seed)).save(file, "PNG")
    return file.getvalue()


def make_upload(label: str, name: str, data: bytes) -> NewPicture:
    return NewPicture(label, name, lambda: data)


@pytest.fixture
def cache(workspace):
    with CacheFile(workspace.bottlenecks) as file:
        yield file


def test_good_pictures_are_stored_and_bad_ones_reported(workspace, cache):
    image_dir = workspace.cluster_photos
    batch = PictureBatch(
        OWNER,
        image_dir,
        [
            make_upload("open", "a.png", make_png(1)),
            make_upload("open", "b.png", make_png(2)),
            make_upload("Open", "twin of a.png", make_png(1)),
            make_upload("closed", "page.jpg", b"<html>"),
            make_upload("..", "c.png", make_png(3)),
        ],
    )
    progress = []
    batch.store_remaining(cache, lambda done, total: progress.append((done, total)))
    report = batch.report()
    # Of `open` and `Open`, the first in alphabetical order names the class.
    assert report.added == {"Open": 2}
    assert list_classes(image_dir) == ("Open", "closed")
    assert [file.path.name for file in report.rejected] == ["twin of a.png", "page.jpg", "c.png"]
    assert "added twice" in report.rejected[0].reason
    assert "page.jpg" in report.rejected[1].reason
    assert "cannot be called '..'" in report.rejected[2].reason
    assert progress[-1] == (5, 5)
    assert scan_dataset(image_dir, cache).counts == {"Open": 2, "closed": 0}


def test_stopped_batch_resumes(workspace, cache):
    reads = []

    def make(number: int) -> NewPicture:
        return NewPicture("open", f"{number}.png", lambda: reads.append(number) or make_png(number))

    batch = PictureBatch(OWNER, workspace.cluster_photos, [make(number) for number in range(80)])

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch.store_remaining(cache, stop)
    n_stored = sum(batch.report().added.values())
    assert 0 < n_stored < 80
    assert len(list((workspace.cluster_photos / "open").iterdir())) == n_stored
    batch.store_remaining(cache)
    assert batch.report().added == {"open": 80}
    assert not batch.report().rejected
    assert sorted(reads) == list(range(80))


def test_public_demo_stores_nothing(workspace, cache):
    batch = PictureBatch(
        VISITOR, workspace.cluster_photos, [make_upload("open", "a.png", make_png(1))]
    )
    with pytest.raises(AccessError):
        batch.store_remaining(cache)
    assert not workspace.cluster_photos.exists()


@pytest.mark.parametrize(
    ("names", "chosen", "labels"),
    [
        (["p/open/a.jpg", "p/globular/b.jpg"], "other", ["open", "globular"]),
        (["p/open/deep/a.jpg", "p/b.jpg"], "other", ["open", "other"]),
        (["p/open/a.jpg", "p/b.jpg"], None, ["open", None]),
        (["open/a.jpg", "open/b.jpg"], None, ["open", "open"]),
        (["open/a.jpg"], "other", ["other"]),
        (["p\\open\\a.jpg"], None, ["open"]),
        (["p/open/.DS_Store", "p/.git/x.jpg", "p/open/Thumbs.db"], "other", [None] * 3),
    ],
)
def test_sub_folders_become_classes(names, chosen, labels):
    assert assign_labels(names, chosen) == labels


@pytest.mark.parametrize(
    ("upload", "folder"),
    [
        ("shapes.zip", "shapes_photos"),
        ("night photos_photos.zip", "night photos_photos"),
        ("shapes/circles/1.png", "shapes_photos"),
        ("shapes\\circles\\1.png", "shapes_photos"),
        ("circles/1.png", "pictures_photos"),
        ("test.zip", "pictures_photos"),
        ("../a/b.png", "pictures_photos"),
        ("..zip", "pictures_photos"),
        ("", "pictures_photos"),
        ("CON.zip", "pictures_photos"),
    ],
)
def test_dataset_is_named_after_the_upload(workspace, upload, folder):
    assert name_dataset_after(workspace, upload) == workspace.root / folder


def test_pictures_in_two_classes_are_added_and_reported(workspace):
    image_dir = workspace.cluster_photos
    save_picture(image_dir / "open" / "a.png", draw_blob(1))
    same = (image_dir / "open" / "a.png").read_bytes()
    other = save_picture(workspace.root / "b.png", draw_blob(2)).read_bytes()
    pictures = [
        NewPicture("Globular", "again.png", lambda: same),
        NewPicture("Globular", "b.png", lambda: other),
        NewPicture("nebula", "b.png", lambda: other),
    ]
    batch = PictureBatch(OWNER, image_dir, pictures)
    with CacheFile(workspace.bottlenecks) as cache:
        batch.store_remaining(cache)
    report = batch.report()
    assert report.added == {"Globular": 2, "nebula": 1}
    found = {(twin.name, *sorted((twin.label, twin.other))) for twin in report.twins}
    assert found == {("again.png", "Globular", "open"), ("b.png", "Globular", "nebula")}
    assert len(report.twins) == 2
