"""Import and export of datasets as .zip files, including hostile ones."""

from __future__ import annotations

import errno
import gzip
import io
import os
import stat
import struct
import threading
import time
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cluster_core.data import picture_files
from cluster_core.data.archives import dataset_archive, entry_checks, unpacking
from cluster_core.data.archives import entries as archive_entries
from cluster_core.data.archives.dataset_archive import import_archive, write_archive
from cluster_core.data.archives.directory import count_entries
from cluster_core.data.editing.classes import list_classes
from cluster_core.data.index import scan_dataset
from cluster_core.errors import AccessError, DatasetError
from cluster_core.storage import safe_moves
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.staging import stage
from tests.samples import OWNER, VISITOR, draw_blob, not_as_root, save_picture, write_photos


def encode(seed: int = 1, kind: str = "PNG", **options) -> bytes:
    target = io.BytesIO()
    Image.fromarray(draw_blob(seed)).save(target, kind, **options)
    return target.getvalue()


def list_twins(report):
    return [(twin.name, twin.label, twin.other) for twin in report.twins]


GOOD = {"open/a.png": encode(1), "globular/b.png": encode(2)}


def pack(entries: Mapping[Any, bytes], compression=zipfile.ZIP_DEFLATED):
    """Write a .zip in memory, from bytes by name or ZipInfo."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data, compression)
    return target


def change_bytes(file: io.BytesIO, old: bytes, new: bytes) -> io.BytesIO:
    """Replace bytes in a finished .zip."""
    assert len(old) == len(new)
    assert old in file.getvalue()
    return io.BytesIO(file.getvalue().replace(old, new))


def rename_entries(file: io.BytesIO, old: bytes, new: bytes) -> io.BytesIO:
    """Write a finished .zip again with other bytes in its names, without the flag for UTF-8."""
    target = io.BytesIO()
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(target, "w") as copy:
        for info in archive.infolist():
            name = info.orig_filename.encode("cp437").replace(old, new)
            renamed = RawNameInfo(name.decode("cp437"))
            copy.writestr(renamed, archive.read(info))
    return target


class RawNameInfo(zipfile.ZipInfo):
    """An entry whose name is written in cp437, which has a character for every byte."""

    def _encodeFilenameFlags(self):  # noqa: N802
        return self.filename.encode("cp437"), self.flag_bits


def make_info(name: str, mode: int = 0, **fields: object) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def read_tree(folder: Path) -> dict[str, bytes | None]:
    """Return everything below a folder, files and folders, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def read_files(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in read_tree(folder).items() if data is not None}


@pytest.fixture
def photos_dir(workspace):
    """A dataset with two classes, in a workspace that has had an import before."""
    write_photos(workspace.cluster_photos, 2)
    workspace.incoming.mkdir()
    CacheFile(workspace.bottlenecks).close()
    return workspace.cluster_photos


