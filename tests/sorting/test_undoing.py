"""Undo removes only what the sort made, and moves files back."""

from __future__ import annotations

import json
import os
import random
from contextlib import suppress

import pytest

from cluster_core.errors import AccessError, ClusterError, SortingError
from cluster_core.sorting.log import LOG, format_line, read_lines
from cluster_core.sorting.records import Transfer
from cluster_core.sorting.undoing import undo_sort
from tests.samples import OWNER, VISITOR
from tests.sorting.samples import GLOBULAR, answer, list_tree, sort, write_files


@pytest.fixture
def night(tmp_path):
    write_files(tmp_path / "night", "a.jpg", "sub/b.jpg")
    return tmp_path / "night"


@pytest.fixture
def output(tmp_path):
    return tmp_path / "sorted"


def sort_all(night, output, transfer=Transfer.COPY):
    sort(map(answer, sorted(night.rglob("*.jpg"))), output, transfer)


def forge_log(output, old: str, new: str):
    """Replace text in the log, and make its checksums right."""
    text = "\n".join(map(json.dumps, read_lines(output / LOG))).replace(old, new)
    (output / LOG).write_bytes(b"".join(format_line(json.loads(line)) for line in text.split("\n")))


@pytest.mark.parametrize("transfer", Transfer)
def test_all_is_as_before(night, output, transfer):
    before = list_tree(night)
    sort_all(night, output, transfer)
    if transfer is Transfer.MOVE:
        (night / "sub").rmdir()
    report = undo_sort(OWNER, output)
    assert (report.n_undone, report.kept) == (2, ())
    assert list_tree(night) == before
    assert not output.exists()


def test_empty_folders_go_although_a_changed_file_stays(tmp_path, output):
    a, b = write_files(tmp_path / "night", "a.jpg", "b.jpg")
    sort([answer(a), answer(b, GLOBULAR)], output)
    (output / "open" / "a.jpg").write_text("retouched")
    undo_sort(OWNER, output)
    assert [path.name for path in output.iterdir() if path.is_dir()] == ["open"]
    assert not undo_sort(OWNER, output).n_undone  # once more


@pytest.mark.parametrize("transfer", [Transfer.COPY, Transfer.MOVE])
def test_changed_file_stays(night, output, transfer):
    sort_all(night, output, transfer)
    (output / "open" / "a.jpg").write_text("retouched")
    report = undo_sort(OWNER, output)
    assert report.n_undone == 1
    assert report.kept == ("open/a.jpg was changed after it was sorted, and stays.",)
    assert (output / "open" / "a.jpg").read_text() == "retouched"
    assert (output / LOG).exists()


def test_link_that_leads_elsewhere_now_stays(night, output):
    sort_all(night, output, Transfer.LINK)
    link = output / "open" / "a.jpg"
    link.unlink()
    link.symlink_to(night / "sub" / "b.jpg")
    assert len(undo_sort(OWNER, output).kept) == 1
    assert link.is_symlink()


@pytest.mark.parametrize("is_deleted", [False, True])
def test_copy_stays_if_its_original_has_gone_or_changed(night, output, is_deleted):
    sort_all(night, output)
    (night / "a.jpg").unlink() if is_deleted else (night / "a.jpg").write_text("new")
    report = undo_sort(OWNER, output)
    assert "its original" in report.kept[0]
    assert (output / "open" / "a.jpg").read_text() == "picture a.jpg"


def test_moved_file_stays_if_its_old_name_is_taken(night, output):
    sort_all(night, output, Transfer.MOVE)
    write_files(night, "a.jpg")[0].write_text("another")
    report = undo_sort(OWNER, output)
    assert "another file is called" in report.kept[0]
    assert (night / "a.jpg").read_text() == "another"
    assert (output / "open" / "a.jpg").read_text() == "picture a.jpg"
    (night / "a.jpg").unlink()
    assert undo_sort(OWNER, output).kept == ()
    assert (night / "a.jpg").read_text() == "picture a.jpg"


@pytest.mark.parametrize("transfer", [Transfer.COPY, Transfer.MOVE])
@pytest.mark.parametrize("is_folder", [False, True])
def test_sorted_file_stays_if_its_original_is_a_link_to_it_now(
    night, output, tmp_path, transfer, is_folder
):
    sort_all(night, output, transfer)
    if is_folder:
        night.rename(tmp_path / "old")
        night.symlink_to(output / "open")
    else:
        (night / "a.jpg").unlink(missing_ok=True)
        (night / "a.jpg").symlink_to(output / "open" / "a.jpg")
    assert any("open/a.jpg stays" in sentence for sentence in undo_sort(OWNER, output).kept)
    assert (output / "open" / "a.jpg").read_text() == "picture a.jpg"


