"""Files in folders by verdict, and what is refused in one sentence."""

from __future__ import annotations

import csv
import errno
import os
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from cluster_core.errors import AccessError, ConfigError, SortingError
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.sorting import placing
from cluster_core.sorting.answering import AnsweredFile
from cluster_core.sorting.finding import check_output, check_sources, check_workspace, find_files
from cluster_core.sorting.log import SortLog
from cluster_core.sorting.opening import opening_log
from cluster_core.sorting.records import Transfer
from cluster_core.sorting.sorter import Sorter, SortSettings
from tests.samples import OWNER, VISITOR, not_as_root
from tests.sorting.samples import (
    GLOBULAR,
    SOURCE,
    UNSURE,
    answer,
    list_tree,
    sort,
    write_files,
)


@pytest.fixture
def night(tmp_path):
    return tmp_path / "night"


@pytest.fixture
def output(tmp_path):
    return tmp_path / "sorted"


def list_sorted(output) -> set[str]:
    return {name for name in list_tree(output) if "/" in name}


def read_table(output) -> list[dict[str, str]]:
    with (output / "answers.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("transfer", Transfer)
def test_file_goes_to_the_folder_of_its_verdict(night, output, transfer):
    a, b, c, d = write_files(night, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    answers = [answer(a), answer(b, GLOBULAR), answer(c, UNSURE), answer(d, novelty=0.95)]
    sorter = sort(answers, output, transfer)
    assert list_sorted(output) == {
        "open/a.jpg",
        "globular/b.jpg",
        "unsure/c.jpg",
        "none of these/d.jpg",
    }
    assert sorter.counts == {"open": 1, "globular": 1, "unsure": 1, "none of these": 1}
    assert a.exists() == (transfer is not Transfer.MOVE)
    assert (output / "open" / "a.jpg").is_symlink() == (transfer is Transfer.LINK)


def test_copy_keeps_times_and_permissions(night, output):
    (a,) = write_files(night, "a.jpg")
    os.utime(a, ns=(10**18, 10**18))
    a.chmod(0o640)
    sort([answer(a)], output)
    status = (output / "open" / "a.jpg").stat()
    assert (status.st_mtime_ns, status.st_mode & 0o777) == (10**18, 0o640)


def test_table_says_where_each_file_went_and_why_others_stayed(night, output):
    a, b = write_files(night, "a.jpg", "b.jpg")
    broken = AnsweredFile(b, FilePrediction(str(b), None, "b.jpg is damaged."), None)
    sort([answer(a), broken], output)
    first, second = read_table(output)
    assert (first["path"], first["sorted_to"]) == (str(a), "open/a.jpg")
    assert (first["label"], first["score"], first["open"]) == ("open", "0.90000", "0.90000")
    assert (second["path"], second["problem"]) == (str(b), "b.jpg is damaged.")
    assert b.exists()


def test_edited_table_is_kept_beside_the_new_one(night, output):
    a, b = write_files(night, "a.jpg", "b.jpg")
    sort([answer(a)], output)
    (output / "answers.csv").write_text("my notes")
    sort([answer(b)], output)
    assert (output / "answers.csv").read_text() == "my notes"
    assert (output / "answers (2).csv").read_text().count("\n") == 3


def test_second_start_sorts_only_what_is_new_or_changed(night, output):
    a, b = write_files(night, "a.jpg", "b.jpg")
    sort([answer(a)], output)
    assert sort([answer(a), answer(b)], output).counts == {"open": 1}
    a.write_text("another picture")
    assert sort([answer(a), answer(b)], output).counts == {"open": 1}
    assert list_sorted(output) == {"open/a.jpg", "open/b.jpg", "open/a (2).jpg"}


def test_files_of_others_are_never_overwritten(night, output):
    (a,) = write_files(night, "a.jpg")
    write_files(output, "open/A.JPG")
    sort([answer(a)], output)
    assert list_sorted(output) == {"open/A.JPG", "open/a (2).jpg"}


@pytest.mark.parametrize("transfer", [Transfer.COPY, Transfer.MOVE])
def test_file_that_grows_or_vanishes_is_left(night, output, transfer):
    a, b, c = write_files(night, "a.jpg", "b.jpg", "c.jpg")
    answers = [answer(a), answer(b), answer(c)]
    a.write_text("picture a.jpg, and more of it")
    b.unlink()
    sorter = sort(answers, output, transfer)
    grown, gone = sorter.problems
    assert "a.jpg changed while it was read, and was left where it is" in grown
    assert "b.jpg could not be read" in gone
    assert list_sorted(output) == {"open/c.jpg"}
    assert a.exists()


def test_link_is_not_moved(night, output):
    write_files(night, "a.jpg")
    link = night / "link.jpg"
    link.symlink_to("a.jpg")
    assert (
        "link.jpg is a link, which would break"
        in sort([answer(link)], output, Transfer.MOVE).problems[0]
    )
    sort([answer(link)], output)
    assert not (output / "open" / "link.jpg").is_symlink()


def test_write_protected_file_is_not_moved_but_the_others_are(night, output, monkeypatch):
    a, b = write_files(night, "a.jpg", "b.jpg")
    rename = placing.rename_exclusively

    def refuse(source, target):
        if source == a:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        rename(source, target)

    monkeypatch.setattr(placing, "rename_exclusively", refuse)
    sorter = sort([answer(a), answer(b)], output, Transfer.MOVE)
    assert "a.jpg was left where it is" in sorter.problems[0]
    assert a.exists()
    assert list_sorted(output) == {"open/b.jpg"}
    assert [row["problem"][:5] for row in read_table(output)] == ["", "a.jpg"]


def test_file_without_the_ending_of_a_picture_is_not_moved(night, output):
    (a,) = write_files(night, "a.txt")
    sorter = sort([answer(a)], output, Transfer.MOVE)
    assert "a.txt does not have the ending of a picture file" in sorter.problems[0]
    assert a.exists()


def test_file_that_is_named_in_two_ways_is_sorted_once(night):
    (a,) = write_files(night, "a.jpg")
    (night.parent / "link").symlink_to("night")
    ways = [night, night / ".." / "night", night.parent / "link", a, night / ".." / "night/a.jpg"]
    assert list(find_files(ways)) == [a]
    assert list(find_files(ways[1:])) == [a]


def test_links_in_circles_end(night):
    write_files(night, "sub/a.jpg")
    (night / "sub" / "up").symlink_to(night)
    (night / "self.jpg").symlink_to("self.jpg")
    found = list(find_files([night, night / "sub", night / "self.jpg"]))
    assert [path.name for path in found] == ["self.jpg", "a.jpg"]


@pytest.mark.parametrize(
    ("source", "target", "sentence"),
    [
        ("night", "night/sorted", "is inside"),
        ("night", "night", "is the folder of the pictures as well"),
        ("night", "link", "is the folder of the pictures as well"),
        ("night", "link/sorted", "is inside"),
        ("night/sub", "night", "is inside"),
        ("gone", "sorted", "There is no file or folder"),
        ("night", "night.txt", "is not a folder"),
    ],
)
def test_source_and_target_must_be_apart(tmp_path, source, target, sentence):
    write_files(tmp_path, "night/sub/a.jpg", "night.txt")
    (tmp_path / "link").symlink_to("night")
    with pytest.raises(SortingError, match=sentence):
        check_sources([tmp_path / source], tmp_path / target)


@pytest.mark.parametrize("source", [".", "photos", "photos/a.jpg", ".."])
def test_move_from_the_workspace_is_refused(workspace, output, source):
    write_files(workspace.root, "photos/a.jpg")
    path = workspace.root / source
    with pytest.raises(SortingError, match="must stay where they are"):
        check_workspace([path], output.with_name("out"), Transfer.MOVE)
    check_workspace([path], output.with_name("out"), Transfer.COPY)


@pytest.mark.parametrize("transfer", Transfer)
def test_sort_into_the_workspace_is_refused(workspace, night, transfer):
    workspace.root.mkdir(exist_ok=True)
    with pytest.raises(SortingError, match="Cluster Lab keeps its own files"):
        check_workspace([night], workspace.root / "sorted", transfer)


def test_sorter_itself_leaves_the_workspace_alone(workspace, night, output):
    (own,) = write_files(workspace.root, "photos/a.jpg")
    with pytest.raises(SortingError, match="must stay where they are"):
        sort([answer(own)], output, Transfer.MOVE)
    assert own.exists()
    (a,) = write_files(night, "a.jpg")
    with pytest.raises(SortingError, match="Cluster Lab keeps its own files"):
        sort([answer(a)], workspace.root / "sorted")
    assert not (workspace.root / "sorted").exists()


def test_output_that_can_be_made_is_left_as_it_was(night, output):
    (a,) = write_files(night, "a.jpg")
    check_output(output / "deeper")
    assert list(output.parent.iterdir()) == [night]
    with pytest.raises(SortingError, match="Not a directory"):
        check_output(a / "sorted")


def test_file_in_the_way_of_a_folder_is_named(night, output):
    (a,) = write_files(night, "a.jpg")
    write_files(output, "open")
    with pytest.raises(SortingError, match="open is a file or link, where a folder is needed"):
        sort([answer(a)], output)
    assert (output / "open").read_text() == "picture open"


@not_as_root
def test_folder_that_cannot_be_written_is_named(night, output):
    (a,) = write_files(night, "a.jpg")
    output.mkdir()
    output.chmod(0o500)
    with pytest.raises(SortingError, match="cannot be written to: allow it"):
        sort([answer(a)], output)
    assert a.exists()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that takes no files")
def test_output_that_cannot_be_created_is_no_matter_of_the_disk():
    with pytest.raises(SortingError, match="/proc/sorted cannot be created: choose another"):
        sort([], Path("/proc/sorted"))


@pytest.mark.parametrize(
    ("where", "code", "sentence"),
    [
        ("copy", errno.ENOSPC, "has no space left: free some"),
        ("log", errno.EDQUOT, "has no space left: free some"),
        ("log", errno.EROFS, "cannot be written to: allow it"),
        ("copy", errno.EIO, "check the disk"),
    ],
)
def test_full_or_locked_disk_stops_and_the_next_start_goes_on(
    night, output, monkeypatch, where, code, sentence
):
    a, b = write_files(night, "a.jpg", "b.jpg")

    def fill(*_):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        if where == "copy":
            patch.setattr(placing, "write_copy", fill)
        else:
            patch.setattr(SortLog, "begin", fill)
        with pytest.raises(SortingError, match=sentence):
            sort([answer(a), answer(b)], output, Transfer.MOVE if where == "log" else Transfer.COPY)
    assert a.exists()
    sort([answer(a), answer(b)], output)
    assert list_sorted(output) == {"open/a.jpg", "open/b.jpg"}


def test_next_number_is_known_without_a_look_at_all_files(night, output):
    sort([answer(write_files(night, "a.jpg")[0])], output)
    with SortLog(output) as log:
        (file,) = log.state.files.values()
        log.state.files.clear()
        assert log.begin(file, {}).number == file.number + 1


def test_other_model_is_refused(night, output):
    (a,) = write_files(night, "a.jpg")
    sort([answer(a)], output)
    other = type(SOURCE)(("open", "globular"), "m2", "Another")
    with (
        pytest.raises(SortingError, match="was sorted by the model My model"),
        Sorter(OWNER, SortSettings(output), other),
    ):
        pass


def test_second_process_is_refused(night, output):
    output.mkdir()
    with (
        opening_log(output),
        pytest.raises(SortingError, match="Another window or command is sorting"),
        opening_log(output),
    ):
        pass


def test_visitor_sorts_nothing(output):
    with (
        pytest.raises(AccessError, match="sort files in folders"),
        Sorter(VISITOR, SortSettings(output), SOURCE),
    ):
        pass
    assert not output.exists()


def test_name_that_is_not_utf8_is_sorted_and_found_again(night, output):
    try:
        (a,) = write_files(night, os.fsdecode(b"M\xff13.jpg"))
    except OSError:  # macOS takes no such names
        pytest.skip("this disk takes only UTF-8")
    sort([answer(a)], output)
    assert list_sorted(output) == {"open/M13.jpg"}
    assert sort([answer(a)], output).counts == {}


def write_fits(path: Path, **cards: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    fits.PrimaryHDU(np.eye(9), fits.Header(cards)).writeto(path)
    return path


def read_answer_cards(path: Path) -> tuple:
    header = fits.getheader(path)
    return tuple(header.get(key) for key in ("CLASS", "CLASSP", "CLMODEL"))


def test_cards_go_into_copies_of_fits_files_only(night, output):
    a, foreign = write_fits(night / "a.fits"), write_fits(night / "b.fits", CLASS="other")
    (c,) = write_files(night, "c.jpg")
    before = a.read_bytes()
    sorter = sort([answer(a), answer(foreign), answer(c)], output, with_cards=True)
    assert read_answer_cards(output / "open" / "a.fits") == ("open", 0.9, "My model")
    assert a.read_bytes() == before
    assert (output / "open" / "b.fits").read_bytes() == foreign.read_bytes()
    assert "It was sorted without cards" in sorter.problems[0]
    assert (output / "open" / "c.jpg").read_bytes() == c.read_bytes()


def test_cards_are_refused_without_copies(output):
    with pytest.raises(ConfigError, match="Cards are only written into copies"):
        SortSettings(output, Transfer.MOVE, with_cards=True)
