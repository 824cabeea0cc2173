from __future__ import annotations

import os
import time

import pytest

from cluster_core.data import index as index_module
from cluster_core.data import picture_files, saved_index
from cluster_core.data.index import scan_dataset
from cluster_core.data.saved_index import scan_unless_saved
from cluster_core.data.signature import compute_signature
from cluster_core.errors import ImageError, ImageProblem
from cluster_core.storage.cache_file import CacheFile
from tests.samples import write_photos


@pytest.fixture
def cache(tmp_path):
    with CacheFile(tmp_path / "cache") as file:
        yield file


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Enough pictures to be saved, of three classes, and a file that cannot be used."""
    for module in (index_module, saved_index):
        monkeypatch.setattr(module, "EXACT_UP_TO", 2)
    monkeypatch.setattr(saved_index, "PICTURES_PER_PART", 4)
    folder = write_photos(tmp_path / "photos", 3)
    (folder / "blue stars" / os.fsdecode(b"caf\xe9.png")).write_bytes(
        next((folder / "blue stars").iterdir()).read_bytes()
    )
    (folder / "none_of_these").mkdir()
    (folder / "none_of_these" / "M13.png").write_bytes(
        next((folder / "red stars").iterdir()).read_bytes()
    )
    first, second = sorted((folder / "red stars").iterdir())[:2]
    (folder / "red stars" / "broken.png").write_text("broken")
    (folder / "groups.csv").write_text(f"file,group\n{first.name},a\n{second.name},a\n")
    return folder


def scan(folder, cache):
    def ignore(done, total):
        pass

    return scan_unless_saved(folder, compute_signature(folder), cache, ignore, ignore)


def count_rows(cache, folder) -> int:
    query = "SELECT part FROM dataset_index_parts WHERE image_dir IN ({keys})"
    return len(list(cache.read_in(query, [str(folder)])))


def read_signature(cache, folder) -> str:
    query = "SELECT signature FROM dataset_index_parts WHERE part = ? AND image_dir IN ({keys})"
    [[signature]] = cache.read_in(query, [str(folder)], 0)
    return signature


def test_saved_index_is_the_scanned_one(folder, cache, monkeypatch):
    expected = scan_dataset(folder, cache)
    assert any(picture.groups for picture in expected.pictures)
    assert any(picture.copies for picture in expected.pictures)
    assert expected.rejected
    assert expected.counter_pictures
    assert scan(folder, cache) == expected
    monkeypatch.setattr(saved_index, "scan_dataset", None)
    assert scan(folder, cache) == expected


def test_changed_dataset_and_damaged_index_are_scanned_again(folder, cache):
    scan(folder, cache)
    (folder / "groups.csv").unlink()
    assert scan(folder, cache) == scan_dataset(folder, cache)
    cache.write_many("UPDATE dataset_index_parts SET content = ?", [(b"damaged",)])
    assert scan(folder, cache) == scan_dataset(folder, cache)


def test_index_with_a_missing_part_is_scanned_again(folder, cache):
    expected = scan(folder, cache)
    assert count_rows(cache, folder) > 2
    cache.write_many("DELETE FROM dataset_index_parts WHERE part = ?", [(1,)])
    assert scan(folder, cache) == expected


def test_index_is_saved_at_most_every_five_minutes(folder, cache, monkeypatch):
    scan(folder, cache)
    signatures = [read_signature(cache, folder)]
    for number, minutes in enumerate((1, 6), start=1):
        (folder / "groups.csv").write_text("file,group\n" + number * "\n")
        later = time.time() + 60 * minutes
        monkeypatch.setattr(time, "time", lambda later=later: later)
        scan(folder, cache)
        signatures.append(read_signature(cache, folder))
    assert signatures[0] == signatures[1] != signatures[2]


def test_index_of_a_deleted_dataset_is_dropped(folder, cache, tmp_path):
    scan(folder, cache)
    renamed = folder.rename(tmp_path / "renamed")
    scan(renamed, cache)
    assert not count_rows(cache, folder)
    assert count_rows(cache, renamed)


def test_file_that_can_be_read_again_is_used(folder, cache, monkeypatch):
    def read(path):
        if path.name == "M13.png":
            raise ImageError("It is away.", path=path.name, reason=ImageProblem.UNREADABLE)
        return path.read_bytes()

    with monkeypatch.context() as patched:
        patched.setattr(picture_files, "read_bytes", read)
        reasons = [file.reason for file in scan(folder, cache).rejected]
    assert reasons.count("It is away.") == 1
    assert scan(folder, cache) == scan_dataset(folder, cache)
