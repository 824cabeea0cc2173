"""Files that are still being written are waited for, and a watch ends and goes on cleanly."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from cluster_core.errors import SortingError
from cluster_core.sorting import sorter as sorter_module
from cluster_core.sorting import watching
from cluster_core.sorting.arrivals import Arrivals, is_temporary
from cluster_core.sorting.records import Transfer
from cluster_core.sorting.sorter import Sorter, SortSettings
from cluster_core.sorting.watching import SortTask, Watcher
from tests.samples import COLOURS, OWNER, REPOSITORY, draw_blob, save_picture
from tests.sorting.samples import SOURCE, answer, list_tree, write_files

SETTLE_S = 5


def test_file_is_complete_once_it_has_not_changed_for_a_while(tmp_path):
    (a,) = write_files(tmp_path, "a.fits")
    arrivals = Arrivals(SETTLE_S)
    assert arrivals.notice([a], 100) == []
    assert arrivals.notice([a], 104) == []
    a.write_text("more of it")
    assert arrivals.notice([a], 106) == []
    assert arrivals.notice([a], 110) == []
    assert arrivals.notice([a], 111) == [a]
    assert arrivals.notice([a], 200) == []


def test_file_that_is_written_again_later_is_complete_again(tmp_path):
    (a,) = write_files(tmp_path, "a.fits")
    arrivals = Arrivals(0)
    assert arrivals.notice([a], 0) == [a]
    a.write_text("another exposure")
    assert arrivals.notice([a], 1) == [a]


def test_empty_vanished_and_temporary_files_are_not_complete(tmp_path):
    (gone,) = write_files(tmp_path, "~a.fits")
    (tmp_path / "empty.fits").touch()
    paths = [gone, tmp_path / "empty.fits", tmp_path / "gone.fits"]
    assert Arrivals(0).notice(paths, 0) == []
    names = ("a.fits.tmp", "a.fits.part", "a.FITS.PART", "~a.fits", "a.fits~", "a.crdownload")
    assert all(map(is_temporary, names))
    assert not is_temporary("temple.fits")


def test_unreadable_file_is_waited_for_ten_times_longer_but_once(tmp_path):
    (a,) = write_files(tmp_path, "a.fits")
    arrivals = Arrivals(SETTLE_S)
    arrivals.notice([a], 0)
    assert arrivals.notice([a], 5) == [a]
    assert arrivals.wait_longer(a)
    assert arrivals.notice([a], 49) == []
    assert arrivals.notice([a], 50) == [a]
    assert not arrivals.wait_longer(a)


@pytest.fixture
def told() -> list[str]:
    """What the watcher says."""
    return []


@pytest.fixture
def watcher(tmp_path, monkeypatch, told):
    """A watcher whose answers need no model, which looks without waiting."""
    (tmp_path / "night").mkdir()
    monkeypatch.setattr(watching, "_POLL_S", 0.01)
    monkeypatch.setattr(watching, "_RETRY_S", 0.01)
    monkeypatch.setattr(
        watching, "answer_files", lambda _, paths, identify: (answer(path) for path in paths)
    )
    settings = SortSettings(tmp_path / "sorted", Transfer.MOVE)
    task = SortTask([tmp_path / "night"], settings, None, SOURCE, settle_s=0)
    return Watcher(OWNER, task, told.append)


def run_until(watcher, condition) -> None:
    """Run a watcher in a thread until a condition is true."""
    thread = threading.Thread(target=watcher.run)
    thread.start()
    ends_s = time.monotonic() + 20
    while not condition() and time.monotonic() < ends_s:
        time.sleep(0.01)
    watcher.stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert condition()


def test_watch_outlasts_a_full_disk(watcher, told, tmp_path, monkeypatch):
    write_files(tmp_path / "night", "a.jpg", "b.jpg")
    place, failures = sorter_module.place_file, []

    def fail_twice(*arguments):
        if len(failures) < 2:
            failures.append(1)
            raise OSError(28, "No space left on device")
        place(*arguments)

    monkeypatch.setattr(sorter_module, "place_file", fail_twice)
    table = tmp_path / "sorted" / "answers.csv"
    run_until(watcher, lambda: table.exists() and table.read_text().count("\n") == 3)
    assert sum("has no space left" in line for line in told) == 1
    assert {"open/a.jpg", "open/b.jpg"} <= set(list_tree(tmp_path / "sorted"))


def test_watch_outlasts_a_folder_that_goes_and_comes_back(watcher, told, tmp_path):
    night = tmp_path / "night"
    write_files(night, "a.jpg")
    away = tmp_path / "away"
    thread = threading.Timer(0.1, lambda: night.rename(away))
    thread.start()

    def come_back() -> bool:
        if any("waiting until it is back" in line for line in told) and away.exists():
            write_files(away, "b.jpg")
            away.rename(night)
        return (tmp_path / "sorted" / "open" / "b.jpg").exists()

    run_until(watcher, come_back)


def test_table_of_a_long_watch_is_not_written_for_every_file(watcher, tmp_path, monkeypatch):
    clock, writes = [0.0], []
    write = Sorter.write_table

    def write_slowly(sorter):
        clock[0] += 1
        writes.append(write(sorter))

    monkeypatch.setattr(Sorter, "write_table", write_slowly)
    monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    names = [f"{number}.jpg" for number in range(5)]
    waiting = names.copy()

    def drop_next() -> bool:
        n_sorted = len(list((tmp_path / "sorted" / "open").glob("*.jpg")))
        if waiting and n_sorted == len(names) - len(waiting):
            write_files(tmp_path / "night", waiting.pop(0))
        return n_sorted == len(names)

    run_until(watcher, drop_next)
    assert len(writes) == 2
    assert writes[-1].read_text().count("\n") == 1 + len(names)


def test_watch_says_which_files_still_wait_at_its_end(watcher, tmp_path):
    night = tmp_path / "night"
    write_files(night, "a.jpg")
    (night / "empty.jpg").touch()
    (night / "lost.jpg").symlink_to(tmp_path / "nowhere.jpg")
    run_until(watcher, (tmp_path / "sorted" / "open" / "a.jpg").exists)
    assert [path.name for path in watcher.waiting] == ["empty.jpg", "lost.jpg"]


def test_watch_does_not_start_on_a_folder_in_use(watcher, tmp_path):
    write_files(tmp_path, "sorted")
    with pytest.raises(SortingError):
        watcher.run()


def test_interrupted_watch_ends_cleanly_and_goes_on(tmp_path, workspace):
    night, output = tmp_path / "night", tmp_path / "sorted"
    pictures = {
        label: save_picture(night / f"{label}.png", draw_blob(900 + number, colour))
        for number, (label, colour) in enumerate(COLOURS.items())
    }
    (night / "part.png").touch()
    late = pictures["red stars"].rename(tmp_path / "late.png")
    for number in (1, 2):
        command = [sys.executable, "-m", "cluster_core", "sort", night, "--output", output]
        process = subprocess.Popen(
            [*command, "--watch", "--settle", "0", "--move", "--identify"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )
        assert process.stdout
        assert "stars.png" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert "1 file still waits: part.png\n" in errors
        assert "Stopped watching" in errors
        assert "0 of 1 picture named" in errors
        assert "Traceback" not in errors
        if number == 1:
            late.rename(night / "late stars.png")
    assert {path.name for path in output.rglob("*.png")} == {"blue stars.png", "late stars.png"}
    assert (output / "answers.csv").read_text().count("\n") == 3