class TestImport:
    def test_adds_the_pictures_to_their_classes(self, workspace):
        report = import_archive(OWNER, workspace, workspace.cluster_photos, pack(GOOD))
        assert report.added == {"open": 1, "globular": 1}
        assert report.rejected == ()
        assert read_files(workspace.cluster_photos) == GOOD
        assert list(workspace.incoming.iterdir()) == []

    @pytest.mark.parametrize("top", ["my photos/", "a.b/", "./", "./x/"])
    def test_ignores_a_single_top_folder(self, workspace, top):
        entries = {"ignored/": b""} if top != "./" else {}
        entries |= {top: b"", f"{top}empty/": b"", f"{top}.DS_Store": b"x", f"{top}notes.txt": b"x"}
        archive = pack(entries | {top + name: data for name, data in GOOD.items()})
        report = import_archive(OWNER, workspace, workspace.cluster_photos, archive)
        assert report.added == {"open": 1, "globular": 1, "empty": 0}
        assert read_files(workspace.cluster_photos) == GOOD

    def test_creates_empty_classes_but_not_for_other_folders(self, workspace):
        entries = {"empty/": b"", "docs/": b"", "docs/notes.txt": b"x", "open/": b""}
        archive = pack(entries | GOOD)
        report = import_archive(OWNER, workspace, workspace.cluster_photos, archive)
        assert report.added == {"open": 1, "globular": 1, "empty": 0}
        assert list_classes(workspace.cluster_photos) == ("empty", "globular", "open")

    def test_overwrites_nothing_and_ignores_case_of_classes(self, workspace, photos_dir):
        before = read_files(photos_dir)
        archive = pack({"RED stars/field 10000.png": encode(1), "Red Stars/other.png": encode(2)})
        report = import_archive(OWNER, workspace, photos_dir, archive)
        assert report.added == {"red stars": 2}
        assert read_files(photos_dir) == before | {
            "red stars/field 10000 (2).png": encode(1),
            "red stars/other.png": encode(2),
        }

    def test_rejects_duplicates(self, workspace, photos_dir):
        same = (photos_dir / "red stars" / "field 10000.png").read_bytes()
        archive = pack(
            {"red stars/x.png": same, "red stars/y.png": encode(1), "red stars/z.png": encode(1)}
        )
        report = import_archive(OWNER, workspace, photos_dir, archive)
        assert report.added == {"red stars": 1}
        assert [(str(file.path), file.label) for file in report.rejected] == [
            ("red stars/x.png", "red stars"),
            ("red stars/z.png", "red stars"),
        ]
        assert "the same picture as field 10000.png" in report.rejected[0].reason
        assert "the same picture as y.png" in report.rejected[1].reason
        assert not (photos_dir / "red stars" / "x.png").exists()

    @pytest.mark.parametrize(
        ("name", "data", "reason"),
        [
            ("open/web.jpg", b"<!DOCTYPE html>", "web.jpg is a web page"),
            ("open/draw.jpg", b"%!PS-Adobe-3.0 EPSF-3.0", "draw.jpg is a PostScript"),
            ("open/cut.png", encode(3)[:200], "cut.png is a damaged or incomplete PNG picture"),
            ("open/empty.png", b"", "empty.png is empty"),
            ("open/notes.txt", b"x", "notes.txt is not a picture (its name ends with .txt)."),
            ("open/README", b"x", "README is not a picture (its name has no ending)."),
            ("notes.txt", b"x", "notes.txt is not a picture"),
            ("open/deep/deeper/notes.txt", b"x", "notes.txt is not a picture"),
        ],
    )
    def test_rejects_other_files_with_a_reason(self, workspace, name, data, reason):
        archive = pack({name: data} | GOOD)
        report = import_archive(OWNER, workspace, workspace.cluster_photos, archive)
        (rejected,) = report.rejected
        assert rejected.path == Path(name)
        assert rejected.reason.startswith(reason)
        assert rejected.label == (Path(name).parent.name)
        assert read_files(workspace.cluster_photos) == GOOD

    def test_file_names_are_safe_and_match_the_content(self, workspace):
        archive = pack({"open/con.jpg": encode(1), "open/a:b?.PNG": encode(2)})
        import_archive(OWNER, workspace, workspace.cluster_photos, archive)
        assert set(read_files(workspace.cluster_photos)) == {"open/_con.png", "open/a_b_.PNG"}

    def test_accepts_gzipped_fits(self, workspace):
        from astropy.io import fits

        target = io.BytesIO()
        fits.PrimaryHDU(draw_blob(1)[..., 0].astype(np.float32)).writeto(target)
        archive = pack({"open/a.fits.gz": gzip.compress(target.getvalue())})
        assert import_archive(OWNER, workspace, workspace.cluster_photos, archive).added == {
            "open": 1
        }

    @pytest.mark.parametrize("name", ["./", "."])
    def test_ignores_an_entry_for_the_top_folder(self, workspace, name):
        report = import_archive(
            OWNER, workspace, workspace.cluster_photos, pack({name: b""} | GOOD)
        )
        assert report.added == {"open": 1, "globular": 1}
        assert report.rejected == ()

    def test_ignores_hidden_and_system_files(self, workspace):
        archive = pack(
            {
                "__MACOSX/open/._a.png": b"x",
                "__MACOSX/a.png": b"x",
                "open/.DS_Store": b"x",
                "open/Thumbs.db": b"x",
                "desktop.ini": b"x",
                ".git/config": b"x",
                "open/.hidden.png": b"x",
                "open/folder.png/": b"",
            }
            | GOOD
        )
        report = import_archive(OWNER, workspace, workspace.cluster_photos, archive)
        assert report.rejected == ()
        assert read_files(workspace.cluster_photos) == GOOD

    def test_reads_unflagged_utf8_names(self, workspace):
        archive = pack({"Kugelhaeufen/a.png": encode(1)})
        archive = change_bytes(archive, b"haeufen", "häufen".encode())
        report = import_archive(OWNER, workspace, workspace.cluster_photos, archive)
        assert report.added == {"Kugelhäufen": 1}

    def test_reads_flagged_utf8_names(self, workspace):
        archive = pack({"├ñ/a.png": encode(1)})
        assert import_archive(OWNER, workspace, workspace.cluster_photos, archive).added == {
            "├ñ": 1
        }

    def test_reads_cp437_names(self, workspace):
        archive = pack({"Kugelhaufen/a.png": encode(1)})
        archive = change_bytes(archive, b"Kugelhaufen", "Kugelhäufen".encode("cp437"))
        report = import_archive(OWNER, workspace, workspace.cluster_photos, archive)
        assert report.added == {"Kugelhäufen": 1}

    def test_backslashes_of_windows_count_as_slashes(self, workspace):
        names = ("photos\\open\\", "photos\\open\\a.png", "photos\\globular\\b.png")
        archive = pack({name: encode(n) if n else b"" for n, name in enumerate(names)})
        report = import_archive(OWNER, workspace, workspace.cluster_photos, archive)
        assert report.added == {"open": 1, "globular": 1}
        assert not report.rejected

    def test_unicode_name_beside_the_other_is_used_unless_it_is_stale(self, workspace):
        for raw, expected in ((b"open/?.png", "Sägen"), (b"stale/?.png", "open")):
            field = struct.pack("<BL", 1, zlib.crc32(raw)) + "Sägen/a.png".encode()
            info = zipfile.ZipInfo("open/?.png")
            info.extra = struct.pack("<HH", 0x7075, len(field)) + field
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr(info, encode())
            report = import_archive(OWNER, workspace, workspace.cluster_photos, file)
            assert report.added == {expected: 1}

    @pytest.mark.parametrize(
        ("names", "encoding"),
        [
            (["球状星团", "疏散星团"], "Chinese (GBK)"),
            (["銀河", "散開星団"], "Japanese (Shift-JIS)"),
            (["表", "ソ", "プレアデス星団 (M45)"], "Japanese (Shift-JIS)"),
            (["ひらがな", "plain"], "Japanese (Shift-JIS)"),
            (["Kugelhäufen", "Höfe"], "Western European (code page 437)"),
            (["château", "bélier"], "Western European (code page 437)"),
            (["galaxies", "clusters"], None),
        ],
    )
    def test_guessed_names_are_reported(self, workspace, names, encoding):
        codecs = {"Japanese (Shift-JIS)": "cp932", "Chinese (GBK)": "gbk"}
        codec = codecs.get(encoding, "cp437")
        archive = pack({f"{n:09}/a.png": encode(n) for n in range(len(names))})
        raw = [name.encode(codec) for name in names]
        for n, name in enumerate(raw):
            archive = rename_entries(archive, f"{n:09}".encode(), name)
        report = import_archive(OWNER, workspace, workspace.cluster_photos, archive)
        assert report.added == dict.fromkeys(names, 1)
        assert report.guessed_encoding == encoding

    def test_utf8_names_are_not_guessed(self, workspace):
        report = import_archive(
            OWNER, workspace, workspace.cluster_photos, pack({"銀河/a.png": encode()})
        )
        assert report.added == {"銀河": 1}
        assert report.guessed_encoding is None

    def test_thousands_of_folders_without_a_good_picture_make_no_class(self, workspace):
        bad = {f"{n}/": b"" for n in range(50)} | {f"bad {n}/a.png": b"x" for n in range(3000)}
        report = import_archive(OWNER, workspace, workspace.cluster_photos, pack(bad))
        assert len(report.rejected) == 3000
        assert not workspace.cluster_photos.exists()

    def test_class_without_a_good_picture_is_not_created(self, workspace):
        import_archive(OWNER, workspace, workspace.cluster_photos, pack(GOOD | {"bad/a.png": b"x"}))
        assert list_classes(workspace.cluster_photos) == ("globular", "open")

    def test_many_empty_folders_are_rejected(self, workspace):
        empty = {f"{n}/": b"" for n in range(archive_entries.MAX_EMPTY_CLASSES + 1)}
        with pytest.raises(DatasetError, match="101 of its folders are empty"):
            import_archive(OWNER, workspace, workspace.cluster_photos, pack(empty | GOOD))
        assert not workspace.cluster_photos.exists()

    def test_equal_names_are_placed_without_trying_every_number(self, workspace, monkeypatch):
        n_tried = 0
        lexists, open_file = os.path.lexists, Path.open

        def count(function, *arguments, **options):
            nonlocal n_tried
            n_tried += 1
            return function(*arguments, **options)

        monkeypatch.setattr(os.path, "lexists", lambda path: count(lexists, path))
        monkeypatch.setattr(Path, "open", lambda *at, **how: count(open_file, *at, **how))
        picture = encode(1)
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of equal names
            for number in range(300):
                archive.writestr("open/a.png", picture + b"%d" % number)
        report = import_archive(OWNER, workspace, workspace.cluster_photos, target)
        assert report.added == {"open": 300}
        assert n_tried < 300 * 6

    def test_accepts_archive_with_comment_and_prefix(self, workspace):
        target = io.BytesIO(b"#!/bin/sh\n" * 100)
        with zipfile.ZipFile(target, "a") as archive:
            archive.comment = b"by a program"
            for name, data in GOOD.items():
                archive.writestr(name, data)
        assert import_archive(OWNER, workspace, workspace.cluster_photos, target).added["open"] == 1

    def test_caches_facts_for_the_next_scan(self, workspace, monkeypatch):
        import_archive(OWNER, workspace, workspace.cluster_photos, pack(GOOD))
        monkeypatch.setattr(picture_files, "compute_facts", None)
        with CacheFile(workspace.bottlenecks) as cache:
            assert len(scan_dataset(workspace.cluster_photos, cache).pictures) == 2

    def test_reports_progress(self, workspace):
        seen = []
        archive = pack(GOOD | {"open/bad.png": b"x", "open/notes.txt": b"x"})
        import_archive(
            OWNER, workspace, workspace.cluster_photos, archive, lambda *at: seen.append(at)
        )
        assert seen == [(1, 6), (2, 6), (3, 6), (5, 6), (6, 6)]

    def test_unpacks_inside_the_workspace(self, workspace, monkeypatch):
        seen = set()

        def progress(done, total):
            files = [path for path in workspace.root.rglob("*") if path.is_file()]
            if done <= total / 2:
                seen.update(path.relative_to(workspace.root).parts[0] for path in files)

        import_archive(OWNER, workspace, workspace.cluster_photos, pack(GOOD), progress)
        assert seen == {".incoming"}

    def test_removes_rejected_files(self, workspace):
        seen = []
        import_archive(
            OWNER,
            workspace,
            workspace.cluster_photos,
            pack({"open/bad.png": b"x"} | GOOD),
            lambda done, total: seen.append(len(list(workspace.incoming.glob("*/*")))),
        )
        assert seen[2] == 2

    def test_removes_only_abandoned_staging_folders(self, workspace, photos_dir):
        (workspace.incoming / "killed").mkdir()
        (workspace.incoming / "killed" / "0").touch()
        (workspace.incoming / "killed.lock").touch()
        with stage(workspace) as used:
            (used / "0").touch()
            import_archive(OWNER, workspace, photos_dir, pack(GOOD))
            assert set(workspace.incoming.iterdir()) == {used, Path(f"{used}.lock")}
        assert list(workspace.incoming.iterdir()) == []


