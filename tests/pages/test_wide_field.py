"""Clusters found in one large picture on Classify."""

from __future__ import annotations

import pytest

from cluster_core.wide_fields import search
from pages.components.classify import wide_field
from tests.pages.test_classify import all_text, give, make_picture, open_page
from tests.wide_fields.samples import AURIGA_DEG, make_fits, make_jpeg, make_noise

FIND = "find_clusters"


@pytest.fixture(autouse=True)
def quick_search(monkeypatch):
    monkeypatch.setattr(wide_field, "find_solver", lambda: None)
    monkeypatch.setattr(search, "MOST_PROPOSALS", 5)


def has_button(page, key: str) -> bool:
    return any(button.key == key for button in page.button)


def test_clusters_of_a_large_picture_are_shown_and_kept(workspace):
    page = give(open_page(), ("field.jpg", make_jpeg()))
    page.button(key=FIND).click().run()
    assert not page.exception
    text = all_text(page)
    assert "2 parts look like clusters" in text
    assert "globular clusters" in text
    assert "certainty" in text
    page.button(key="keep_cut_outs").click().run()
    assert "3 pictures classified" in all_text(page)


def test_catalogue_names_the_clusters_of_a_picture_with_a_position(workspace):
    data = make_fits(make_noise(500, 840), AURIGA_DEG)
    page = give(open_page(), ("auriga.fits", data))
    page.button(key=FIND).click().run()
    assert not page.exception
    text = all_text(page)
    assert "clusters of the catalogue in this part of the sky" in text
    assert "M 38" in text
    assert has_button(page, "find_others")


def test_small_picture_is_not_offered_a_search(workspace):
    page = give(open_page(), ("small.png", make_picture("red stars")))
    assert not has_button(page, FIND)


def test_second_search_on_the_server_waits_its_turn(workspace, monkeypatch):
    monkeypatch.setattr(wide_field, "_WAIT_S", 0.01)
    page = give(open_page(), ("field.jpg", make_jpeg()))
    with wide_field._turn:
        page.button(key=FIND).click().run()
    assert "try again in a minute" in page.error[0].value
    page.button(key=FIND).click().run()
    assert "look like clusters" in all_text(page)


def test_visitor_is_refused_a_picture_that_is_too_large(workspace, monkeypatch):
    small = wide_field.ImageLimits(max_pixels=1000)
    monkeypatch.setattr(wide_field, "_VISITOR_LIMITS", small)
    page = give(open_page(), ("field.jpg", make_jpeg()))
    monkeypatch.setenv("CLUSTER_LAB_PUBLIC_DEMO", "1")
    monkeypatch.setattr("pages.components.signed_in.is_at_own_machine", lambda *_: False)
    page.button(key=FIND).click().run()
    assert "megapixels" in page.error[0].value
