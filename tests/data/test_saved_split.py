from __future__ import annotations

from dataclasses import replace

import pytest

from cluster_core.data import saved_index, saved_split
from cluster_core.data.index import scan_dataset
from cluster_core.data.saved_split import split_unless_saved
from cluster_core.data.signature import compute_signature
from cluster_core.data.splits import split_dataset
from cluster_core.storage.cache_file import CacheFile
from tests.samples import write_photos

SHARES = (10.0, 20.0)


@pytest.fixture
def dataset(tmp_path):
    """The index, signature and cache of pictures with a copy and counter-examples."""
    folder = write_photos(tmp_path / "photos", 5)
    blue = sorted((folder / "blue stars").iterdir())
    (folder / "none_of_these").mkdir()
    for number, picture in enumerate(blue):
        (folder / "none_of_these" / f"{number}.png").write_bytes(picture.read_bytes())
    (folder / "red stars" / "copy.png").write_bytes(blue[0].read_bytes())
    with CacheFile(tmp_path / "cache") as cache:
        index = scan_dataset(folder, cache)
        # As `scan_unless_saved` does.
        cache.create_table(saved_index.CREATE)
        yield index, compute_signature(folder), cache


def split(index):
    return split_dataset(index, testing_percentage=SHARES[0], validation_percentage=SHARES[1])


def test_saved_split_is_the_computed_one(dataset, monkeypatch):
    index, signature, cache = dataset
    expected = split(index)
    assert expected.notes
    assert expected.counter_training
    assert split_unless_saved(index, signature, cache, SHARES) == expected
    monkeypatch.setattr(saved_split, "split_dataset", None)
    assert split_unless_saved(index, signature, cache, SHARES) == expected


def test_other_shares_pictures_or_files_are_split_again(dataset, monkeypatch):
    index, signature, cache = dataset
    split_unless_saved(index, signature, cache, SHARES)
    monkeypatch.setattr(saved_split, "split_dataset", lambda index, **shares: split(index))
    fewer = replace(index, pictures=index.pictures[1:])
    for changed in (
        (fewer, signature, cache, SHARES),
        (index, "other", cache, SHARES),
        (index, signature, cache, (20.0, 20.0)),
    ):
        assert split_unless_saved(*changed) == split(changed[0])