def test_copy_stays_if_another_picture_of_its_size_and_time_replaced_its_original(night, output):
    a = night / "a.jpg"
    sort_all(night, output)
    status = a.stat()
    a.write_text("picture X.jpg")
    os.utime(a, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "its original" in undo_sort(OWNER, output).kept[0]
    assert (output / "open" / "a.jpg").read_text() == "picture a.jpg"


def test_files_of_others_stay_with_their_folder(night, output):
    write_files(output, "notes.txt")
    sort_all(night, output)
    write_files(output, "open/own.jpg")
    undo_sort(OWNER, output)
    assert set(list_tree(output)) == {"notes.txt", "open/own.jpg"}


def test_copy_that_was_deleted_is_no_problem(night, output):
    sort_all(night, output)
    (output / "open" / "a.jpg").unlink()
    assert undo_sort(OWNER, output).kept == ()
    assert not output.exists()


def test_edited_table_stays(night, output):
    sort_all(night, output)
    (output / "answers.csv").write_text("my notes")
    assert "answers.csv was changed" in undo_sort(OWNER, output).kept[0]
    assert set(list_tree(output)) == {"answers.csv"}


def test_folder_without_a_log_is_refused(night):
    with pytest.raises(SortingError, match="Nothing was sorted into"):
        undo_sort(OWNER, night)


def test_hostile_log_puts_no_program_anywhere(night, output, tmp_path):
    sort_all(night, output, Transfer.MOVE)
    program = tmp_path / "autostart" / "a.desktop"
    forge_log(output, str(night / "a.jpg"), str(program))
    assert "does not have the ending of a picture file" in undo_sort(OWNER, output).kept[0]
    assert not program.parent.exists()


def test_hostile_log_removes_nothing_outside(night, output):
    sort_all(night, output)
    forge_log(output, '"place": "open/a.jpg"', '"place": "../night/a.jpg"')
    report = undo_sort(OWNER, output)
    assert report.kept[0].startswith("1 line of sort-log.jsonl is damaged, so it does not say")
    assert set(list_tree(night)) == {"a.jpg", "sub/b.jpg"}


@pytest.mark.parametrize("seed", range(20))
def test_damaged_log_costs_no_picture(night, output, tmp_path, monkeypatch, seed):
    monkeypatch.setattr(os, "fsync", lambda file: None)
    sort_all(night, output, list(Transfer)[seed % 3])
    log, chance = output / LOG, random.Random(seed)
    data = bytearray(log.read_bytes())
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] = chance.choice(b'0"{}[],:\n\x00\xffx')
    log.write_bytes(data)
    for work in (lambda: sort_all(night, output), lambda: undo_sort(OWNER, output)):
        with suppress(ClusterError):
            work()
    found = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert {b"picture a.jpg", b"picture b.jpg"} <= set(found)


@pytest.mark.parametrize(
    ("damage", "n_lost", "sentence"),
    [
        (lambda data: data.replace(b"a.jpg", b"c.jpg"), 1, "1 line of sort-log.jsonl is damaged"),
        (lambda data: data[:400], 2, "1 line of sort-log.jsonl is damaged"),
        (lambda data: b"{}\n\x00\n" * 3, 2, "6 lines of sort-log.jsonl are damaged"),
    ],
    ids=["one file", "cut", "random"],
)
def test_damaged_log_says_which_files_it_no_longer_knows(night, output, damage, n_lost, sentence):
    sort_all(night, output)
    log = output / LOG
    log.write_bytes(damage(log.read_bytes()))
    before = list_tree(output)
    with pytest.raises(SortingError, match="Choose another output folder"):
        sort_all(night, output)
    assert list_tree(output).keys() == before.keys()
    for n_undone in (2 - n_lost, 0):
        report = undo_sort(OWNER, output)
        assert report.n_undone == n_undone
        assert report.kept[0].startswith(sentence)
        assert "open/a.jpg" in report.kept[0]
    assert len([name for name in list_tree(output) if name.startswith("open/")]) == n_lost


def test_line_that_a_kill_has_cut_is_not_mentioned(night, output):
    sort_all(night, output)
    with (output / LOG).open("ab") as log:
        log.write(b'{"begin": 3, "sou')
    for _ in range(2):
        sort_all(night, output)
    assert undo_sort(OWNER, output).kept == ()
    assert not output.exists()


def test_visitor_undoes_nothing(night, output):
    sort_all(night, output)
    with pytest.raises(AccessError):
        undo_sort(VISITOR, output)
    assert set(list_tree(output)) >= {"open/a.jpg", "open/b.jpg"}