def forge_size(file: io.BytesIO, name: str, size: int) -> io.BytesIO:
    """Declare in both headers of an entry that it unpacks to `size` bytes."""
    data = bytearray(file.getvalue())
    for magic, size_at, name_at in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        offset = data.find(magic)
        while data[offset + name_at : offset + name_at + len(name)] != name.encode():
            offset = data.index(magic, offset + 1)
        struct.pack_into("<L", data, offset + size_at, size)
    return io.BytesIO(bytes(data))


def set_flags(flags: int) -> io.BytesIO:
    """Change the flags in both headers of every entry."""
    old, new = struct.pack("<HH", 20, 0), struct.pack("<HH", 20, flags)
    return io.BytesIO(pack(GOOD).getvalue().replace(old, new))


def share_data() -> io.BytesIO:
    """Let thirty directory entries share the same data."""
    single = pack({"open/a.png": os.urandom(100_000)}).getvalue()
    start = single.index(b"PK\x01\x02")
    end = single.index(b"PK\x05\x06")
    header, tail = single[start:end], bytearray(single[end:])
    struct.pack_into("<HHL", tail, 8, 30, 30, 30 * len(header))
    return io.BytesIO(single[:start] + 30 * header + bytes(tail))


def pack_nested(name: str) -> io.BytesIO:
    return pack({name: pack(GOOD).getvalue()} | GOOD)


