from __future__ import annotations

import sys

import pytest

from cluster_core.errors import ImageError
from cluster_core.sources import stores
from cluster_core.sources.finding import PictureSources

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def store(monkeypatch):
    monkeypatch.setattr(stores, "SCHEMES", stores.SCHEMES | {"memory"})
    store = fsspec.filesystem("memory")
    for name in ("b.png", "a.fits", "deep/c.jpg", "notes.txt", ".hidden.png"):
        store.pipe(f"/bucket/night/{name}", name.encode())
    yield store
    store.rm("/bucket", recursive=True)


def test_folder_of_a_store_is_searched_for_pictures(store):
    sources = PictureSources(["memory://bucket/night"])
    found = {source.name: source.read() for source in sources}
    assert found == {
        "memory:///bucket/night/a.fits": b"a.fits",
        "memory:///bucket/night/b.png": b"b.png",
        "memory:///bucket/night/deep/c.jpg": b"deep/c.jpg",
    }
    assert (sources.others, sources.count()) == (["notes.txt"], None)


def test_pattern_and_single_file_of_a_store_are_read(store):
    sources = PictureSources(["memory://bucket/*/*.png", "memory://bucket/night/notes.txt"])
    assert [source.file_name for source in sources] == [".hidden.png", "b.png", "notes.txt"]


def test_picture_that_vanishes_is_reported(store):
    source, *_ = PictureSources(["memory://bucket/night"])
    store.rm("/bucket/night/a.fits")
    with pytest.raises(ImageError, match="could not be read"):
        source.read()


def test_address_without_anything_is_reported(store):
    with pytest.raises(ImageError, match="there is nothing at this address"):
        list(PictureSources(["memory://bucket/day"]))


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ImageError, match=r"pip install .cluster-lab\[stores\]"):
        list(PictureSources(["s3://bucket/night"]))


@pytest.mark.parametrize("scheme", ["memory", "file", "github", "zip"])
def test_other_file_system_is_not_a_store(scheme):
    assert not stores.is_store(f"{scheme}://bucket/night")
