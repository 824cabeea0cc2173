"""Which object one picture shows, on the Classify page."""

from __future__ import annotations

import threading

import pytest
from streamlit.testing.v1 import AppTest

from cluster_core.errors import AccessError, NotSolvedError, RunError
from cluster_core.sky_names.position import SkyPosition
from cluster_core.sky_names.solving import RunLimits, sharing
from cluster_core.sky_names.solving.solver import STOPPED
from pages.components.classify import sky_object, sky_object_work
from tests.pages.test_classify import PAGE, make_picture
from tests.samples import VISITOR
from tests.sky_names.skies import M13, make_fits, make_wcs_cards


class FakeSolver:
    """Solves when it is let."""

    identity = "fake"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.limits = RunLimits()
        self.answer = SkyPosition(*M13, ((-0.003, 0.0), (0.0, -0.003)), 128, 128)

    def solve(self, picture, hints):
        while not self.go.wait(0.01):
            if self.limits.is_stopped():
                raise RunError(STOPPED)
        if self.answer is None:
            raise NotSolvedError("The stars of this picture were not recognised.")
        return self.answer


@pytest.fixture
def solver(workspace, monkeypatch):
    fake = FakeSolver()

    def find(limits=None):
        fake.limits = limits
        return fake

    monkeypatch.setattr(sky_object, "find_solver", lambda: fake)
    monkeypatch.setattr(sharing, "find_solver", find)
    return fake


def give(name: str, data: bytes) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=30).run()
    (uploader,) = page.file_uploader
    uploader.set_value([(name, data, "application/octet-stream")])
    page.run()
    assert not page.exception
    return page


def list_texts(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error]
    return "\n".join(each.value for each in parts)


def wait_for_answer(page: AppTest) -> AppTest:
    if "stars being recognised" in page.session_state:  # else it was quick
        page.session_state["stars being recognised"]._thread.join(20)
    return page.run()


def test_header_names_the_object_at_once(solver):
    page = give("night.fits", make_fits(**make_wcs_cards(*M13)))
    text = list_texts(page)
    assert "M 13, a globular cluster; the model says" in text
    assert "By the file's header." in text
    assert "right ascension 16 h 42 min" in text
    assert "which_object" not in {each.key for each in page.button}


def test_stars_name_the_object_while_the_page_goes_on(solver):
    page = give("picture.png", make_picture("blue stars"))
    page.button("which_object").click().run()
    assert "stop_sky" in {each.key for each in page.button}
    solver.go.set()
    text = list_texts(wait_for_answer(page))
    assert "M 13, a globular cluster; the model" in text
    assert "By the stars in the picture." in text


def test_solved_picture_is_named_at_once_in_another_session(solver):
    solver.go.set()
    page = give("M 45.png", make_picture("blue stars"))
    page.button("which_object").click().run()
    wait_for_answer(page)
    text = list_texts(give("M 45.png", make_picture("blue stars")))
    assert "M 13, a globular cluster; the model" in text
    assert "By the stars in the picture." in text


def test_known_name_stays_while_stars_are_recognised(solver):
    page = give("M 45.png", make_picture("blue stars"))
    page.button("which_object").click().run()
    assert "stop_sky" in {each.key for each in page.button}
    assert "By the file's name." in list_texts(page)
    page.button("stop_sky").click().run()


def test_header_that_contradicts_itself_is_reported(solver):
    page = give("night.fits", make_fits(**make_wcs_cards(*M13), OBJECT="M67"))
    assert "M 13, a globular cluster" in list_texts(page)
    assert any("M 67" in each.value or "M67" in each.value for each in page.info)


def test_stopped_search_leaves_the_button(solver):
    page = give("picture.png", make_picture("blue stars"))
    page.button("which_object").click().run()
    task = page.session_state["stars being recognised"]
    page.button("stop_sky").click().run()
    task._thread.join(20)
    page.run()
    assert not task.is_running
    assert page.button("which_object").label == "Which object is this?"


def test_unrecognised_stars_are_reported(solver):
    solver.answer = None
    solver.go.set()
    page = give("picture.png", make_picture("blue stars"))
    page.button("which_object").click().run()
    assert "were not recognised" in list_texts(wait_for_answer(page))


def test_name_of_the_file_is_named_as_the_source(solver):
    page = give("M 45.png", make_picture("blue stars"))
    assert "By the file's name." in list_texts(page)
    assert page.button("which_object").label == "Find it among the stars"


def test_missing_solver_is_reported_with_what_to_do(solver, monkeypatch):
    monkeypatch.setattr(sky_object, "find_solver", lambda: None)
    monkeypatch.setattr(sky_object, "explain_missing_solver", lambda: "Get one.")
    page = give("picture.png", make_picture("blue stars"))
    assert "Get one." in list_texts(page)


def test_visitors_of_a_demo_are_not_offered_the_solver(solver, monkeypatch):
    monkeypatch.setattr(sky_object, "get_access", lambda: VISITOR)
    page = give("picture.png", make_picture("blue stars"))
    assert "which_object" not in {each.key for each in page.button}
    with pytest.raises(AccessError, match="does not let its visitors compare the stars"):
        sky_object_work.start_task(VISITOR, None)


@pytest.mark.parametrize("cards", [{"OBJECT": "NGC 104"}, {"RA": 250.5, "DEC": 36.5}])
def test_stars_are_asked_although_the_header_names_an_object(solver, cards):
    solver.go.set()
    page = give("night.fits", make_fits(**cards))
    assert page.button("which_object").label == "Find it among the stars"
    page.button("which_object").click().run()
    text = list_texts(wait_for_answer(page))
    assert "M 13, a globular cluster; the model" in text
    assert "By the stars in the picture." in text


def test_unexpected_error_is_logged_and_reported(solver, monkeypatch, caplog):
    def fail(picture, hints):
        raise MemoryError

    monkeypatch.setattr(solver, "solve", fail)
    page = give("picture.png", make_picture("blue stars"))
    page.button("which_object").click().run()
    assert "ended with an unexpected error" in list_texts(wait_for_answer(page))
    assert "MemoryError" in caplog.text