HOSTILE = {
    "climbs": (lambda: pack({"../a.png": encode()} | GOOD), "../a.png", "with .."),
    "climbs within": (lambda: pack({"open/../../a.png": encode()}), "open/../../a.png", "with .."),
    "climbs ignored": (lambda: pack({"__MACOSX/../../a": b""} | GOOD), "__MACOSX/", "with .."),
    "climbs to a folder": (lambda: pack({"../up/": b""} | GOOD), "../up/", "with .."),
    "absolute": (lambda: pack({"/etc/a.png": encode()} | GOOD), "/etc/a.png", "absolute path"),
    "drive": (lambda: pack({"C:/open/a.png": encode()} | GOOD), "C:/open/a.png", "absolute path"),
    "drive without slash": (lambda: pack({"c:a/a.png": encode()}), "c:a/a.png", "absolute path"),
    "climbs with backslashes": (
        lambda: pack({"..\\a\\a.png": encode()} | GOOD),
        "../a/a.png",
        "with ..",
    ),
    "NUL": (
        lambda: change_bytes(pack({"open/a#.png": encode()} | GOOD), b"a#", b"a\0"),
        "open/a\\x00.png",
        "a control character",
    ),
    "escape": (lambda: pack({"open/\x1b[2J.png": encode()}), "\\x1b[2J", "a control character"),
    "link": (
        lambda: pack({make_info("open/l.png", stat.S_IFLNK | 0o777): b"/etc/passwd"} | GOOD),
        "open/l.png",
        "is a link",
    ),
    "device": (
        lambda: pack({make_info("open/d.png", stat.S_IFCHR): b""} | GOOD), "open/d.png", "a device"
    ),
    "encrypted": (lambda: set_flags(0x1), "open/a.png", "a password"),
    "encrypted well": (lambda: set_flags(0x40), "open/a.png", "a password"),
    "encrypted with its list": (lambda: set_flags(0x2000), "open/a.png", "a password"),
    "nested": (lambda: pack_nested("open/more.zip"), "open/more.zip", "inside the archive"),
    "nested, capitals": (lambda: pack_nested("MORE.ZIP"), "MORE.ZIP", "inside the archive"),
    "nested tar": (lambda: pack_nested("open/more.tar.gz"), "open/more.tar.gz", "inside the"),
    "unusual packing": (lambda: pack(GOOD, zipfile.ZIP_LZMA), "open/a.png", "unsupported"),
    "bomb": (
        lambda: pack({"open/bomb.png": bytes(20_000_000)} | GOOD), "open/bomb.png", "a zip bomb"
    ),
    "bomb that is not a picture": (
        lambda: pack({"notes.txt": bytes(20_000_000)} | GOOD), "notes.txt", "a zip bomb"
    ),
    "bomb of shared data": (share_data, "", "claim to be larger than the file"),
    "no class folder": (lambda: pack(GOOD | {"a.png": encode()}), "a.png", "not in a class folder"),
    "no class folder, one top": (
        lambda: pack({"top/open/a.png": encode(), "top/b.png": encode()}),
        "top/b.png",
        "not in a class folder",
    ),
    "too deep": (
        lambda: pack({f"sky/train/{name}": data for name, data in GOOD.items()}),
        "sky/train/open/a.png",
        "This may be the folder 'sky/train'.",
    ),
    "too deep beside others": (
        lambda: pack(GOOD | {"open/best/c.png": encode()}), "open/best/c.png", "nested too deeply"
    ),
    "class name CON": (lambda: pack({"CON/a.png": encode()}), "CON/a.png", "Windows"),
    "class name <script>": (lambda: pack({"<script>/a.png": encode()}), "<script>/", "character <"),
    "class name right to left": (lambda: pack({"a\u202eb/a.png": encode()}), "u202eb", "invisible"),
    "class name of 300 letters": (lambda: pack({"x" * 300 + "/a.png": encode()}), "xxx", "longer"),
    "class name of an empty class": (lambda: pack({"a?/": b""} | GOOD), "a?/", "character ?"),
    "no pictures": (lambda: pack({"open/notes.txt": b"x"}), "", "it contains no pictures"),
    "nothing": (lambda: pack({}), "", "it contains no pictures"),
    "before the file": (
        lambda: io.BytesIO(pack(GOOD, zipfile.ZIP_STORED).getvalue()[60:]), "open/a.png", "before"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_archive_with_one_bad_entry_is_rejected(workspace, photos_dir, kind):
    make, entry, reason = HOSTILE[kind]
    before = read_tree(workspace.root.parent)
    with pytest.raises(DatasetError, match=r"^Nothing was unpacked, because") as caught:
        import_archive(OWNER, workspace, photos_dir, make())
    assert entry in str(caught.value)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 500
    assert read_tree(workspace.root.parent) == before


INVALID_FILES = {
    "nothing": lambda: b"",
    "picture": encode,
    "cut short": lambda: pack(GOOD).getvalue()[:-40],
    "end only": lambda: b"PK\x05\x06",
    "end of one": lambda: pack(GOOD).getvalue()[-50:],
    "wrong list": lambda: pack(GOOD).getvalue().replace(b"PK\x01\x02", b"PK\x01\x09"),
    "name not UTF-8": lambda: (
        pack({"Kugelhä/a.png": encode()}).getvalue().replace("ä".encode(), b"\xff\xff")
    ),
    "newer version": lambda: pack(GOOD).getvalue().replace(b"\x14\x03\x14\0", b"\x14\x03\xff\0"),
    "cut extra field": lambda: (
        pack({make_info("open/a.png", extra=b"\1\0\x08\0" + bytes(8)): encode()})
        .getvalue()
        .replace(b"\1\0\x08\0", b"\1\0\xff\0")
    ),
}


@pytest.mark.parametrize("kind", INVALID_FILES)
def test_other_or_damaged_file_is_rejected(workspace, photos_dir, kind):
    before = read_tree(workspace.root)
    with pytest.raises(
        DatasetError, match=r"is damaged or not a \.zip\. The \.zip needs one folder"
    ):
        import_archive(OWNER, workspace, photos_dir, io.BytesIO(INVALID_FILES[kind]()))
    assert read_tree(workspace.root) == before


def test_flipped_bytes_never_crash(workspace):
    whole = pack(GOOD | {"open/c.png": encode(4)}).getvalue()
    random = np.random.default_rng(0)
    for _ in range(150):
        data = bytearray(whole)
        for offset in random.integers(0, len(data), 3):
            data[offset] = random.integers(256)
        target = workspace.root / f"x{random.integers(10**9)}_photos"
        try:
            report = import_archive(OWNER, workspace, target, io.BytesIO(bytes(data)))
        except DatasetError:
            assert not target.exists()
        else:
            assert sum(report.added.values()) == len(read_files(target))
    assert list(workspace.incoming.iterdir()) == []


class TestSizes:
    def test_entry_unpacks_to_no_more_than_declared(self, workspace, monkeypatch):
        """The data are a megabyte, but the header declares 1000 bytes."""
        archive = pack({"open/a.png": bytes(1_000_000)} | GOOD)
        archive = forge_size(archive, "open/a.png", 1000)
        written = []
        copy = unpacking.shutil.copyfileobj

        def measure(source, target, n_bytes):
            try:
                copy(source, target, n_bytes)
            finally:
                written.append(target.tell())

        monkeypatch.setattr(unpacking.shutil, "copyfileobj", measure)
        report = import_archive(OWNER, workspace, workspace.cluster_photos, archive)
        assert max(written) <= max(1000, *map(len, GOOD.values()))
        assert "damaged in the archive" in report.rejected[0].reason
        assert "open/a.png" not in read_files(workspace.cluster_photos) or len(GOOD) == 2

    def test_oversized_entry_is_not_unpacked(self, workspace, monkeypatch):
        data = encode(5, "BMP")
        limits = type(archive_entries.DEFAULT_LIMITS)(max_file_bytes=len(data) - 1)
        monkeypatch.setattr(archive_entries, "DEFAULT_LIMITS", limits)
        seen = []
        report = import_archive(
            OWNER,
            workspace,
            workspace.cluster_photos,
            pack({"open/large.bmp": data} | GOOD),
            lambda *at: seen.append(at),
        )
        assert seen[-1] == (4, 4)
        assert report.rejected[0].path == Path("open/large.bmp")
        assert "large.bmp is" in report.rejected[0].reason
        assert report.added == {"open": 1, "globular": 1}

    def test_total_size_is_limited(self, workspace, photos_dir, monkeypatch):
        total = sum(map(len, GOOD.values()))
        monkeypatch.setattr(archive_entries, "MAX_UNPACKED_BYTES", total)
        assert import_archive(OWNER, workspace, photos_dir, pack(GOOD)).added["open"] == 1
        monkeypatch.setattr(archive_entries, "MAX_UNPACKED_BYTES", total - 1)
        before = read_tree(workspace.root)
        with pytest.raises(
            DatasetError,
            match=r"it unpacks to more than .* \(reached at its entry 'globular/b\.png'\)",
        ):
            import_archive(OWNER, workspace, photos_dir, pack(GOOD))
        assert read_tree(workspace.root) == before

    def test_well_compressed_picture_is_not_a_bomb(self, workspace):
        target = io.BytesIO()
        draw_night(550).save(target, "BMP")
        assert len(target.getvalue()) < entry_checks.MIN_BOMB_BYTES
        archive = pack({"open/night.bmp": target.getvalue()})
        assert import_archive(OWNER, workspace, workspace.cluster_photos, archive).added == {
            "open": 1
        }


def draw_night(size_px: int) -> Image.Image:
    """Draw a single star on black, which compresses well."""
    picture = Image.new("RGB", (size_px, size_px))
    picture.putpixel((9, 9), (255, 255, 255))
    return picture


def make_directory(n_entries: int, claimed: int, zip64: bool = False, name: bytes = b"a") -> bytes:
    """Forge a .zip that consists of a directory only."""
    header = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *[20] * 2, *[0] * 4, 0, 0, 0,
                         len(name), 0, 0, 0, 0, 0, 0) + name  # fmt: skip
    directory = header * n_entries
    end = b""
    if zip64:
        end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0,
                          claimed, claimed, len(directory), 0)  # fmt: skip
        end += struct.pack("<4sLQL", b"PK\x06\x07", 0, len(directory), 1)
    few = 0xFFFF if zip64 else claimed & 0xFFFF
    size = 0xFFFFFFFF if zip64 else len(directory)
    return directory + end + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, few, few, size, 0, 0)


