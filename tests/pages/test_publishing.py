"""Publishing on the Models page: the dialogs, the links, and what visitors see of it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, RerunException
from streamlit.testing.v1 import AppTest

from cluster_core.model.bundle.collection import delete_model, list_models
from cluster_core.model.export import web
from cluster_core.model.export.web import PageText
from cluster_core.publishing.store import find_published, list_published, publish
from pages.components.models.publish_examples import Source
from pages.components.models.published_links import describe_reach, make_frame, make_link
from tests.pages.opening import open_file
from tests.publishing.samples import (  # noqa: F401 (a fixture)
    OWNER,
    publish_starter,
    simple_pages,
    write_simple_page,
)

pytestmark = pytest.mark.usefixtures("simple_pages")


@pytest.fixture
def model_id(trained) -> str:
    (folder,) = trained.bundles.iterdir()
    return folder.name


def open_page(model: str = "starter") -> AppTest:
    return open_file("models.py", model=model)


def click(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def read_all(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.error, *page.warning, *page.success, *page.code]
    return "\n".join(str(part.value) for part in parts)


def list_keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button}


def test_model_is_published_with_the_texts_of_its_owner(workspace):
    page = click(open_page(), "publish")
    assert page.text_input(key="publish_title").value == "A globular cluster or an open cluster?"
    page.text_input(key="publish_title").set_value("Which cluster?").run()
    page.text_area(key="publish_description").set_value("Try it.").run()
    page.text_input(key="publish_link").set_value(" https://a.org/ ").run()
    click(page, "confirm_publish")
    (model,) = list_published(workspace)
    assert (model.alias, model.title) == ("which-cluster", "Which cluster?")
    assert (model.description, model.link) == ("Try it.", "https://a.org/")
    assert 'Published "Which cluster' in page.success[0].value
    assert "m/which-cluster/" in page.code[0].value
    assert "<iframe" in page.code[1].value
    assert 'allow="camera"' in page.code[1].value
    assert ":green-badge[:material/public: published]" in read_all(page)
    assert {"update_which-cluster", "unpublish_which-cluster"} <= list_keys(page)
    assert "confirm_publish" not in list_keys(page)


def test_refused_text_is_explained_in_the_dialog(workspace):
    page = click(open_page(), "publish")
    page.text_input(key="publish_link").set_value("javascript:alert(1)").run()
    click(page, "confirm_publish")
    assert "is not a web address" in page.error[0].value
    assert list_published(workspace) == ()
    page.text_input(key="publish_link").set_value("").run()
    click(page, "confirm_publish")
    assert len(list_published(workspace)) == 1


def test_name_in_the_link_can_be_chosen(workspace):
    page = click(open_page(), "publish")
    (alias,) = [field for field in page.text_input if field.label == "Name in the link"]
    alias.set_value("Not Good").run()
    assert "such as not-good" in page.error[0].value
    assert page.button(key="confirm_publish").disabled
    (alias,) = [field for field in page.text_input if field.label == "Name in the link"]
    alias.set_value("good").run()
    click(page, "confirm_publish")
    assert find_published(workspace, "good")


def test_name_of_another_published_model_asks_before_it_is_taken_over(trained, model_id):
    before = publish_starter(trained, "Clusters", "clusters")
    page = click(open_page(model_id), "publish")
    (alias,) = [field for field in page.text_input if field.label == "Name in the link"]
    alias.set_value("clusters").run()
    assert "This link shows Clusters already" in page.warning[0].value
    assert page.button(key="confirm_publish").label == "Update"
    click(page, "confirm_publish")
    (model,) = list_published(trained)
    assert (model.alias, model.model_id) == ("clusters", model_id)
    assert find_published(trained, before.content_id)


def test_name_that_was_taken_unseen_is_not_taken_over_at_once(trained, model_id):
    before = publish_starter(trained, "Clusters", "clusters")
    page = click(open_page(model_id), "publish")
    (alias,) = [field for field in page.text_input if field.label == "Name in the link"]
    alias.set_value("clusters")
    click(page, "confirm_publish")
    assert "is already taken" in page.error[0].value
    assert list_published(trained) == (before,)
    click(page, "confirm_publish")
    assert [model.model_id for model in list_published(trained)] == [model_id]


def test_click_while_the_page_is_built_does_not_lose_the_outcome(workspace, monkeypatch):
    @contextmanager
    def interrupt(text):
        yield
        raise RerunException(RerunData())

    page = click(open_page(), "publish")
    with monkeypatch.context() as patch:
        patch.setattr(st, "spinner", interrupt)
        click(page, "confirm_publish")
    assert len(list_published(workspace)) == 1
    assert "Published" in page.success[0].value
    assert "confirm_publish" not in list_keys(page)


def test_update_starts_from_the_published_texts(workspace):
    before = publish_starter(workspace, description="Old.", link="https://a.org/")
    page = click(open_page(), "update_star-clusters")
    assert page.text_input(key="publish_title").value == "Star clusters"
    assert page.text_input(key="publish_link").value == "https://a.org/"
    page.text_area(key="publish_description").set_value("New.").run()
    click(page, "confirm_publish")
    (model,) = list_published(workspace)
    assert (model.description, model.link) == ("New.", "https://a.org/")
    assert model.content_id != before.content_id
    assert 'Updated "Star clusters' in page.success[0].value


def test_unpublishing_asks_and_can_be_undone(workspace):
    publish_starter(workspace)
    page = click(open_page(), "unpublish_star-clusters")
    assert "stop working" in read_all(page)
    assert list_published(workspace)
    click(page, "confirm_unpublish")
    assert list_published(workspace) == ()
    assert "publish" in list_keys(page)
    click(page, "undo")
    assert [model.alias for model in list_published(workspace)] == ["star-clusters"]


def list_sources(page: AppTest) -> list[str]:
    return list(page.radio(key="publish_source").options)


def test_rendered_examples_are_for_star_clusters_only(trained, model_id):
    assert Source.RENDERED in list_sources(click(open_page(), "publish"))
    page = click(open_page(model_id), "publish")
    assert Source.RENDERED not in list_sources(page)
    assert page.radio(key="publish_source").value == Source.NONE


def test_rendered_examples_are_published(workspace):
    page = click(open_page(), "publish")
    page.radio(key="publish_source").set_value(Source.RENDERED).run()
    click(page, "confirm_publish")
    (model,) = list_published(workspace)
    assert len(model.examples) == 6
    page = click(page, f"update_{model.alias}")
    assert page.radio(key="publish_source").value == Source.SAME
    page.text_input(key="publish_title").set_value("New").run()
    click(page, "confirm_publish")
    (updated,) = list_published(workspace)
    assert updated.title == "New"
    assert len(updated.examples) == 6


def test_examples_are_picked_from_the_dataset(trained, model_id, photos):
    model = next(model for model in list_models(trained) if model.id == model_id)
    shutil.copytree(photos, trained.root / f"{model.dataset}_photos")
    page = click(open_page(model_id), "publish")
    page.radio(key="publish_source").set_value(Source.DATASET).run()
    picks = [box for box in page.checkbox if box.key.startswith("publish_pick_")]
    assert len(picks) == 12
    picks[0].check().run()
    click(page, "publish_other_pictures")
    next(box for box in page.checkbox if box.key.startswith("publish_pick_")).check().run()
    click(page, "confirm_publish")
    (published,) = list_published(trained)
    assert len(published.examples) == 2


def test_page_of_a_deleted_model_can_be_unpublished(trained, model_id):
    publish(OWNER, trained, model_id, PageText("Giants"), "giants")
    delete_model(OWNER, trained, model_id)
    page = open_page()
    assert "Giants" in read_all(page)
    assert "update_giants" not in list_keys(page)
    click(page, "unpublish_giants")
    click(page, "confirm_unpublish")
    assert list_published(trained) == ()


def test_lost_race_for_a_name_is_explained(workspace, monkeypatch):
    page = click(open_page(), "publish")
    alias = "a-globular-cluster-or-an-open-cluster"

    def write_and_lose(*arguments):
        monkeypatch.setattr(web, "export_web", write_simple_page)
        publish_starter(workspace, "Quicker", alias)
        write_simple_page(*arguments)

    monkeypatch.setattr(web, "export_web", write_and_lose)
    click(page, "confirm_publish")
    assert "is already taken by another published model" in page.error[0].value
    assert [model.title for model in list_published(workspace)] == ["Quicker"]


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("http://localhost:8501/m/a/", "this computer only"),
        ("http://127.0.0.1:8501/m/a/", "this computer only"),
        ("http://[::1]/m/a/", "this computer only"),
        ("m/a/", "this computer only"),
        ("http://192.168.1.4:8501/m/a/", "your own network only"),
        ("https://lab.example.org/m/a/", None),
        ("http://8.8.8.8/m/a/", None),
    ],
)
def test_reach_of_a_link_is_described(link, words):
    sentence = describe_reach(link)
    assert sentence is None if words is None else words in sentence


def test_frame_escapes_the_title():
    frame = make_frame("https://a.org/m/b/", '"><script>')
    assert "<script>" not in frame
    assert 'src="https://a.org/m/b/?embed=true"' in frame


def test_link_is_relative_without_a_browser():
    assert make_link("clusters (2)") == "m/clusters%20%282%29/"
