from __future__ import annotations

import numpy as np

from cluster_core.training.choice.sample import (
    MAX_CLASSES,
    MAX_PER_CLASS,
    MAX_PICTURES,
    draw_sample,
)
from tests.samples import make_index


def make_pictures(**counts: int):
    names = {label: [f"{label}{n}.jpg" for n in range(count)] for label, count in counts.items()}
    return make_index(names).pictures


def test_sample_is_bounded_and_stratified():
    sample = draw_sample(make_pictures(a=500, b=70, c=10))
    counts = np.bincount(sample.classes)
    assert counts.tolist() == [MAX_PER_CLASS, MAX_PER_CLASS, 10]
    many = draw_sample(make_pictures(**{f"class{n}": 40 for n in range(12)}))
    assert len(many.pictures) == MAX_PICTURES
    assert set(np.bincount(many.classes)) == {MAX_PICTURES // 12}


def test_of_very_many_classes_some_are_tried():
    sample = draw_sample(make_pictures(**{f"class{n}": 8 for n in range(300)}))
    assert sample.classes.max() + 1 == MAX_CLASSES
    assert len(sample.pictures) <= MAX_PICTURES


def test_sample_depends_on_contents_alone_and_mostly_stays_when_pictures_are_added():
    few, more = make_pictures(a=100, b=100), make_pictures(a=110, b=100)
    first, again, grown = (draw_sample(pictures) for pictures in (few, few[::-1], more))
    assert first.sha256 == again.sha256
    assert first.sha256 != grown.sha256
    kept = {picture.sha256 for picture in first.pictures} & {p.sha256 for p in grown.pictures}
    assert len(kept) > 100


def test_too_small_datasets_have_no_sample():
    assert draw_sample(()) is None
    assert draw_sample(make_pictures(a=1, b=1)) is None
    assert draw_sample(make_pictures(a=4, b=5)) is None
    assert draw_sample(make_pictures(a=30)) is None
    assert draw_sample(make_pictures(a=30, b=1)) is None


def test_class_with_a_single_picture_is_left_out():
    sample = draw_sample(make_pictures(a=30, b=1, c=20))
    assert {picture.label for picture in sample.pictures} == {"a", "c"}
    assert set(sample.classes) == {0, 1}


def test_copies_and_pictures_of_one_object_share_a_group():
    structure = np.random.default_rng(0).integers(-127, 127, 1024).astype(np.int8).tobytes()
    names = {"a": ["m13 one.jpg", "m13 two.jpg", *(f"{n}.jpg" for n in range(9))], "b": []}
    names["b"] = [f"x{n}.jpg" for n in range(9)]
    copies = {"0.jpg": structure, "x3.jpg": structure}
    sample = draw_sample(make_index(names, copies).pictures)
    group = dict(zip([p.path.name for p in sample.pictures], sample.groups, strict=True))
    assert group["m13 one.jpg"] == group["m13 two.jpg"]
    assert group["0.jpg"] == group["x3.jpg"]
    assert len(set(sample.groups.tolist())) == 18


def test_a_series_of_look_alikes_is_not_one_group():
    """Each picture of the chain resembles the next, as written digits do."""
    random = np.random.default_rng(1)
    drift = np.cumsum(random.normal(size=(30, 1024)) * 0.5, axis=0) + 2 * random.normal(size=1024)
    structures = [np.rint(row * 127 / np.abs(row).max()).astype(np.int8).tobytes() for row in drift]
    names = {"a": [f"a{n}.jpg" for n in range(15)], "b": [f"b{n}.jpg" for n in range(15)]}
    ordered = [name for label in names for name in names[label]]
    sample = draw_sample(make_index(names, dict(zip(ordered, structures, strict=True))).pictures)
    assert np.bincount(np.unique(sample.groups, return_inverse=True)[1]).max() <= 10