class TestCounts:
    @pytest.mark.parametrize(
        "data",
        [
            make_directory(100_000, 100_000, zip64=True),
            make_directory(10, 100_000, zip64=True),
            make_directory(100_000, 10),
            make_directory(100_000, 10, zip64=True),
            make_directory(0, 60_000),
            make_directory(1_000, 1_000, name=b"a" * 20_000),
        ],
        ids=["honest", "claims", "hides", "hides in zip64", "claims few", "long names"],
    )
    def test_too_many_entries_are_rejected_at_once(self, workspace, photos_dir, monkeypatch, data):
        monkeypatch.setattr(dataset_archive.zipfile, "ZipFile", None)
        before = read_tree(workspace.root)
        start = time.perf_counter()
        with pytest.raises(DatasetError, match=r"at least .* entries, and the limit is 20,000"):
            import_archive(OWNER, workspace, photos_dir, io.BytesIO(data))
        assert time.perf_counter() - start < 0.5
        assert read_tree(workspace.root) == before

    def test_exact_entry_limit_is_imported(self, workspace, photos_dir, monkeypatch):
        monkeypatch.setattr(dataset_archive, "MAX_ENTRIES", len(GOOD))
        assert import_archive(OWNER, workspace, photos_dir, pack(GOOD)).added["open"] == 1
        with pytest.raises(DatasetError, match="has at least 3 entries, and the limit is 2:"):
            import_archive(OWNER, workspace, photos_dir, pack(GOOD | {"open/c.png": encode(3)}))

    def test_declared_number_is_reported(self, workspace):
        data = make_directory(0, 100_000, zip64=True)
        with pytest.raises(DatasetError, match="has at least 100,000 entries"):
            import_archive(OWNER, workspace, workspace.cluster_photos, io.BytesIO(data))

    def test_only_the_directory_is_read(self):
        class Counting(io.BytesIO):
            n_read = 0

            def read(self, size=-1):
                data = super().read(size)
                self.n_read += len(data)
                return data

        file = Counting(b"x" * 10_000_000 + make_directory(1000, 1000))
        assert count_entries(file, 20_000, 1_000_000) == 1000
        assert file.n_read < 200_000

    @pytest.mark.parametrize("zip64", [False, True])
    @pytest.mark.parametrize("n_entries", [0, 1, 9, 10, 11])
    def test_exact_limit_is_allowed(self, n_entries, zip64):
        file = io.BytesIO(make_directory(n_entries, n_entries, zip64))
        assert count_entries(file, 10, 1_000_000) == n_entries

    @pytest.mark.parametrize("zip64", [False, True])
    def test_names_of_any_length_are_skipped(self, zip64):
        file = io.BytesIO(make_directory(37, 3, zip64, name=b"n" * 201))
        assert count_entries(file, 100, 1_000_000) == 37

    @pytest.mark.parametrize("magic", [b"PK\x06\x06", b"PK\x06\x07"])
    def test_incomplete_zip64_record_hides_no_entries(self, magic):
        """Python then uses the ordinary record, and so must the count."""
        large = make_directory(1, 1, zip64=True)[47:-22].replace(magic, b"PK\x00\x00")
        directory = make_directory(30, 0)[:-22] + large
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0, 0)
        assert count_entries(io.BytesIO(directory + end), 10, 1_000_000) == 11

    def test_long_comment_hides_no_entries(self):
        data = make_directory(11, 3)[:-2] + struct.pack("<H", 65_535) + b"c" * 65_535
        assert count_entries(io.BytesIO(data), 10, 1_000_000) == 11

    def test_other_file_has_no_entries(self):
        for data in (b"", b"x" * 100, b"PK\x05\x06", b"x" * 100 + b"PK\x05\x06"):
            assert count_entries(io.BytesIO(data), 10, 1_000_000) == 0

    def test_count_agrees_with_zipfile(self):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.comment = b"with a comment"
            for number in range(50):
                archive.writestr(f"open/{number}.png", b"")
        assert count_entries(target, 100, 1_000_000) == 50


