"""Many pictures are labelled in a thread: from a .zip or a folder, stopped, and resumed."""

from __future__ import annotations

import io
import shutil
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cluster_core.access import PUBLIC_VARIABLE, Access
from cluster_core.answers import jobs, rooms
from cluster_core.answers.answering import Answerer
from cluster_core.answers.choices import find_choice, keep_choice
from cluster_core.answers.job_progress import JobState
from cluster_core.answers.job_registry import forget_cleared, obtain_job, stop_jobs
from cluster_core.answers.jobs import AnsweringJob
from cluster_core.answers.records import KeptObject
from cluster_core.answers.rooms import create_room, find_room
from cluster_core.answers.selecting import Order, Reviewed, Selection, select_answers
from cluster_core.answers.supplies import (
    Supply,
    find_folder,
    find_unfinished,
    keep_archive,
    keep_folder,
)
from cluster_core.errors import AccessError, DatasetError, ImageError, RunError
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.prediction.loaded import obtain_predictor
from cluster_core.sky_names.solving import RunLimits, sharing
from cluster_core.sky_names.solving.solver import STOPPED
from tests.answers.test_room import ANSWER, LABELS
from tests.pages.test_classify import make_picture
from tests.samples import OWNER


def make_zip(n: int, **more: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(n):
            archive.writestr(f"night/{number}.png", make_picture("red stars", number))
        for name, data in more.items():
            archive.writestr(name.replace("_", "."), data)
    return file


@pytest.fixture
def room(workspace):
    return create_room(workspace)


@pytest.fixture
def job(workspace, room) -> AnsweringJob:
    (model,) = list_models(workspace)
    return obtain_job(workspace, room.id, Answerer(model, obtain_predictor(workspace, model)))


def count_answers(workspace, room) -> int:
    (model,) = list_models(workspace)
    again = find_room(workspace, room.id)
    return len(again.tabulate(model.manifest_sha256, model.labels))


def test_folder_with_more_than_is_kept_and_the_workspace_are_refused(
    workspace, tmp_path_factory, monkeypatch
):
    night = tmp_path_factory.mktemp("night")
    for number in range(3):
        (night / f"{number}.png").touch()
    monkeypatch.setattr(rooms, "OWN_COMPUTER", rooms.RoomLimits(2, 10**6, 9, 10**7, 999))
    with pytest.raises(DatasetError, match="more than the 2 pictures"):
        find_folder(OWNER, str(night))
    workspace.root.mkdir()
    for folder in (workspace.root, workspace.root.parent):
        with pytest.raises(DatasetError, match="keeps its own files"):
            find_folder(OWNER, str(folder))


def test_pictures_of_an_archive_are_labelled_and_others_left_out(workspace, room, job):
    archive = make_zip(5, page_png=b"<html>", notes_txt=b"clouds")
    job.start([keep_archive(room, "night.zip", archive)])
    job.wait(60)
    progress = job.progress
    assert (progress.state, progress.n_done, progress.n_total) == (JobState.DONE, 6, 6)
    assert count_answers(workspace, room) == 5
    room.refresh()
    names = [one.name for one in room.pictures.values()]
    assert names == ["page.png", *(f"night/{n}.png" for n in range(5))]
    assert job.n_left_out == 1
    assert "notes.txt is not a picture" in job.left_out[0]
    assert not list((room.folder / "archives").iterdir())
    job.start([keep_archive(room, "again.zip", make_zip(5))])
    job.wait(60)
    assert (job.n_present, count_answers(workspace, room)) == (5, 5)


def test_stopped_job_keeps_its_answers_and_goes_on(workspace, room, job, monkeypatch):
    answer, reached, stopped = jobs.answer_pictures, threading.Event(), threading.Event()

    def answer_and_wait(*given):
        for one in answer(*given):
            yield one
            reached.set()
            stopped.wait(30)

    monkeypatch.setattr(jobs, "answer_pictures", answer_and_wait)
    job.start([keep_archive(room, "night.zip", make_zip(20))])
    assert reached.wait(60)
    job.stop()
    assert job.progress.state is JobState.STOPPING
    stopped.set()
    job.wait(60)
    assert (job.progress.state, job.progress.n_total) == (JobState.STOPPED, 20)
    assert 0 < count_answers(workspace, room) == job.progress.n_done < 20
    (left,) = find_unfinished(OWNER, room)  # as after a restart
    left.close()
    assert len(left.pictures) == 20
    job.start()
    job.wait(60)
    assert count_answers(workspace, room) == 20
    progress = job.progress
    assert (progress.state, progress.n_done, progress.n_total) == (JobState.DONE, 20, 20)


def test_job_of_a_cleared_room_ends_with_a_sentence(workspace, room, job):
    job.start([keep_archive(room, "night.zip", make_zip(1))])
    job.wait(60)
    number = room.add_picture("a.png", b"one").number
    room.clear()
    assert number == 2
    job.start()
    job.wait(60)
    assert job.progress.state in (JobState.DONE, JobState.FAILED)
    assert not room.exists()


def test_full_room_says_so_once(workspace, monkeypatch):
    monkeypatch.setattr(rooms, "OWN_COMPUTER", rooms.RoomLimits(2, 10**6, 9, 10**7, 999))
    room = create_room(workspace)
    (model,) = list_models(workspace)
    job = obtain_job(workspace, room.id, Answerer(model, obtain_predictor(workspace, model)))
    job.start([keep_archive(room, "night.zip", make_zip(5))])
    job.wait(60)
    assert (count_answers(workspace, room), job.n_left_out, len(job.left_out)) == (2, 3, 1)
    assert "at most 2 pictures are kept here" in job.left_out[0]


def test_archive_that_does_not_fit_is_refused(workspace, monkeypatch):
    monkeypatch.setattr(rooms, "OWN_COMPUTER", rooms.RoomLimits(9, 100, 9, 10**7, 999))
    with pytest.raises(ImageError, match=r"night\.zip was left out"):
        keep_archive(create_room(workspace), "night.zip", make_zip(1))


def test_file_that_is_no_archive_is_refused(room):
    with pytest.raises(DatasetError, match=r"damaged or not a \.zip"):
        keep_archive(room, "night.zip", io.BytesIO(b"no archive"))
    assert find_unfinished(OWNER, room) == []


def test_folder_is_for_the_owner_at_the_own_machine_only(tmp_path, monkeypatch):
    night = tmp_path / "night"
    (night / "sub").mkdir(parents=True)
    (night / "sub" / "a.png").write_bytes(make_picture("red stars"))
    (night / "notes.txt").write_text("clouds")
    supply = find_folder(OWNER, str(night))
    assert [name for name, _ in supply.pictures] == ["sub/a.png"]
    assert "1 file of" in supply.problems[0]
    with pytest.raises(AccessError):
        find_folder(Access.visitor(), str(night))
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    with pytest.raises(AccessError):
        find_folder(OWNER, str(night))


def test_archive_goes_on_after_a_restart_where_it_was(room):
    supply = keep_archive(room, "night.zip", make_zip(3))
    taking = iter(supply)
    name, read = next(taking)
    room.add_picture(name, read())
    next(taking)  # the second is on its way when the server is killed
    supply.close()
    (again,) = find_unfinished(OWNER, room)
    assert again.n_left == 2
    again.close()
    for damaged in ("", "-7", "x"):
        (note,) = room.folder.glob("archives/*.taken")
        note.write_text(damaged)
        (again,) = find_unfinished(OWNER, room)
        assert again.n_left == 3
        again.close()
    (again,) = find_unfinished(OWNER, room)
    assert [name for name, _ in again] == [f"night/{n}.png" for n in range(3)]
    assert not list((room.folder / "archives").iterdir())


def test_folder_is_found_again_until_all_its_pictures_are_in_the_room(room, tmp_path):
    night = tmp_path / "night"
    night.mkdir()
    for name in ("a", "b"):
        (night / f"{name}.png").write_bytes(make_picture("red stars", ord(name)))
    supply = keep_folder(room, str(night), find_folder(OWNER, str(night)))
    name, read = next(iter(supply))
    room.add_picture(name, read())

    assert find_unfinished(Access.visitor(), room) == []
    (again,) = find_unfinished(OWNER, room)  # as after a restart
    assert [name for name, _ in again] == ["a.png", "b.png"]
    assert find_unfinished(OWNER, room) == []

    keep_folder(room, str(night), find_folder(OWNER, str(night)))
    shutil.rmtree(night)
    (gone,) = find_unfinished(OWNER, room)
    assert gone.problems[0].startswith("There is no folder")
    assert list(gone) == []
    assert find_unfinished(OWNER, room) == []


@pytest.mark.parametrize("folder", ["night", "/no/such/folder", "\0", "~nobody-here/x"])
def test_missing_folder_is_reported(folder):
    with pytest.raises(DatasetError, match="There is no folder"):
        find_folder(OWNER, folder)


def test_folder_without_pictures_is_reported(tmp_path: Path):
    (tmp_path / "night").mkdir()
    with pytest.raises(DatasetError, match="There are no pictures"):
        find_folder(OWNER, str(tmp_path / "night"))


def test_answers_are_chosen_and_ordered_by_their_columns(room):
    names = ["M 13.png", "M 5.png", "M 57.png"]
    numbers = [room.add_picture(name, name.encode()).number for name in names]
    for number in numbers:
        room.keep_answer(number, "m", ANSWER, LABELS, b"")
    columns = room.tabulate("m", LABELS)

    def select(**wanted) -> list[int]:
        return select_answers(columns, room, Selection(**wanted))

    assert select() == numbers
    assert select(order=Order.NAME) == [2, 1, 3]
    assert select(verdicts=["none of these"]) == numbers  # by its novelty
    assert select(verdicts=["globular"]) == select(lowest=0.8) == []
    room.review([2], None)
    assert select(reviewed=Reviewed.OPEN) == numbers
    room.keep_object(1, KeptObject("M 13", "globular cluster"))
    room.keep_object(2, KeptObject("M 51", "galaxy"))
    assert select(reviewed=Reviewed.CONTRADICTED) == [1]  # all are "none of these"


def test_long_choice_is_found_by_a_short_name(room):
    name = keep_choice(room, "1,3,5")
    assert find_choice(room, name) == "1,3,5"
    for other in ("", "../log.jsonl", "0" * 64, "1-3"):
        assert find_choice(room, other) is None
    for number in range(30):
        keep_choice(room, str(number))
    assert len(list((room.folder / "choices").iterdir())) <= 21


def test_objects_are_named_after_the_pictures_are_labelled(workspace, room, job):
    m13 = room.add_picture("M13.png", make_picture("red stars", 1)).number
    other = room.add_picture("frame.png", make_picture("red stars", 2)).number
    job.name_objects(OWNER)
    job.wait(60)
    again = find_room(workspace, room.id)
    assert again.objects[m13] == KeptObject("M 13", "globular cluster")
    assert again.objects[other] == KeptObject()
    assert count_answers(workspace, room) == 2
    assert job.progress.is_naming


class PatientSolver:
    """Searches until it is stopped."""

    identity = "patient"

    def __init__(self) -> None:
        self.started, self.limits = threading.Event(), RunLimits()

    def solve(self, picture, hints):
        self.started.set()
        while not self.limits.is_stopped():
            time.sleep(0.01)
        raise RunError(STOPPED)


@pytest.fixture
def solver(monkeypatch):
    solver = PatientSolver()

    def find(limits):
        solver.limits = limits
        return solver

    monkeypatch.setattr(sharing, "find_solver", find)
    return solver


def test_stop_ends_the_search_among_the_stars(room, job, solver):
    for seed in range(2):
        room.add_picture(f"{seed}.png", make_picture("red stars", seed))
    job.name_objects(OWNER)
    assert solver.started.wait(30)
    job.stop()
    job.wait(5)
    assert (job.progress.state, job.progress.problem) == (JobState.STOPPED, "")
    solver.started.clear()
    job.name_objects(OWNER)
    assert solver.started.wait(30)
    stop_jobs()  # as the server ends
    assert job.progress.state is JobState.STOPPED


def test_stopped_naming_counts_on(room, job, monkeypatch):
    for seed in range(3):
        room.add_picture(f"{seed}.png", make_picture("red stars", seed))
    name, counts = jobs.name_pictures, []

    def name_pictures(*given):
        counts.append((job.progress.n_done, job.progress.n_total))
        for number in name(*given):
            if len(counts) == 1:
                job.stop()
            yield number

    monkeypatch.setattr(jobs, "name_pictures", name_pictures)
    job.name_objects(OWNER)
    job.wait(30)
    assert job.progress.state is JobState.STOPPED
    job.start()
    job.wait(30)
    assert counts == [(0, 3), (1, 3)]
    assert (job.progress.n_done, job.progress.n_total) == (3, 3)


def test_names_wanted_as_the_job_ends_are_found(workspace, room, job, monkeypatch):
    number = room.add_picture("M13.png", make_picture("red stars", 1)).number
    work = AnsweringJob._work

    def work_and_be_asked(self, opened):
        work(self, opened)
        if not opened.objects:
            self.name_objects(OWNER)

    monkeypatch.setattr(AnsweringJob, "_work", work_and_be_asked)
    job.start()
    job.wait(30)
    job.wait(30)  # its second thread
    assert find_room(workspace, room.id).objects[number].name == "M 13"
    assert not job.names_wanted


def test_visitor_of_a_demo_names_no_objects(job):
    with pytest.raises(AccessError):
        job.name_objects(Access.visitor())
    assert not job.names_wanted


def test_archive_of_a_cleared_room_is_closed(workspace, room, job):
    closed = []
    supply = Supply("night.zip", [("a.png", bytes)], close=lambda: closed.append("first"))
    job.stop()
    job._supplies.append(supply)  # as after Stop
    room.clear()
    forget_cleared(workspace)
    job.start([replace(supply, close=lambda: closed.append("second"))])
    assert closed == ["first", "second"]
    assert not job.progress.is_active
