"""The SQLite cache file."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster_core.errors import RunError
from cluster_core.storage import cache_file
from cluster_core.storage.cache_file import FILE_NAME, MAX_PARAMETERS, CacheFile
from tests.samples import not_as_root, run_python

CREATE = "CREATE TABLE IF NOT EXISTS things (kind TEXT, key TEXT, value BLOB, UNIQUE (kind, key))"
INSERT = "INSERT OR REPLACE INTO things VALUES (?, ?, ?)"
SELECT = "SELECT key, value FROM things WHERE kind = ? AND key IN ({keys})"


def open_cache(folder) -> CacheFile:
    cache = CacheFile(folder)
    cache.create_table(CREATE)
    return cache


def make_rows(kind: str, n: int) -> list[tuple[str, str, bytes]]:
    return [(kind, f"{number}", f"{kind}{number}".encode()) for number in range(n)]


def test_rows_persist_after_reopening(tmp_path):
    n = 2 * MAX_PARAMETERS + 7
    with open_cache(tmp_path / "new" / "folder") as cache:
        cache.write_many(INSERT, make_rows("a", n))
        cache.write_many(INSERT, make_rows("b", 3))
    with open_cache(tmp_path / "new" / "folder") as cache:
        keys = [f"{number}" for number in range(n + 5)]
        assert dict(cache.read_in(SELECT, keys, "a")) == {
            key: value for _, key, value in make_rows("a", n)
        }
        assert list(cache.read_in(SELECT, [], "a")) == []
        assert list(cache.read_in(SELECT, ["0"], "c")) == []


def test_failed_write_stores_nothing(tmp_path):
    def rows():
        yield from make_rows("a", 3)
        raise ValueError("no more")

    with open_cache(tmp_path) as cache:
        with pytest.raises(ValueError, match="no more"):
            cache.write_many(INSERT, rows())
        assert list(cache.read_in(SELECT, ["0", "1", "2"], "a")) == []
        cache.write_many(INSERT, make_rows("a", 1))  # the next write works
        assert dict(cache.read_in(SELECT, ["0"], "a")) == {"0": b"a0"}


def test_threads_share_one_file(tmp_path):
    kinds = "abcdefgh"
    with open_cache(tmp_path) as cache:

        def write_and_read(kind):
            for row in make_rows(kind, 20):
                cache.write_many(INSERT, [row])
            return dict(cache.read_in(SELECT, [f"{number}" for number in range(20)], kind))

        with ThreadPoolExecutor(len(kinds)) as pool:
            found = list(pool.map(write_and_read, kinds))
    assert found == [{key: value for _, key, value in make_rows(kind, 20)} for kind in kinds]


def test_processes_share_one_file(tmp_path):
    program = (
        "import sys; from pathlib import Path; from tests.storage.test_cache_file import *\n"
        "with open_cache(Path(sys.argv[1])) as cache:\n"
        "    for row in make_rows(sys.argv[2], 30): cache.write_many(INSERT, [row])\n"
    )
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(
            pool.map(lambda kind: run_python("-c", program, tmp_path, kind), ["a", "b", "c"])
        )
    assert [outcome.stderr for outcome in outcomes] == ["", "", ""]
    with open_cache(tmp_path) as cache:
        keys = [f"{number}" for number in range(30)]
        for kind in ("a", "b", "c"):
            assert len(list(cache.read_in(SELECT, keys, kind))) == 30


@pytest.mark.parametrize("content", [b"not a database" * 100, b"SQLite format 3\0" + b"x" * 5000])
def test_damaged_file_is_reported_and_kept(tmp_path, content):
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(RunError, match="Delete it and try again") as caught:
        open_cache(tmp_path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content


def test_damaged_page_is_reported_when_read(tmp_path):
    with open_cache(tmp_path) as cache:
        cache.write_many(INSERT, make_rows("a", 5000))
    path = tmp_path / FILE_NAME
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 40] = b"\xff" * (4096 * 37)
    path.write_bytes(content)
    with open_cache(tmp_path) as cache, pytest.raises(RunError, match="Delete it and try again"):
        list(cache.read_in(SELECT, [f"{number}" for number in range(5000)], "a"))


def test_file_instead_of_folder_is_reported(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="could not be used"):
        CacheFile(tmp_path / "file")
    with pytest.raises(RunError, match="could not be used"):
        CacheFile(tmp_path / "file" / "below")


def test_folder_instead_of_file_is_reported(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(RunError, match="could not be used"):
        CacheFile(tmp_path)


@not_as_root
def test_write_protected_folder_is_reported(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(RunError, match="folder is writable"):
            CacheFile(tmp_path)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no such limit")
def test_full_disk_is_reported_and_keeps_earlier_rows(tmp_path):
    with open_cache(tmp_path) as cache:
        cache.write_many(INSERT, make_rows("a", 10))
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from tests.storage.test_cache_file import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
        "try:\n"
        "    with open_cache(Path(sys.argv[1])) as cache:\n"
        "        cache.write_many(INSERT, make_rows('b', 20_000))\n"
        "except RunError as error: print(error)\n"
    )
    outcome = run_python("-c", program, tmp_path)
    assert outcome.stderr == ""
    assert "could not be used" in outcome.stdout
    assert "the disk is not full" in outcome.stdout
    with open_cache(tmp_path) as cache:
        assert len(list(cache.read_in(SELECT, [f"{number}" for number in range(10)], "a"))) == 10
        assert list(cache.read_in(SELECT, ["0"], "b")) == []


def test_text_that_cannot_be_decoded_does_not_end_a_query(tmp_path):
    with open_cache(tmp_path) as cache:
        cache.write_many(INSERT, make_rows("a", 2))
        cache.write_many("INSERT INTO things VALUES ('a', '2', CAST(? AS TEXT))", [(b"\xff\x80",)])
        found = dict(cache.read_in(SELECT, ["0", "1", "2"], "a"))
    assert found == {"0": b"a0", "1": b"a1", "2": "\N{REPLACEMENT CHARACTER}" * 2}


@pytest.mark.parametrize(
    ("error", "code", "advice"),
    [
        (sqlite3.OperationalError, None, "Delete it and try again"),
        (sqlite3.OperationalError, sqlite3.SQLITE_ERROR, "Delete it and try again"),
        (sqlite3.DatabaseError, sqlite3.SQLITE_CORRUPT, "Delete it and try again"),
        (sqlite3.OperationalError, sqlite3.SQLITE_IOERR_SHORT_READ, "Delete it and try again"),
        (sqlite3.OperationalError, sqlite3.SQLITE_IOERR_WRITE, "folder is writable"),
        (sqlite3.OperationalError, sqlite3.SQLITE_FULL, "disk is not full"),
        (sqlite3.OperationalError, sqlite3.SQLITE_READONLY_DBMOVED, "folder is writable"),
        (sqlite3.OperationalError, sqlite3.SQLITE_CANTOPEN, "folder is writable"),
        (sqlite3.OperationalError, sqlite3.SQLITE_BUSY, "in use by another program"),
        (sqlite3.OperationalError, sqlite3.SQLITE_LOCKED_SHAREDCACHE, "in use by another program"),
    ],
)
def test_advice_fits_the_cause(tmp_path, error, code, advice):
    failure = error("the reason")
    if code is not None:
        failure.sqlite_errorcode = code

    def rows():
        yield from ()
        raise failure

    with open_cache(tmp_path) as cache, pytest.raises(RunError, match=advice) as caught:
        cache.write_many(INSERT, rows())
    assert "the reason" in str(caught.value)
    assert ("writable" in str(caught.value)) == ("writable" in advice or "full" in advice)


def test_table_of_another_shape_is_damage(tmp_path):
    with CacheFile(tmp_path) as cache:
        cache.create_table("CREATE TABLE things (other TEXT)")
    with open_cache(tmp_path) as cache, pytest.raises(RunError, match="Delete it and try again"):
        cache.write_many(INSERT, make_rows("a", 1))


def test_locked_file_is_reported_as_in_use(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_file, "BUSY_TIMEOUT_S", 0.01)
    with open_cache(tmp_path) as cache, contextlib.closing(sqlite3.connect(cache.path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RunError, match="in use by another program"):
            cache.write_many(INSERT, make_rows("a", 1))