class TestStopping:
    def fail_after(self, n: int, error: BaseException):
        def on_progress(done, total):
            if done == n:
                raise error

        return on_progress

    @pytest.mark.parametrize("after", [1, 2, 3])
    @pytest.mark.parametrize("error", [RuntimeError("stop"), KeyboardInterrupt()])
    def test_leaves_nothing_behind(self, workspace, photos_dir, after, error):
        before = read_tree(workspace.root)
        archive = pack(GOOD | {"red stars/c.png": encode(4)})
        with pytest.raises(type(error)):
            import_archive(OWNER, workspace, photos_dir, archive, self.fail_after(after, error))
        assert read_tree(workspace.root) == before

    def test_does_not_create_the_dataset(self, workspace):
        with pytest.raises(RuntimeError):
            import_archive(
                OWNER,
                workspace,
                workspace.cluster_photos,
                pack(GOOD),
                self.fail_after(2, RuntimeError("stop")),
            )
        assert not workspace.cluster_photos.exists()

    @pytest.mark.parametrize("after", [0, 1, 2])
    def test_full_disk_while_moving_leaves_nothing(self, workspace, photos_dir, monkeypatch, after):
        before = read_files(photos_dir)
        rename, n_renamed = safe_moves.rename_exclusively, iter(range(9))

        def fail(source, target):
            if next(n_renamed) == after:
                raise OSError(errno.ENOSPC, "No space left on device")
            rename(source, target)

        monkeypatch.setattr(safe_moves, "rename_exclusively", fail)
        archive = pack(GOOD | {"red stars/c.png": encode(4)})
        with pytest.raises(DatasetError, match=r"could not be added, because the disk is full"):
            import_archive(OWNER, workspace, photos_dir, archive)
        assert read_files(photos_dir) == before
        assert list_classes(photos_dir) == ("blue stars", "red stars")
        assert list(workspace.incoming.iterdir()) == []

    def test_full_disk_while_unpacking_leaves_nothing(self, workspace, photos_dir, monkeypatch):
        def fail(source, target, n_bytes):
            target.write(source.read(10))
            raise OSError(errno.ENOSPC, "No space left on device")

        before = read_tree(workspace.root)
        monkeypatch.setattr(unpacking.shutil, "copyfileobj", fail)
        with pytest.raises(DatasetError, match=r"could not be unpacked, because the disk is full"):
            import_archive(OWNER, workspace, photos_dir, pack(GOOD))
        assert read_tree(workspace.root) == before

    @not_as_root
    def test_write_protected_workspace_is_reported(self, workspace):
        workspace.root.mkdir()
        workspace.root.chmod(0o500)
        try:
            with pytest.raises(DatasetError, match="write-protected"):
                import_archive(OWNER, workspace, workspace.cluster_photos, pack(GOOD))
        finally:
            workspace.root.chmod(0o700)

    def test_class_filled_by_another_tab_stays(self, workspace, photos_dir, monkeypatch):
        rename = safe_moves.rename_exclusively

        def fail(source, target):
            if Path(target).parent.name == "open":
                save_picture(photos_dir / "globular" / "theirs.png", draw_blob(9))
                raise OSError(errno.ENOSPC, "No space left on device")
            rename(source, target)

        monkeypatch.setattr(safe_moves, "rename_exclusively", fail)
        with pytest.raises(DatasetError, match="disk is full"):
            import_archive(OWNER, workspace, photos_dir, pack(GOOD))
        assert (photos_dir / "globular" / "theirs.png").exists()
        assert not (photos_dir / "open").exists()


