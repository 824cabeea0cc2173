"""Which pictures of a folder a model learned from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cluster_core.data.index import Picture, scan_dataset
from cluster_core.evaluation.learned_pictures import count_learned, divide_learned, record_learned
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.storage.cache_file import CacheFile
from tests.samples import draw_blob, save_picture, write_photos


@pytest.fixture
def index(workspace, tmp_path):
    photos = write_photos(tmp_path / "photos", 3)
    save_picture(photos / "none_of_these" / "moon.png", draw_blob(1))
    with CacheFile(workspace.bottlenecks) as cache:
        return scan_dataset(photos, cache)


@pytest.fixture
def model(trained):
    (folder,) = trained.bundles.iterdir()
    return load_bundle(folder)


def test_counter_examples_count(model, index):
    (moon,) = index.counter_pictures
    assert count_learned(record_learned(model, [index.pictures[0], moon]), index) == 2
    assert count_learned(record_learned(model, index.all_pictures), index) == 7


def test_model_without_record_learned_from_all_of_its_dataset_only(model, index):
    assert count_learned(replace(model, dataset={"sha256": index.sha256}), index) == 7
    assert count_learned(replace(model, dataset={}), index) is None


def test_pictures_of_an_object_that_was_learned_are_no_others(model):
    names = ("M13 a.png", "M13 b.png", "M92.png")
    pictures = [
        Picture(Path("photos", "globular", name), "globular", f"{number:064d}", 8, 8, bytes(1024))
        for number, name in enumerate(names, 10**50)
    ]
    pictures = [replace(one, sha256=one.sha256[::-1]) for one in pictures]
    learned, others = divide_learned(record_learned(model, pictures[:1]), pictures)
    assert [picture.path.name for picture in learned] == ["M13 a.png", "M13 b.png"]
    assert [picture.path.name for picture in others] == ["M92.png"]
