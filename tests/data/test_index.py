"""Scans of dataset folders."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cluster_core.data import picture_files, signature
from cluster_core.data.fingerprints import compute_fingerprint
from cluster_core.data.index import scan_dataset
from cluster_core.data.signature import compute_signature
from cluster_core.errors import DatasetError, ImageError
from cluster_core.storage import file_hashes, mapping
from cluster_core.storage.cache_file import CacheFile
from tests.samples import cut_off, draw_blob, not_as_root, save_picture, write_photos


@pytest.fixture
def cache(tmp_path):
    with CacheFile(tmp_path / "cache") as file:
        yield file


@pytest.fixture
def folder(tmp_path):
    """A dataset of two classes with three readable pictures each."""
    return write_photos(tmp_path / "photos", 3)


def test_index_describes_every_readable_picture(folder, cache):
    index = scan_dataset(folder, cache)
    assert index.labels == ("blue stars", "red stars")
    assert index.counts == {"blue stars": 3, "red stars": 3}
    assert index.rejected == ()
    assert [(p.label, p.path) for p in index.pictures] == sorted(
        (path.parent.name, path) for path in folder.rglob("*.png")
    )
    for picture in index.pictures:
        pixels = np.asarray(Image.open(picture.path))
        assert (picture.height_px, picture.width_px) == pixels.shape[:2]
        assert picture.fingerprint == compute_fingerprint(pixels)


def test_incomplete_pictures_are_listed_with_what_is_missing(folder, cache):
    path = cut_off(folder / "red stars" / "cut.jpg")
    index = scan_dataset(folder, cache)
    (found,) = index.incomplete
    assert found.path == path
    assert found in index.pictures
    assert re.fullmatch(r"cut\.jpg is cut off or damaged: about \d+% .* missing\.", found.warning)
    (remembered,) = scan_dataset(folder, cache).incomplete
    assert remembered.warning == found.warning
    assert all(picture.warning == "" for picture in index.pictures if picture != found)


def test_size_follows_the_exif_orientation(folder, cache):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = folder / "red stars" / "wide.jpg"
    Image.fromarray(draw_blob(1)[:20]).save(path, exif=exif)
    (found,) = (p for p in scan_dataset(folder, cache).pictures if p.path == path)
    assert (found.width_px, found.height_px) == (20, 48)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def write_huge_png(path: Path) -> None:
    # 144 megapixels in about 20 KB; Pillow itself would only warn.
    Image.new("1", (12_000, 12_000)).save(path)


BAD_FILES = {
    "corrupt.jpg": lambda path: path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4),
    "cut short.jpg": lambda path: cut_in_half(save_picture(path, draw_blob(1))),
    "empty.png": Path.touch,
    "notes.txt": lambda path: path.write_text("M 13 is a globular cluster"),
    "no ending": lambda path: path.write_text("?"),
    "a web page.jpg": lambda path: path.write_text("<!DOCTYPE html><p>404"),
    "huge.png": write_huge_png,
    "sensor.CR3": lambda path: path.write_bytes(b"\0\0\0\x18ftypcrx " + bytes(99)),
    "unknown.x3f": lambda path: path.write_bytes(b"?" * 99),
    "blank.png": lambda path: Image.new("L", (30, 20), 7).save(path),
    "nested": lambda path: save_picture(path / "deep.png", draw_blob(2)),
    "nested.png": lambda path: path.mkdir(),
    "gone.png": lambda path: path.symlink_to("nowhere.png"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file_is_rejected_without_stopping_the_scan(folder, cache, name):
    path = folder / "red stars" / name
    BAD_FILES[name](path)
    index = scan_dataset(folder, cache)
    (rejected,) = index.rejected
    assert (rejected.path, rejected.label) == (path, "red stars")
    assert rejected.reason.startswith(f"{name} ")
    assert rejected.reason.endswith(".")
    assert index.counts == {"blue stars": 3, "red stars": 3}
    assert scan_dataset(folder, cache) == index  # also with the facts of the others in the cache


def test_reasons_say_what_to_do(folder, cache):
    for name, words in (("sensor.CR3", "camera raw file"), ("blank.png", "nothing to be seen")):
        BAD_FILES[name](folder / "red stars" / name)
        (reason,) = (file.reason for file in scan_dataset(folder, cache).rejected)
        assert words in reason
        (folder / "red stars" / name).unlink()


def test_wrong_suffix_does_not_matter(folder, cache):
    (folder / "red stars" / "field 10000.png").rename(folder / "red stars" / "a.jpg")
    assert scan_dataset(folder, cache).counts == {"blue stars": 3, "red stars": 3}


def test_fits_table_is_rejected_as_a_table(folder, cache):
    from astropy.io import fits

    table = fits.BinTableHDU.from_columns([fits.Column("mag", "E", array=np.arange(3.0))])
    table.writeto(folder / "red stars" / "catalogue.fits")
    (rejected,) = scan_dataset(folder, cache).rejected
    assert "table" in rejected.reason


def test_hidden_and_system_files_are_ignored(folder, cache):
    before = scan_dataset(folder, cache)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", ".hidden.png"):
        (folder / "red stars" / name).write_text("x")
    save_picture(folder / ".thumbnails" / "a.png", draw_blob(3))
    (folder / "readme.txt").write_text("beside the classes")
    assert scan_dataset(folder, cache) == before


@pytest.mark.parametrize(
    "label",
    [
        "open clusters",
        "Sternhäufen",
        "星団",
        "🔭👩‍🚀",
        'it\'s "quoted"',
        "%s {0} \\n",
        "-rf",
        "a,b;c",
    ],
)
def test_any_single_line_class_name_is_accepted(folder, cache, label):
    (folder / "red stars").rename(folder / label)
    index = scan_dataset(folder, cache)
    assert set(index.labels) == {"blue stars", label}
    assert index.counts[label] == 3
    assert index.rejected == ()


@pytest.mark.parametrize(
    "label", ["a\nb", "a\n", "\n", "a\rb", "a\u2028b", "a\x85", os.fsdecode(b"caf\xe9")]
)
def test_class_name_that_is_not_one_line_is_rejected(folder, cache, label):
    (folder / "red stars").rename(folder / label)
    with pytest.raises(
        DatasetError, match=r"The name of the class folder .* contains .*: rename it"
    ) as caught:
        scan_dataset(folder, cache)
    assert caught.value.label == label
    assert len(str(caught.value).splitlines()) == 1


def test_picture_names_need_not_be_utf8(folder, cache):
    path = folder / "red stars" / os.fsdecode(b"caf\xe9.png")
    save_picture(path, draw_blob(5))
    assert path in [picture.path for picture in scan_dataset(folder, cache).pictures]


def test_missing_folder_is_reported(tmp_path, cache):
    with pytest.raises(DatasetError, match=r"There is no folder .*nowhere") as caught:
        scan_dataset(tmp_path / "nowhere", cache)
    assert caught.value.path == tmp_path / "nowhere"


def test_file_instead_of_folder_is_rejected(tmp_path, cache):
    path = save_picture(tmp_path / "a.png", draw_blob(0))
    with pytest.raises(DatasetError, match=r"could not be opened .*one sub-folder"):
        scan_dataset(path, cache)


@not_as_root
def test_unreadable_class_folder_is_reported(folder, cache):
    (folder / "red stars").chmod(0)
    try:
        with pytest.raises(DatasetError, match="red stars could not be opened"):
            scan_dataset(folder, cache)
    finally:
        (folder / "red stars").chmod(0o755)


def test_empty_class_gives_index_without_pictures(tmp_path, cache):
    (tmp_path / "photos" / "a").mkdir(parents=True)
    index = scan_dataset(tmp_path / "photos", cache)
    assert (index.labels, index.pictures, index.counts) == (("a",), (), {"a": 0})


def test_second_scan_decodes_nothing(folder, cache, monkeypatch):
    first = scan_dataset(folder, cache)

    def refuse(data, name):
        raise AssertionError(f"{name} was decoded again")

    monkeypatch.setattr(picture_files, "compute_facts", refuse)
    assert scan_dataset(folder, cache) == first


def test_edited_picture_is_decoded_again(folder, cache):
    before = scan_dataset(folder, cache)
    edited = before.pictures[0].path
    status = edited.stat()
    save_picture(edited, draw_blob(99, size_px=50))
    os.utime(edited, ns=(status.st_atime_ns, status.st_mtime_ns))  # same date as before
    after = scan_dataset(folder, cache)
    assert after.pictures[0].width_px == 50
    assert after.pictures[0].sha256 != before.pictures[0].sha256
    assert after.pictures[1:] == before.pictures[1:]
    assert after.sha256 != before.sha256


def test_index_hash_depends_on_labels_and_contents_only(folder, cache, tmp_path):
    expected = scan_dataset(folder, cache).sha256
    copy = tmp_path / "copy"
    for path in sorted(folder.rglob("*.png"), reverse=True):
        (copy / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy / path.parent.name / path.name)
    assert scan_dataset(copy, cache).sha256 == expected

    moved = next((copy / "red stars").iterdir())
    moved.rename(copy / "blue stars" / moved.name)
    relabelled = scan_dataset(copy, cache).sha256
    (copy / "blue stars" / moved.name).unlink()
    fewer = scan_dataset(copy, cache).sha256
    (copy / "blue stars").rename(copy / "violet stars")
    renamed = scan_dataset(copy, cache).sha256
    assert len({expected, relabelled, fewer, renamed}) == 4


def test_progress_counts_every_file(folder, cache):
    (folder / "red stars" / "empty.png").touch()
    seen = []
    scan_dataset(folder, cache, lambda done, total: seen.append((done, total)))
    # Half of each file when it is hashed, half when its facts are known.
    assert seen == [(3, 7), (4, 7), (4, 7), (5, 7), (5, 7), (6, 7), (6, 7), (7, 7)]


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
def test_stopped_scan_keeps_its_facts(folder, cache, monkeypatch, kind):
    monkeypatch.setattr(mapping, "count_usable_cpus", lambda: 1)

    def stop(done, total):
        if done == 5:  # the first four of six are described
            raise kind

    with pytest.raises(kind):
        scan_dataset(folder, cache, stop)
    decoded = []

    def count(data, name):
        decoded.append(name)
        raise ImageError("not now", path=name, reason=None)

    monkeypatch.setattr(picture_files, "compute_facts", count)
    scan_dataset(folder, cache)
    assert len(decoded) == 2


def test_order_does_not_depend_on_the_portion_size(folder, cache, monkeypatch):
    whole = scan_dataset(folder, cache)
    monkeypatch.setattr(picture_files, "SAVE_EVERY", 2)
    assert scan_dataset(folder, cache) == whole


@pytest.fixture
def settled(monkeypatch):
    """Treat every file as if it had been written long ago."""
    monkeypatch.setattr(file_hashes, "SETTLED_NS", -(10**18))


def test_second_scan_opens_no_file(folder, cache, monkeypatch, settled):
    (folder / "red stars" / "notes.txt").touch()
    first = scan_dataset(folder, cache)
    monkeypatch.setattr(picture_files, "read_bytes", None)
    assert scan_dataset(folder, cache) == first
    (folder / "red stars").rename(folder / "violet stars")
    assert scan_dataset(folder, cache).counts == {"blue stars": 3, "violet stars": 3}


def test_second_scan_opens_only_new_and_changed_files(folder, cache, monkeypatch, settled):
    before = scan_dataset(folder, cache)
    edited = before.pictures[1].path
    status = edited.stat()
    edited.write_bytes(before.pictures[0].path.read_bytes().ljust(status.st_size, b"\0"))
    os.utime(edited, ns=(status.st_atime_ns, status.st_mtime_ns))
    added = save_picture(folder / "red stars" / "a.png", draw_blob(7))
    opened = []

    def read(path):
        opened.append(path)
        return path.read_bytes()

    monkeypatch.setattr(picture_files, "read_bytes", read)
    after = scan_dataset(folder, cache)
    assert set(opened) == {edited, added}
    assert after.pictures[1].sha256 == hashlib.sha256(edited.read_bytes()).hexdigest()
    assert len(after.pictures) == 7


def test_known_picture_with_other_suffix_is_rejected(folder, cache, settled):
    path = scan_dataset(folder, cache).pictures[0].path
    os.link(path, path.with_suffix(".txt"))
    scan_dataset(folder, cache)
    (rejected,) = scan_dataset(folder, cache).rejected
    assert rejected.path == path.with_suffix(".txt")


CHANGES: dict[str, Callable[[Path], object]] = {
    "picture added": lambda folder: save_picture(folder / "red stars" / "a.png", draw_blob(1)),
    "picture removed": lambda folder: (folder / "red stars" / "field 10000.png").unlink(),
    "picture renamed": lambda folder: (folder / "red stars" / "field 10000.png").rename(
        folder / "red stars" / "a.png"
    ),
    "picture moved": lambda folder: (folder / "red stars" / "field 10000.png").rename(
        folder / "blue stars" / "field 10000.png"
    ),
    "picture edited": lambda folder: (folder / "red stars" / "field 10000.png").write_bytes(b"x"),
    "date set": lambda folder: os.utime(folder / "red stars" / "field 10000.png", ns=(0, 0)),
    "class added": lambda folder: (folder / "a").mkdir(),
    "class renamed": lambda folder: (folder / "red stars").rename(folder / "a"),
    "link to nowhere": lambda folder: (folder / "red stars" / "a.png").symlink_to("nowhere"),
    "all removed": shutil.rmtree,
}


@pytest.mark.parametrize("change", CHANGES)
def test_signature_changes_with_the_dataset(folder, change):
    before = compute_signature(folder)
    assert compute_signature(folder) == before
    CHANGES[change](folder)
    assert compute_signature(folder) != before


def test_signature_opens_no_file(folder, monkeypatch):
    expected = compute_signature(folder)
    monkeypatch.setattr(Path, "open", None)
    monkeypatch.setattr("builtins.open", None)
    assert compute_signature(folder) == expected


def test_signature_ignores_hidden_folders(folder):
    expected = compute_signature(folder)
    save_picture(folder / ".hidden" / "a.png", draw_blob(1))
    assert compute_signature(folder) == expected


def test_signature_survives_concurrent_deletion(folder, monkeypatch):
    scan_folder = signature._scan_folder

    def race(path):
        entries = scan_folder(path)
        if path.name == "red stars":
            (path / "field 10000.png").unlink(missing_ok=True)
        return entries

    monkeypatch.setattr(signature, "_scan_folder", race)
    before = compute_signature(folder)
    assert before != compute_signature(folder)


def test_link_to_itself_has_a_place_in_the_signature(folder):
    before = compute_signature(folder)
    (folder / "loop").symlink_to("loop")
    assert compute_signature(folder) != before


def test_missing_folder_has_a_signature(tmp_path):
    assert compute_signature(tmp_path / "nowhere") == compute_signature(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    assert compute_signature(tmp_path / "nowhere") != compute_signature(tmp_path / "empty")


@pytest.mark.parametrize(
    "change",
    [
        "width_px = width_px + 1",
        "height_px = NULL",
        "fingerprint = zeroblob(1028)",
        "fingerprint = substr(fingerprint, 1, 1024)",
        "fingerprint = 'text'",
        "fingerprint = (SELECT max(fingerprint) FROM picture_facts)",
    ],
)
def test_damaged_facts_are_computed_again_and_reported(folder, cache, caplog, change):
    index = scan_dataset(folder, cache)
    with contextlib.closing(sqlite3.connect(cache.path)) as connection, connection:
        connection.execute(f"UPDATE picture_facts SET {change}")
    assert scan_dataset(folder, cache) == index
    assert "damaged and will be computed again" in caplog.text
    caplog.clear()
    assert scan_dataset(folder, cache) == index
    assert caplog.text == ""


def test_facts_of_an_earlier_version_are_not_used(folder, cache, caplog):
    index = scan_dataset(folder, cache)
    with contextlib.closing(sqlite3.connect(cache.path)) as connection, connection:
        connection.execute("UPDATE picture_facts SET version = 1, width_px = 7")
    assert scan_dataset(folder, cache) == index
    assert caplog.text == ""
