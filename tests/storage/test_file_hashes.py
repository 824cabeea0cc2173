"""Hashes remembered by file metadata."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3

import pytest

from cluster_core.storage import file_hashes
from cluster_core.storage.cache_file import FILE_NAME, CacheFile
from cluster_core.storage.file_hashes import SETTLED_NS, FileHashes, take_stamp


@pytest.fixture
def hashes(tmp_path):
    with CacheFile(tmp_path / "cache") as file:
        yield FileHashes(file)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"first")
    return path


@pytest.fixture
def settled(monkeypatch):
    """Treat every file as if it had been written long ago."""
    monkeypatch.setattr(file_hashes, "SETTLED_NS", -(10**18))


def keep_date(path, change):
    status = path.stat()
    change()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def rewrite(path):
    path.write_bytes(b"other")


def replace(path):
    other = path.with_name("other")
    other.write_bytes(b"other")
    os.replace(other, path)


def restore_copy(path):
    copy = shutil.copy2(path, path.with_name("copy"))
    path.unlink()
    os.rename(copy, path)


@pytest.mark.parametrize("change", [rewrite, replace, restore_copy])
def test_changed_file_with_old_size_and_date_is_unknown(hashes, path, settled, change):
    before = take_stamp(path)
    hashes.save([(before, "1234")])
    keep_date(path, lambda: change(path))
    after = take_stamp(path)
    assert after != before
    assert hashes.load([after]) == {}


@pytest.mark.parametrize("field", [0, 1, 2, 3, 4])
def test_every_metadata_field_changes_the_stamp(path, monkeypatch, field):
    class Status:
        def __init__(self, values):
            names = ("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
            self.__dict__.update(zip(names, values, strict=True))

    values = [1, 2, 3, 4, 5]
    monkeypatch.setattr(type(path), "stat", lambda self: Status(values))
    before = take_stamp(path)
    values[field] += 10
    after = take_stamp(path)
    assert (before.file, before.state) != (after.file, after.state)


def test_unchanged_file_is_known(hashes, path, settled):
    hashes.save([(take_stamp(path), "1234")])
    assert hashes.load([take_stamp(path)]) == {take_stamp(path): "1234"}


def test_file_stays_known_when_its_folder_is_renamed(hashes, tmp_path, settled):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "a").touch()
    hashes.save([(take_stamp(tmp_path / "old" / "a"), "1234")])
    (tmp_path / "old").rename(tmp_path / "new")
    stamp = take_stamp(tmp_path / "new" / "a")
    assert hashes.load([stamp]) == {stamp: "1234"}


def test_recently_written_file_is_not_remembered(hashes, path):
    stamp = take_stamp(path)
    assert not stamp.is_settled
    hashes.save([(stamp, "1234")])
    assert hashes.load([stamp]) == {}


def test_file_settles_after_three_seconds(hashes, path, monkeypatch):
    changed_ns = path.stat().st_ctime_ns
    monkeypatch.setattr(file_hashes.time, "time_ns", lambda: changed_ns + SETTLED_NS)
    assert not take_stamp(path).is_settled
    monkeypatch.setattr(file_hashes.time, "time_ns", lambda: changed_ns + SETTLED_NS + 1)
    assert take_stamp(path).is_settled


def test_future_date_is_never_settled(path, monkeypatch):
    changed_ns = path.stat().st_ctime_ns
    os.utime(path, ns=(0, changed_ns + 10**15))
    monkeypatch.setattr(file_hashes.time, "time_ns", lambda: changed_ns + 10**14)
    assert not take_stamp(path).is_settled


def test_missing_file_has_no_stamp(path):
    path.unlink()
    assert take_stamp(path) is None


@pytest.mark.parametrize("change", ["sha256 = x'31323334'", "sha256 = NULL", "sha256 = 'abcd'"])
def test_damaged_hash_is_unknown(hashes, tmp_path, path, settled, change):
    stamp = take_stamp(path)
    hashes.save([(stamp, "1234")])
    cache_path = tmp_path / "cache" / FILE_NAME
    with contextlib.closing(sqlite3.connect(cache_path)) as connection, connection:
        connection.execute(f"UPDATE sealed_file_hashes SET {change}")
    assert hashes.load([stamp]) == {}


def test_every_flipped_byte_of_a_hash_is_noticed(hashes, tmp_path, path, settled):
    stamp = take_stamp(path)
    sha256 = "5e" * 32
    hashes.save([(stamp, sha256)])
    hashes._file.close()
    cache_path = tmp_path / "cache" / FILE_NAME
    content = cache_path.read_bytes()
    start = content.index(sha256.encode())
    for position in range(start, start + len(sha256)):
        damaged = bytearray(content)
        damaged[position] ^= 4
        cache_path.write_bytes(damaged)
        with CacheFile(tmp_path / "cache") as file:
            assert FileHashes(file).load([stamp]) == {}