class TestTargets:
    def test_target_must_be_a_dataset_of_the_workspace(self, workspace, tmp_path):
        workspace.root.mkdir()
        for folder in (
            tmp_path / "elsewhere_photos",
            workspace.root,
            workspace.root / "models",
            workspace.root / "models" / "a_photos",
            workspace.root / ".." / "elsewhere_photos",
        ):
            with pytest.raises(DatasetError, match="is not a dataset in"):
                import_archive(OWNER, workspace, folder, pack(GOOD))
        assert read_tree(tmp_path) == {workspace.root.name: None}

    @pytest.mark.parametrize("is_class", [False, True])
    def test_nothing_is_unpacked_through_a_link(self, workspace, tmp_path, is_class):
        outside = tmp_path / "outside"
        outside.mkdir()
        workspace.root.mkdir()
        if is_class:
            workspace.cluster_photos.mkdir()
            (workspace.cluster_photos / "open").symlink_to(outside)
        else:
            workspace.cluster_photos.symlink_to(outside)
        with pytest.raises(DatasetError, match="is a link to another folder"):
            import_archive(OWNER, workspace, workspace.cluster_photos, pack(GOOD))
        assert read_tree(outside) == {}

    def test_public_demo_imports_nothing(self, workspace, photos_dir):
        before = read_tree(workspace.root)
        with pytest.raises(AccessError, match="change pictures and classes"):
            import_archive(VISITOR, workspace, photos_dir, pack(GOOD))
        assert read_tree(workspace.root) == before


