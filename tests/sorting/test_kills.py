"""A process that is killed at any step of a sort or an undo loses nothing, and the next goes on."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import warnings

import pytest

from cluster_core.sorting import placing, restoring
from cluster_core.sorting.log import SortLog
from cluster_core.sorting.records import Stage, Transfer
from cluster_core.sorting.undoing import undo_sort
from cluster_core.storage import drafts
from tests.samples import OWNER
from tests.sorting.samples import OPEN, UNSURE, answer, list_tree, sort, write_files

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no os.fork")
NAMES = ("a.fits", "sub/a.fits")
CONTENTS = {name: f"picture {name.rpartition('/')[2]}" for name in NAMES}
THEIRS = {"open/a.fits": "of somebody else"}
SORTED = THEIRS | {
    "open/a (2).fits": "picture a.fits",
    "unsure/a.fits": "picture a.fits",
}
KINDS = {
    "copy": (Transfer.COPY, False),
    "link": (Transfer.LINK, False),
    "move": (Transfer.MOVE, False),
    "move to another disk": (Transfer.MOVE, True),
}


class Place:
    """A folder with files, and one to sort into, where somebody else has a file of that name."""

    def __init__(self, folder, kind: str):
        self.source, self.output = folder / "night", folder / "sorted"
        self.transfer, _ = KINDS[kind]
        self._folder = folder

    def renew(self):
        shutil.rmtree(self._folder, ignore_errors=True)
        write_files(self.source, *NAMES)
        (self.output / "open").mkdir(parents=True)
        (self.output / "open" / "a.fits").write_text("of somebody else")

    def sort(self):
        drafts._clean_once.cache_clear()  # as in a new process
        scores = zip(NAMES, (OPEN, UNSURE), strict=True)
        paths = [(self.source / name, score) for name, score in scores]
        sort(
            (answer(path, score) for path, score in paths if path.exists()),
            self.output,
            self.transfer,
        )

    def undo(self):
        drafts._clean_once.cache_clear()
        return undo_sort(OWNER, self.output)

    def list_sorted(self) -> dict[str, str]:
        ours = ("sort-log.jsonl", "answers.csv")
        return {name: text for name, text in list_tree(self.output).items() if name not in ours}

    def require_nothing_lost(self):
        assert THEIRS.items() <= self.list_sorted().items()
        if self.transfer is Transfer.MOVE:
            found = [*list_tree(self.source).values(), *self.list_sorted().values()]
            assert found.count("picture a.fits") >= len(NAMES)
        else:
            assert list_tree(self.source) == CONTENTS

    def require_sorted(self):
        assert self.list_sorted() == SORTED
        assert list_tree(self.source) == ({} if self.transfer is Transfer.MOVE else CONTENTS)
        assert (self.output / "answers.csv").read_text().count("\n") == 1 + len(NAMES)
        self._require_no_drafts()

    def require_undone(self):
        assert list_tree(self.source) == CONTENTS
        assert list_tree(self.output) == THEIRS
        assert {path.name for path in self.output.iterdir()} - {".sort.lock"} == {"open"}
        self._require_no_drafts()

    def _require_no_drafts(self):
        assert [*self._folder.rglob("*.part")] == []


@pytest.fixture(params=KINDS)
def place(request, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda file: None)  # only a power cut would need it
    if KINDS[request.param][1]:
        put_on_two_disks(monkeypatch)
    return Place(tmp_path / "place", request.param)


def put_on_two_disks(monkeypatch):
    """Let nothing be renamed out of or into the folder `night`."""
    rename = placing.rename_exclusively

    def refuse_other_disk(source, target):
        if ("night" in source.parts) != ("night" in target.parts):
            raise OSError(errno.EXDEV, "another disk")
        rename(source, target)

    monkeypatch.setattr(placing, "rename_exclusively", refuse_other_disk)
    monkeypatch.setattr(restoring, "rename_exclusively", refuse_other_disk)


def run_and_kill(work, step: int) -> bool:
    """Do work in a process that ends before a file operation; return whether it got that far.

    A line of the log is written in two halves, as a disk may do it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # only this thread goes on
        child = os.fork()
    if child == 0:
        try:
            _count_down(step)
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def _count_down(step: int):
    left, write = [step], os.write

    def count():
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)

    def write_in_halves(file, data):
        count()
        half = len(data) // 2
        write(file, data[:half])
        count()
        return half + write(file, data[half:])

    def hear(event, arguments):
        if event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "open"):
            count()

    sys.addaudithook(hear)
    os.write = write_in_halves


def list_kills(work, prepare):
    """Prepare and kill before every file operation; yield after each kill."""
    step = 0
    while True:
        prepare()
        if not run_and_kill(work, step):
            return
        yield step
        step += 1


def test_killed_sort_goes_on_and_can_be_undone(place):
    n_kills = 0
    for step in list_kills(place.sort, place.renew):
        n_kills += 1
        place.require_nothing_lost()
        if step % 2:
            place.sort()
            place.require_sorted()
        if (place.output / "sort-log.jsonl").exists():
            assert place.undo().kept == ()
        place.require_undone()
    assert n_kills > 20


def test_killed_undo_is_finished_by_the_next(place):
    def prepare():
        place.renew()
        place.sort()

    n_kills = 0
    for step in list_kills(place.undo, prepare):
        n_kills += 1
        place.require_nothing_lost()
        if step % 2:
            place.sort()  # instead of the rest of the undo
            place.require_sorted()
        if (place.output / "sort-log.jsonl").exists():
            assert place.undo().kept == ()
        place.require_undone()
    assert n_kills > 10


@pytest.mark.parametrize("has_two_disks", [False, True])
def test_new_file_at_the_old_name_costs_no_moved_picture(tmp_path, monkeypatch, has_two_disks):
    if has_two_disks:
        put_on_two_disks(monkeypatch)
    (a,) = write_files(tmp_path / "night", "a.fits")
    output = tmp_path / "sorted"

    set_stage = SortLog.set_stage

    def kill_before_done(log, file, stage):
        if stage is Stage.DONE:
            raise KeyboardInterrupt
        set_stage(log, file, stage)

    with monkeypatch.context() as patch:
        patch.setattr(SortLog, "set_stage", kill_before_done)
        patch.setattr(placing, "remove_original", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            sort([answer(a)], output, Transfer.MOVE)
    a.write_text("the next exposure")
    sort([], output)
    assert a.read_text() == "the next exposure"
    assert (output / "open" / "a.fits").read_text() == "picture a.fits"
    sort([answer(a)], output, Transfer.MOVE)
    assert (output / "open" / "a (2).fits").read_text() == "the next exposure"


def test_copy_and_its_name_are_on_the_other_disk_before_the_original_goes(tmp_path, monkeypatch):
    put_on_two_disks(monkeypatch)
    (a,) = write_files(tmp_path / "night", "a.fits")
    synced = []
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append((os.fstat(file).st_ino, a.exists()))
    )
    sort([answer(a)], tmp_path / "sorted", Transfer.MOVE)
    target = tmp_path / "sorted" / "open" / "a.fits"
    assert {(path.stat().st_ino, True) for path in (target, target.parent)} <= set(synced)
    assert not a.exists()
