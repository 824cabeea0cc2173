"""Groups of copies and of pictures of one object, today and as splits of version 2 knew them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cluster_core.data.groups import group_pictures, group_pictures_as_before, list_copies
from cluster_core.data.splits import BY_CLASS, BY_GROUP, split_dataset
from cluster_core.evaluation.out_of_fold import draw_folds
from tests.samples import make_index

OBJECTS = ("Mel 22", "Cr 399", "IC 4665", "47 Tuc", "NGC 7789", "leaf")


def make_objects(seed: int = 0):
    """Make an index of which many pictures show one of a few objects, in both classes."""
    random = np.random.default_rng(seed)
    names: dict[str, list[str]] = {"a": [], "b": []}
    for label, members in names.items():
        members += [f"{label}{number}.jpg" for number in range(40)]
        for number in range(30):
            name = str(random.choice(OBJECTS))
            members.append(f"{name}{'_nohash_' if name == 'leaf' else ' '}{label}{number}.jpg")
    return make_index(names)


def find_object(name: str) -> str | None:
    return next((one for one in OBJECTS if name.startswith(one)), None)


@pytest.mark.parametrize("seed", range(10))
def test_object_never_straddles_a_split_or_a_fold(seed):
    index = make_objects(seed)
    split = split_dataset(index, testing_percentage=20, validation_percentage=20)
    sides = (split.training, split.validation, split.testing)
    seen = [{find_object(picture.path.name) for picture in side} - {None} for side in sides]
    assert sum(map(len, seen)) == len(OBJECTS)
    groups = np.array(group_pictures(index.pictures, list_copies(index.pictures)))
    classes = np.array([index.labels.index(picture.label) for picture in index.pictures])
    folds = draw_folds(classes, groups, np.random.default_rng(seed))
    for name in OBJECTS:
        members = [find_object(picture.path.name) == name for picture in index.pictures]
        assert len(set(folds[members])) == 1


def test_messier_and_ngc_names_are_one_object():
    index = make_index({"a": ["M13.jpg", "x.jpg"], "b": ["NGC 6205.png", "y.jpg"]})
    groups = group_pictures(index.pictures, [])
    names = [picture.path.name for picture in index.pictures]
    assert groups[names.index("M13.jpg")] == groups[names.index("NGC 6205.png")]
    assert len(set(groups)) == 3
    assert len(set(group_pictures_as_before(index.pictures, []))) == 4


def test_copy_of_one_of_many_pictures_of_an_object_joins_them():
    names = [f"M13 {number:02}.jpg" for number in range(20)]
    print_ = np.random.default_rng(0).integers(-127, 128, 1024).astype(np.int8).tobytes()
    index = make_index({"a": names, "b": ["z.jpg"]}, {names[3]: print_, "z.jpg": print_})
    copies = list_copies(index.pictures)
    assert len(set(group_pictures(index.pictures, copies))) == 1
    assert len(set(group_pictures_as_before(index.pictures, copies))) == 2


def test_names_of_new_catalogues_do_not_change_a_split_of_version_2():
    index = make_objects()
    renamed = {"Mel 22": "one", "Cr 399": "two", "47 Tuc": "three"}
    pictures = []
    for picture in index.pictures:
        name = picture.path.name
        for old, new in renamed.items():
            name = name.replace(old, new)
        pictures.append(replace(picture, path=picture.path.with_name(name)))
    plain = replace(index, pictures=tuple(pictures))
    shares = {"testing_percentage": 20, "validation_percentage": 20}

    def list_sides(of, version):
        split = split_dataset(of, **shares, version=version)
        return [{p.sha256 for p in s} for s in (split.training, split.validation, split.testing)]

    assert list_sides(index, BY_CLASS) == list_sides(plain, BY_CLASS)
    assert list_sides(index, BY_GROUP) != list_sides(plain, BY_GROUP)
