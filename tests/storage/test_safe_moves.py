"""Moves and writes that overwrite nothing."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from cluster_core.errors import DatasetError
from cluster_core.storage import exclusive_rename, safe_moves
from cluster_core.storage.safe_moves import (
    explaining_disk_errors,
    move_without_overwriting,
    write_new,
)
from tests.samples import run_python


@pytest.mark.parametrize(
    ("name", "second", "third"),
    [
        ("M 13.jpg", "M 13 (2).jpg", "M 13 (3).jpg"),
        ("M 13.fits.gz", "M 13 (2).fits.gz", "M 13 (3).fits.gz"),
        ("v1.2.jpg", "v1.2 (2).jpg", "v1.2 (3).jpg"),
        ("a" * 248 + ".jpg", "a" * 247 + " (2).jpg", "a" * 247 + " (3).jpg"),
        ("M 13.5.fits.gz", "M 13.5 (2).fits.gz", "M 13.5 (3).fits.gz"),
        ("no ending", "no ending (2)", "no ending (3)"),
        ("é" * 124 + ".jpeg", "é" * 123 + " (2).jpeg", "é" * 123 + " (3).jpeg"),
    ],
)
def test_moved_file_gets_a_number_if_name_is_taken(tmp_path, name, second, third):
    paths = []
    for content in ("1", "2", "3"):
        (tmp_path / "source").write_text(content)
        paths.append(move_without_overwriting(tmp_path / "source", tmp_path / name))
    assert [path.name for path in paths] == [name, second, third]
    assert [path.read_text() for path in paths] == ["1", "2", "3"]
    assert len(list(tmp_path.iterdir())) == 3


def test_free_name_is_found_without_trying_every_number(tmp_path, monkeypatch):
    tried = []
    add_number = safe_moves._add_number

    def count(name, number, is_folder):
        tried.append(number)
        return add_number(name, number, is_folder)

    monkeypatch.setattr(safe_moves, "_add_number", count)
    paths = [write_new(tmp_path / "a.jpg", b"") for _ in range(300)]
    assert [path.name for path in paths[1:]] == [f"a ({n}).jpg" for n in range(2, 301)]
    assert len(tried) < 300 * 20


KILLED_AT_A_RENAME = """
import os, sys
from pathlib import Path
from cluster_core.storage.safe_moves import move_without_overwriting
sys.addaudithook(lambda event, arguments: event == "os.rename" and os._exit(9))
move_without_overwriting(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("is_folder", [False, True])
def test_killed_move_leaves_nothing_at_its_target(tmp_path, is_folder):
    source = tmp_path / "source"
    source.mkdir() if is_folder else source.write_text("picture")
    killed = run_python("-c", KILLED_AT_A_RENAME, source, tmp_path / "target")
    assert killed.returncode == 9
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("is_folder", [False, True])
def test_disk_without_exclusive_renames_overwrites_nothing(tmp_path, monkeypatch, is_folder):
    monkeypatch.setattr(exclusive_rename, "_rename", lambda source, target: errno.EINVAL)
    for name in ("taken", "source"):
        (tmp_path / name).mkdir() if is_folder else (tmp_path / name).write_text(name)
    with pytest.raises(FileExistsError):
        exclusive_rename.rename_exclusively(tmp_path / "source", tmp_path / "taken")
    assert move_without_overwriting(tmp_path / "source", tmp_path / "taken").name == "taken (2)"
    with pytest.raises(FileNotFoundError):
        exclusive_rename.rename_exclusively(tmp_path / "source", tmp_path / "gone" / "target")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken", "taken (2)"]


def test_overlong_suffix_raises_instead_of_looping(tmp_path):
    (tmp_path / ("a." + "b" * 253)).touch()
    (tmp_path / "source").touch()
    with pytest.raises(OSError, match="too long"):
        move_without_overwriting(tmp_path / "source", tmp_path / ("a." + "b" * 253))
    assert (tmp_path / "source").exists()


def test_new_file_gets_a_number_if_name_is_taken(tmp_path):
    paths = [write_new(tmp_path / "a.jpg", data) for data in (b"1", b"2")]
    assert [path.name for path in paths] == ["a.jpg", "a (2).jpg"]
    assert [path.read_bytes() for path in paths] == [b"1", b"2"]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("name", "second"), [("v1.2", "v1.2 (2)"), ("sky_photos", "sky (2)_photos")]
)
def test_folder_gets_a_number_if_name_is_taken(tmp_path, name, second):
    (tmp_path / name).mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a").touch()
    assert move_without_overwriting(tmp_path / "other", tmp_path / name) == tmp_path / second
    assert (tmp_path / second / "a").exists()
    assert not (tmp_path / "other").exists()


def test_files_and_folders_do_not_replace_each_other(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "source").touch()
    assert move_without_overwriting(tmp_path / "source", tmp_path / "folder").name == "folder (2)"
    assert move_without_overwriting(tmp_path / "folder", tmp_path / "file").name == "file (2)"


def test_link_is_moved_and_not_its_target(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    moved = move_without_overwriting(tmp_path / "link", tmp_path / "moved")
    assert moved.is_symlink()
    assert (tmp_path / "real").is_dir()


@pytest.mark.parametrize("is_folder", [False, True])
def test_failed_move_changes_nothing(tmp_path, monkeypatch, is_folder):
    source = tmp_path / "source"
    source.mkdir() if is_folder else source.touch()

    def fail(source, target):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(safe_moves, "rename_exclusively", fail)
    with pytest.raises(OSError, match="cross-device"):
        move_without_overwriting(source, tmp_path / "target")
    assert list(tmp_path.iterdir()) == [source]


def test_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def fail(draft, data):
        with draft.open("wb") as file:
            file.write(data[:1])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(safe_moves.Path, "write_bytes", fail)
    with pytest.raises(OSError, match="No space"):
        write_new(tmp_path / "a.jpg", b"picture")
    assert list(tmp_path.iterdir()) == []


def test_two_tabs_that_store_at_once_lose_nothing(tmp_path):
    barrier = threading.Barrier(8)

    def store(number):
        barrier.wait()
        for _ in range(10):
            write_new(tmp_path / "a.jpg", b"%d" % number)

    threads = [threading.Thread(target=store, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = sorted(path.read_bytes() for path in tmp_path.iterdir())
    assert stored == sorted(b"%d" % number for number in range(8) for _ in range(10))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EACCES, "write-protected"),
        (errno.EROFS, "write-protected"),
        (errno.ENOENT, "no longer exists"),
        (errno.EEXIST, "already taken"),
        (errno.EXDEV, "because of a disk problem (Invalid cross-device link): check the disk"),
    ],
)
def test_disk_error_is_explained(tmp_path, code, reason):
    with (
        pytest.raises(DatasetError, match=r"^It could not be stored, because ") as caught,
        explaining_disk_errors("It could not be stored", tmp_path),
    ):
        raise OSError(code, os.strerror(code))
    assert reason in str(caught.value)
    assert caught.value.path == tmp_path


def test_disk_error_without_errno_is_reported(tmp_path):
    with (
        pytest.raises(DatasetError, match=r"because of a disk problem \(it is odd\)"),
        explaining_disk_errors("It could not be stored", tmp_path),
    ):
        raise OSError("it is odd")


def test_other_errors_pass_through(tmp_path):
    with pytest.raises(KeyError), explaining_disk_errors("It could not be stored", tmp_path):
        raise KeyError
