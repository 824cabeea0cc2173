from __future__ import annotations

import io
import tarfile
import zipfile
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import quote

import pytest

from cluster_core.errors import ImageError
from cluster_core.sources import finding
from cluster_core.sources.finding import PictureSources
from tests.samples import draw_blob, save_picture


def name_all(*places, lists=()) -> list[str]:
    return [source.name for source in PictureSources(list(map(str, places)), lists)]


def find_problem(source) -> str:
    with pytest.raises(ImageError) as caught:
        source.read()
    return str(caught.value)


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "a.JPG", "deep/er/c.fits", "deep/d.fits.gz", "notes.txt", "deep/none"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    for name in (".hidden.png", ".git/e.png", "deep/.cache/f.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_folders_are_searched_for_pictures_in_order(folder):
    sources = PictureSources([str(folder)])
    for _ in range(2):  # may be repeated
        names = [str(source.path.relative_to(folder)) for source in sources]
        assert names == ["a.JPG", "b.png", "deep/d.fits.gz", "deep/er/c.fits"]
        assert (sources.n_others, sources.others) == (2, ["notes.txt", "none"])
    assert sources.count() == 4


def test_numbers_in_names_are_ordered_by_value(tmp_path):
    for name in ("night 10/1.png", "night 2/IMG_10.png", "night 2/IMG_9.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [source.file_name for source in PictureSources([str(tmp_path)])]
    assert names == ["IMG_9.png", "IMG_10.png", "1.png"]


def test_explicitly_named_file_is_included_whatever_its_name(folder):
    (source,) = PictureSources([str(folder / "notes.txt")])
    assert (source.read(), source.file_name) == (b"notes.txt", "notes.txt")


def test_links_in_circles_end_and_a_broken_one_is_a_picture_that_cannot_be_read(folder):
    (folder / "deep" / "up").symlink_to(folder)
    (folder / "self.png").symlink_to(folder / "self.png")
    last = [source for source in PictureSources([str(folder)]) if source.file_name == "self.png"]
    assert "could not be opened" in find_problem(*last)
    assert len(name_all(folder)) == 5


def test_own_table_is_not_a_skipped_file(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    for name in ("night.csv", "deep/night.csv"):
        (folder / name).touch()
    sources = PictureSources([str(folder)], output=Path(folder.name, "night.csv"))
    assert sources.count() == 4
    assert sorted(sources.others) == ["night.csv", "none", "notes.txt"]


@pytest.mark.parametrize("place", ["nowhere", "nothing*.png", "nul\0*.png"])
def test_missing_place_is_reported(folder, place):
    with pytest.raises(ImageError, match="There is no file or folder"):
        PictureSources([str(folder / place)]).check()


def test_pattern_is_filled_in(folder):
    expected = [str(folder / name) for name in ("b.png", "deep/er/c.fits")]
    assert name_all(folder / "*.png", folder / "**" / "*.fits") == expected
    (folder / "x[1].png").touch()
    assert name_all(folder / "x[1].png") == [str(folder / "x[1].png")]


def test_list_names_places_and_what_is_missing_is_a_picture_that_cannot_be_read(folder):
    path = folder / "list.txt"
    lines = f"# tonight\n\n{folder / 'b.png'}\n{folder / 'gone.png'}\r\n{folder / 'deep'}\n"
    path.write_bytes(b"\xef\xbb\xbf" + lines.encode() + b"caf\xe9.png\n")
    good, gone, *deep, odd = PictureSources([], [path])
    assert good.read() == b"b.png"
    assert "There is no file or folder" in find_problem(gone)
    assert len(deep) == 2
    assert odd.name == "caf\udce9.png"
    with pytest.raises(ImageError, match=r"The list .* could not be opened"):
        PictureSources([], [folder / "gone.txt"]).check()


def test_standard_input_is_a_list(folder, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{folder / 'b.png'}\n"))
    sources = PictureSources([], [finding.STANDARD_INPUT])
    assert sources.count() is None
    assert [source.path for source in sources] == [folder / "b.png"]


@pytest.mark.parametrize("head", [b"", b"a.png\n" * 2000])
def test_picture_instead_of_a_list_is_one_sentence(folder, monkeypatch, head):
    content = head + b"\xff\xd8\xff\xe0\0\x10JFIF\n\0"
    (folder / "list.jpg").write_bytes(content)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8"))
    for path in (folder / "list.jpg", finding.STANDARD_INPUT):
        with pytest.raises(ImageError, match=r"^The list .* is not UTF-8 text: write one path"):
            list(PictureSources([], [path]))
    with pytest.raises(ImageError, match="is not UTF-8 text") if not head else nullcontext():
        PictureSources([], [folder / "list.jpg"]).check()


@pytest.mark.parametrize("form", ["file://{}", "file://localhost{}", "FILE:{}"])
def test_file_address_is_a_path(folder, form):
    path = folder / "b #1%.png"
    path.touch()
    address = form.format(quote(str(path)))
    (folder / "list.txt").write_text(address)
    sources = PictureSources([address], [folder / "list.txt"])
    sources.check()
    assert [source.path for source in sources] == [path, path]


def test_file_address_of_another_computer_is_reported():
    with pytest.raises(ImageError, match=r"There is no file or folder file://nas/a"):
        list(PictureSources(["file://nas/a.png"]))


def test_empty_path_is_not_the_current_folder():
    with pytest.raises(ImageError, match="One of the paths is empty"):
        PictureSources([""]).check()


def test_web_addresses_are_fetched_by_the_safe_client(folder):
    (source,) = PictureSources(["http://127.0.0.1:9999/a/m13.jpg?size=2"])
    assert source.name == "http://127.0.0.1:9999/a/m13.jpg?size=2"
    assert "is not on the public internet" in find_problem(source)


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz", ".tgz"])
def test_archives_are_read_in_place(tmp_path, ending):
    contents = {"lights/m13.png": b"one", "M 5.JPG": b"two", "a/notes.txt": b"", ".x/b.png": b""}
    path = tmp_path / f"night{ending}"
    if ending == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in contents.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(path, "w" if ending == ".tar" else "w:gz") as archive:
            for name, data in contents.items():
                header = tarfile.TarInfo(name)
                header.size = len(data)
                archive.addfile(header, io.BytesIO(data))
    sources = PictureSources([str(path)])
    found = list(sources)
    assert [source.name for source in found] == [f"{path}/lights/m13.png", f"{path}/M 5.JPG"]
    assert [source.read() for source in found] == [b"one", b"two"]
    assert (found[0].file_name, sources.others) == ("m13.png", ["notes.txt"])
    assert sources.count() == (2 if ending == ".zip" else None)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz"])
def test_damaged_archive_is_a_picture_that_cannot_be_read(tmp_path, ending):
    path = tmp_path / f"night{ending}"
    path.write_bytes(b"no archive" * 100)
    (source,) = PictureSources([str(path)])
    assert source.name == str(path)
    assert "damaged" in find_problem(source)


def test_hostile_entries_of_a_zip_are_pictures_that_cannot_be_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16
        for name in (link, "../up.png", "/etc/root.png"):
            archive.writestr(name, "x")
        archive.writestr("bomb.png", bytes(2_000_000))
    problems = [find_problem(source) for source in PictureSources([str(tmp_path / "a.zip")])]
    expected = ("is a link", "leads out of", "absolute path", "zip bomb")
    for problem, words in zip(problems, expected, strict=True):
        assert words in problem


def test_hostile_members_of_a_tar_are_pictures_that_cannot_be_read(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link, pipe, up = map(tarfile.TarInfo, ("link.png", "pipe.png", "../up.png"))
        link.type, link.linkname, pipe.type = tarfile.SYMTYPE, "/etc/passwd", tarfile.FIFOTYPE
        for member in (link, pipe, up):
            archive.addfile(member)
    problems = [find_problem(source) for source in PictureSources([str(tmp_path / "a.tar")])]
    expected = ("is a link", "is a device", "leads out of")
    for problem, words in zip(problems, expected, strict=True):
        assert words in problem


def test_header_of_a_tar_that_claims_gigabytes_is_not_read(tmp_path):
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 5_000_000_000
    (tmp_path / "a.tar").write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(10_000))
    (source,) = PictureSources([str(tmp_path / "a.tar")])
    assert "is damaged or not a .tar" in find_problem(source)


def test_tar_that_is_cut_off_keeps_the_pictures_before(tmp_path):
    pictures = tmp_path / "pictures"
    for number in range(2):
        save_picture(pictures / f"{number}.png", draw_blob(number))
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(pictures, "pictures")
    data = (tmp_path / "a.tar").read_bytes()
    n_bytes = data.rindex(b"IEND") - 100
    (tmp_path / "a.tar").write_bytes(data[:n_bytes])
    first, rest = PictureSources([str(tmp_path / "a.tar")])
    assert first.read().startswith(b"\x89PNG")
    assert "the rest of it was not read" in find_problem(rest)