class TestExport:
    def test_export_and_import_round_trip(self, workspace):
        write_photos(workspace.cluster_photos, 3)
        (workspace.cluster_photos / "Kugelhäufen").mkdir()
        save_picture(workspace.cluster_photos / "red stars" / "Größe 星.png", draw_blob(50))
        draw_night(2000).save(workspace.cluster_photos / "red stars" / "night.bmp")
        target = io.BytesIO()
        assert write_archive(workspace.cluster_photos, target) == 8
        copy = workspace.root / "copy_photos"
        report = import_archive(OWNER, workspace, copy, target)
        assert report.rejected == ()
        assert report.added == {"Kugelhäufen": 0, "blue stars": 3, "red stars": 5}
        assert read_tree(copy) == read_tree(workspace.cluster_photos)

    def test_only_pictures_are_exported(self, photos_dir, tmp_path):
        expected = set(read_files(photos_dir))
        (tmp_path / "secret.png").write_text("secret")
        (photos_dir / "red stars" / "link.png").symlink_to(tmp_path / "secret.png")
        (photos_dir / "red stars" / "notes.txt").write_text("x")
        (photos_dir / "red stars" / ".hidden.png").write_text("x")
        (photos_dir / "red stars" / "folder.png").mkdir()
        (photos_dir / ".hidden").mkdir()
        target = io.BytesIO()
        assert write_archive(photos_dir, target) == 4
        names = set(zipfile.ZipFile(target).namelist())
        assert names == expected | {"blue stars/", "red stars/"}

    def test_linked_class_is_not_exported(self, photos_dir, tmp_path):
        (photos_dir / "secrets").symlink_to(tmp_path)
        with pytest.raises(DatasetError, match="is a link to another folder"):
            write_archive(photos_dir, io.BytesIO())

    def test_target_need_not_be_seekable(self, photos_dir):
        class Stream(io.RawIOBase):
            data = b""

            def writable(self):
                return True

            def write(self, data):
                self.data += bytes(data)
                return len(data)

        stream: Any = Stream()
        assert write_archive(photos_dir, stream) == 4
        with zipfile.ZipFile(io.BytesIO(stream.data)) as archive:
            assert archive.testzip() is None
            assert len(archive.namelist()) == 6

    def test_unusual_names_and_dates_are_exported(self, photos_dir):
        path = photos_dir / "red stars" / os.fsdecode(b"caf\xe9.png")
        save_picture(path, draw_blob(5))
        os.utime(path, (0, 0))  # before 1980, the earliest date in a zip file
        target = io.BytesIO()
        assert write_archive(photos_dir, target) == 5
        assert "red stars/caf?.png" in zipfile.ZipFile(target).namelist()

    def test_reports_progress_and_skips_deleted_pictures(self, photos_dir):
        paths = sorted(path for path in photos_dir.rglob("*.png"))
        seen = []

        def on_progress(done, total):
            seen.append((done, total))
            paths[-1].unlink(missing_ok=True)

        assert write_archive(photos_dir, io.BytesIO(), on_progress) == 3
        assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def test_export_can_be_stopped(self, photos_dir):
        def stop(done, total):
            raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            write_archive(photos_dir, io.BytesIO(), stop)

    def test_full_disk_is_reported(self, photos_dir):
        class Full(io.BytesIO):
            def write(self, data):
                raise OSError(errno.ENOSPC, "No space left on device")

        with pytest.raises(DatasetError, match="could not be written, because the disk is full"):
            write_archive(photos_dir, Full())

    def test_missing_dataset_is_reported(self, workspace):
        with pytest.raises(DatasetError, match="There is no folder"):
            write_archive(workspace.cluster_photos, io.BytesIO())


def test_concurrent_imports_lose_nothing(workspace):
    reports = []

    def run(first_seed):
        entries = {f"open/{n}.png": encode(first_seed + n) for n in range(10)}
        reports.append(import_archive(OWNER, workspace, workspace.cluster_photos, pack(entries)))

    threads = [threading.Thread(target=run, args=[100 * n]) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.added for report in reports] == [{"open": 10}] * 3
    assert len({zlib.crc32(data) for data in read_files(workspace.cluster_photos).values()}) == 30


def test_pictures_in_two_classes_are_added_and_reported(workspace):
    image_dir = workspace.cluster_photos
    import_archive(OWNER, workspace, image_dir, pack(GOOD))
    entries = {
        "globular/again.png": encode(1),  # in the class open already
        "nebula/one.png": encode(3),
        "open/two.png": encode(3),
        "open/new.png": encode(4),
    }
    report = import_archive(OWNER, workspace, image_dir, pack(entries))
    assert report.added == {"globular": 1, "nebula": 1, "open": 2}
    assert list_twins(report) == [
        ("again.png", "globular", "open"),
        ("two.png", "open", "nebula"),
    ]
