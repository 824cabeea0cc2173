"""Clusters found in one large picture on Classify."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from cluster_core.errors import RunError
from cluster_core.sky_names.solving import sharing
from cluster_core.wide_fields import search
from pages.components.classify import wide_field_work
from tests.pages.test_classify import all_text, give, make_picture, open_page
from tests.pages.test_kept_answers import open_row
from tests.wide_fields.samples import AURIGA_DEG, make_fits, make_jpeg, make_noise

FIND, SEARCH = "find_clusters", "search of a wide field"


@pytest.fixture(autouse=True)
def quick_search(monkeypatch):
    monkeypatch.setattr(sharing, "find_solver", lambda limits: None)
    monkeypatch.setattr(search, "MOST_PROPOSALS", 5)


def find(page, key: str = FIND):
    """Start a search, and draw the page once it is over."""
    page.button(key=key).click().run()
    return wait(page)


def wait(page):
    if SEARCH in page.session_state:
        page.session_state[SEARCH][1]._thread.join(20)
    return page.run()


def has_button(page, key: str) -> bool:
    return any(button.key == key for button in page.button)


def test_clusters_of_a_large_picture_are_shown_and_kept(workspace):
    page = give(open_page(), ("field.jpg", make_jpeg()))
    find(page)
    assert not page.exception
    text = all_text(page)
    assert "2 parts look like clusters" in text
    assert "globular clusters" in text
    assert "certainty" in text
    again = open_page(answers=page.query_params["answers"])
    assert "2 parts look like clusters" in all_text(again)
    page.button(key="keep_cut_outs").click().run()
    assert "3 pictures classified" in all_text(page)


def test_catalogue_names_the_clusters_of_a_picture_with_a_position(workspace):
    data = make_fits(make_noise(500, 840), AURIGA_DEG)
    page = give(open_page(), ("auriga.fits", data))
    find(page)
    assert not page.exception
    text = all_text(page)
    assert "clusters of the catalogue in this part of the sky" in text
    assert "M 38" in text
    assert has_button(page, "find_others")


def test_small_picture_is_not_offered_a_search(workspace):
    page = give(open_page(), ("small.png", make_picture("red stars")))
    assert not has_button(page, FIND)


def test_second_search_on_the_server_waits_its_turn(workspace, monkeypatch):
    monkeypatch.setattr(wide_field_work, "_WAIT_S", 0.01)
    page = give(open_page(), ("field.jpg", make_jpeg()))
    with wide_field_work._turn:
        find(page)
    assert "try again in a minute" in page.error[0].value
    find(page)
    assert "look like clusters" in all_text(page)


def test_visitor_is_refused_a_picture_that_is_too_large(workspace, monkeypatch):
    small = wide_field_work.ImageLimits(max_pixels=1000)
    monkeypatch.setattr(wide_field_work, "_VISITOR_LIMITS", small)
    monkeypatch.setenv("CLUSTER_LAB_PUBLIC_DEMO", "1")
    monkeypatch.setattr("pages.components.signed_in.is_at_own_machine", lambda *_: False)
    page = give(open_page(), ("field.jpg", make_jpeg()))
    find(page)
    assert "megapixels" in page.error[0].value


def test_unexpected_error_is_one_sentence(workspace, monkeypatch):
    monkeypatch.setattr(wide_field_work, "read_field", lambda *_, **__: 1 / 0)
    page = give(open_page(), ("field.jpg", make_jpeg()))
    find(page)
    assert "unexpected error, which is in the server's log" in page.error[0].value


class WaitingSolver:
    """Compares stars until it is stopped."""

    identity = "waiting"

    def __init__(self):
        self.started = threading.Event()
        self.limits = None

    def solve(self, picture, hints):
        self.started.set()
        while not self.limits.is_stopped():
            threading.Event().wait(0.01)
        raise RunError("The search was stopped.")


@pytest.fixture
def searching(workspace, monkeypatch):
    """A page whose solver is at work, the solver, and the pixels of the picture."""
    solver, fields = WaitingSolver(), []
    read = wide_field_work.read_field

    def find_solver(limits):
        solver.limits = limits
        return solver

    def read_field(*arguments, **options):
        field = read(*arguments, **options)
        fields.append(weakref.ref(field.pixels))
        return field

    monkeypatch.setattr(sharing, "find_solver", find_solver)
    monkeypatch.setattr(wide_field_work, "read_field", read_field)
    page = give(open_page(), ("field.jpg", make_jpeg()))
    page.button(key=FIND).click().run()
    assert solver.started.wait(30)
    return page, page.session_state[SEARCH][1], fields


def test_stop_ends_the_solver_and_leaves_the_button(searching):
    page, task, _ = searching
    page.button(key="stop_search").click().run()
    task._thread.join(10)
    assert not task.is_running
    page.run()
    assert has_button(page, FIND)
    assert not page.error


def test_another_picture_ends_the_search_and_frees_its_pixels(searching):
    page, task, fields = searching
    open_row(give(page, ("small.png", make_picture("red stars"))), 2)
    task._thread.join(10)
    assert not task.is_running
    gc.collect()
    assert [field() for field in fields] == [None]
