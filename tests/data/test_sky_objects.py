"""Objects in the sky that pictures of a dataset show by their headers, and splits by them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cluster_core.data import sky_objects
from cluster_core.data.groups import group_pictures
from cluster_core.data.index import scan_dataset
from cluster_core.data.splits import BY_GROUP, BY_OBJECT, split_dataset
from cluster_core.sky_names.cache import IdentityCache
from cluster_core.sky_names.position import SkyPosition
from cluster_core.storage.cache_file import CacheFile
from tests.sky_names.skies import M13, make_fits, make_wcs_cards
from tests.sky_names.test_identification import Recorder

M13_FILES = {"solved", "NGC 6205", *(f"night_{number}" for number in range(8))}


@pytest.fixture
def cache(tmp_path):
    with CacheFile(tmp_path / "cache") as file:
        yield file


def save(folder, name, seed, **cards):
    pixels = np.random.default_rng(seed).integers(0, 1000, (60, 80)).astype("i2")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(make_fits(pixels, **cards))
    return path


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for number in range(8):
        save(folder / "globular", f"light_{number}.fits", number, OBJECT=f"NGC {6218 + number}")
        save(folder / "globular", f"night_{number}.fits", 200 + number, OBJECT="M 13")
        save(folder / "open", f"light_{number}.fits", 100 + number, OBJECT=f"NGC {188 + number}")
    save(folder / "globular", "solved.fits", 50, **make_wcs_cards(*M13))
    save(folder / "globular", "NGC 6205.fits", 51)
    return folder


def test_pictures_of_one_object_are_one_group_whatever_names_it(photos, cache):
    index = scan_dataset(photos, cache)
    groups = group_pictures(index.pictures, [])
    numbered = list(zip(index.pictures, groups, strict=True))
    of_m13 = {group for one, group in numbered if one.path.stem in M13_FILES}
    assert len(of_m13) == 1
    assert len(set(groups)) > 5


def test_headers_are_read_once(photos, cache, monkeypatch):
    first = scan_dataset(photos, cache)
    monkeypatch.setattr(sky_objects, "identify", pytest.fail)
    assert scan_dataset(photos, cache) == first


def test_split_keeps_one_object_on_one_side_but_not_that_of_an_earlier_version(photos, cache):
    index = scan_dataset(photos, cache)
    n_sides = {}
    for version in (BY_GROUP, BY_OBJECT):
        split = split_dataset(
            index, testing_percentage=30, validation_percentage=30, version=version
        )
        sides = (split.training, split.validation, split.testing)
        n_sides[version] = sum(any(one.path.stem in M13_FILES for one in side) for side in sides)
    assert (n_sides[BY_GROUP], n_sides[BY_OBJECT]) == (3, 1)


def test_plain_pictures_are_not_opened(tmp_path, cache):
    missing = tmp_path / "a.jpg"
    assert sky_objects.find_sky_objects([(missing, "00")], cache) == [""]


def test_solving_a_picture_changes_neither_hash_nor_groups(photos, cache):
    before = scan_dataset(photos, cache)
    for picture in before.pictures:
        solver = Recorder(SkyPosition(*M13, ((-0.005, 0.0), (0.0, -0.005)), 80, 60))
        IdentityCache(cache).locate(picture.path.read_bytes(), picture.path.name, solver)
    after = scan_dataset(photos, cache)
    assert (after, after.sha256) == (before, before.sha256)
    solved = sky_objects.find_solved_objects(after.pictures, cache)
    assert len(solved) == len(after.pictures) - 1  # the header of one has coordinates


def test_hash_is_that_of_versions_without_headers(photos, cache):
    index = scan_dataset(photos, cache)
    plain = replace(index, pictures=tuple(replace(one, sky_object="") for one in index.pictures))
    assert any(one.sky_object for one in index.pictures)
    assert index.sha256 == plain.sha256
