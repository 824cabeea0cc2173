from __future__ import annotations

import io
import zipfile

import pytest

from cluster_core.data.archives import dataset_archive, entries
from cluster_core.data.archives.unsorted import list_packed
from cluster_core.errors import DatasetError
from tests.labelling.samples import fill, make_png, make_queue, pack


def open_zip(contents: dict[str, bytes]) -> io.BytesIO:
    return io.BytesIO(pack(contents))


def test_pictures_in_any_folders_are_added_and_others_reported(workspace):
    contents = {"M 13.png": make_png(1), "deep/er/still/M 5.png": make_png(2), "a/n.txt": b"note"}
    contents["__MACOSX/._M 13.png"] = b"system"
    files, problems = list_packed(open_zip(contents))
    queue = make_queue(workspace)
    fill(workspace, queue, files)
    assert [one.name for one in queue.pictures.values()] == ["M 13.png", "M 5.png"]
    (problem,) = problems
    assert problem.startswith("n.txt is not a picture")


def test_pictures_come_in_natural_order_of_their_names():
    names = ["b/IMG_10.png", "b/IMG_2.png", "night 10/1.png", "night 2/1.png", "img 3.png"]
    files, _ = list_packed(open_zip({name: make_png(n) for n, name in enumerate(names)}))
    expected = ["img 3.png", "b/IMG_2.png", "b/IMG_10.png", "night 2/1.png", "night 10/1.png"]
    assert [file.name for file in files] == expected


def test_number_of_thousands_of_digits_can_be_ordered():
    files, _ = list_packed(open_zip({f"{'7' * 5000}.png": make_png(1), "8.png": make_png(2)}))
    assert len(files) == 2


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("../1.png", b"1", "leads out of its folder"),
        ("/etc/1.png", b"1", "absolute path"),
        ("1.png", bytes(2_000_000), "zip bomb"),
        ("more.zip", b"1", "archive inside the archive"),
        ("notes.txt", b"1", "contains no pictures"),
    ],
)
def test_forbidden_entry_refuses_the_archive(name, data, reason):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as one:
        one.writestr(name, data)
    with pytest.raises(DatasetError, match=reason) as caught:
        list_packed(file)
    assert "class" not in str(caught.value)


def test_archive_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(entries, "MAX_UNPACKED_BYTES", 100)
    with pytest.raises(DatasetError, match="unpacks to more than"):
        list_packed(open_zip({"1.png": make_png(1)}))


def test_too_many_entries_are_refused(monkeypatch):
    monkeypatch.setattr(dataset_archive, "MAX_ENTRIES", 1)
    with pytest.raises(DatasetError, match="the limit is 1"):
        list_packed(open_zip({"1.png": make_png(1), "2.png": make_png(2)}))


def test_file_that_is_not_a_zip_is_refused():
    with pytest.raises(DatasetError, match=r"not a \.zip"):
        list_packed(io.BytesIO(b"no archive"))


def test_damaged_entry_is_reported_and_the_others_added(workspace):
    good, bad = make_png(1), make_png(2)
    data = pack({"good.png": good, "bad.png": bad}).replace(bad[-40:], bytes(40), 1)
    files, _ = list_packed(io.BytesIO(data))
    queue = make_queue(workspace)
    filling = fill(workspace, queue, files)
    assert filling.n_added == 1
    assert filling.problems == ["bad.png is damaged in the archive: create the .zip again."]
