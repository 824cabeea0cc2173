"""Models: the list, the card, and all that can be done to a model."""

from __future__ import annotations

import json
import os
import shutil

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.model.bundle.archive import export_model
from cluster_core.model.bundle.library import delete_model, list_models
from tests.pages.opening import open_file


@pytest.fixture
def only_id(trained) -> str:
    (folder,) = trained.bundles.iterdir()
    return folder.name


def open_page(**query: str) -> AppTest:
    return open_file("models.py", **query)


def click(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def edit(workspace, model_id: str, **changes) -> None:
    path = workspace.bundles / model_id / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def titles(page: AppTest) -> list[str]:
    return [text.value for text in page.markdown if text.value.startswith("**")]


def all_text(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.error, *page.warning, *page.info, *page.success]
    return "\n".join(str(part.value) for part in parts)


def keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button}


def test_without_a_model_the_starter_is_there_with_its_accuracy(workspace):
    page = open_page()
    assert len(titles(page)) == 1
    assert titles(page)[0].startswith("**Starter model**")
    assert "91 %" in all_text(page)
    assert "Models you train appear here" in all_text(page)
    click(page, "open_starter")
    assert {"classify_with", "make_default"} <= keys(page)
    assert not {"rename", "delete", "evaluate"} & keys(page)
    assert "neither renamed nor deleted" in all_text(page)


def test_the_card_tells_how_a_model_came_about(trained, only_id):
    page = open_page()
    assert "right; between" in all_text(page)
    click(page, f"open_{only_id}")
    assert page.query_params["model"] == only_id
    assert "blue stars: 24" in all_text(page)
    confusion, settings = (table.value for table in page.dataframe)
    model, _ = list_models(trained)
    assert confusion.drop(columns="is").to_numpy().sum() == model.n_test
    assert confusion.drop(columns="is").to_numpy().trace() == model.n_right
    assert dict(zip(settings["Setting"], settings["Value"], strict=True))["learning_rate"] == "0.5"
    click(page, f"open_{only_id}")
    assert "classify_with" not in keys(page)


def test_the_address_opens_a_model(trained, only_id):
    assert "delete" in keys(open_page(model=only_id))


@pytest.mark.parametrize("model", ["gone", "../..", "*[x](y)*" * 400])
def test_an_unknown_model_in_the_address_is_a_sentence(trained, model):
    page = open_page(model=model)
    assert "There is no model" in page.warning[0].value
    assert len(titles(page)) == 2
    assert "model" not in page.query_params


def test_a_model_is_renamed(trained, only_id):
    page = open_page(model=only_id)
    assert page.button(key="rename").disabled
    page.text_input(key="title").set_value("M 13 or *not*").run()
    click(page, "rename")
    assert r"**M 13 or \*not\*" in titles(page)[0]
    assert r"is now called M 13 or \*not\*." in page.success[0].value
    click(page, "close_outcome")
    assert not page.success


def test_a_name_that_cannot_be_is_a_sentence(trained, only_id):
    page = open_page(model=only_id)
    page.text_input(key="title").set_value("   ").run()
    click(page, "rename")
    assert "one line of 1 to 80" in page.error[0].value
    assert len(titles(page)) >= 2


def test_another_default_is_marked(trained, only_id):
    page = open_page(model="starter")
    assert "default" not in titles(page)[1]
    click(page, "make_default")
    assert titles(page)[0].startswith("**Starter model** :blue-badge")
    assert page.button(key="make_default").disabled
    assert "answers from now on" in page.success[0].value


def test_a_deleted_model_can_be_brought_back(trained, only_id):
    page = open_page(model=only_id)
    click(page, "delete")
    assert [model.id for model in list_models(trained)] == ["starter"]
    assert "deleted" in page.success[0].value
    assert "model" not in page.query_params
    click(page, "undo")
    assert [model.id for model in list_models(trained)] == [only_id, "starter"]
    assert "back again" in page.success[0].value
    assert "undo" not in keys(page)
    assert page.query_params["model"] == only_id


def test_a_model_deleted_in_another_tab_is_a_sentence(trained, only_id):
    page = open_page(model=only_id)
    delete_model(trained, only_id)
    click(page, "delete")
    assert "There is no model" in page.error[0].value
    assert len(titles(page)) == 1


def test_an_undo_after_the_trash_was_emptied_is_a_sentence(trained, only_id):
    page = click(open_page(model=only_id), "delete")
    shutil.rmtree(trained.trash)
    click(page, "undo")
    assert "not in the trash any more" in page.error[0].value


def test_a_damaged_model_is_listed_with_its_problem_and_can_be_deleted(trained, only_id):
    (trained.bundles / only_id / "head.npy").write_bytes(b"")
    page = open_page()
    assert "damaged" in titles(page)[0]
    click(page, f"open_{only_id}")
    assert "head.npy was altered" in page.error[0].value
    assert not {"classify_with", "make_default", "rename"} & keys(page)
    click(page, "delete")
    assert [model.id for model in list_models(trained)] == ["starter"]


def test_what_a_manifest_says_is_shown_letter_for_letter_and_only_if_it_makes_sense(
    trained, only_id
):
    edit(
        trained,
        only_id,
        title="<script>*x*",
        labels=["[a](http://x)", "b"],
        dataset={"image_dir": "*d*", "counts": {"[a](http://x)": 3, "b": "many"}},
        metrics={"test": {"n": 2, "n_right": 1, "confusion": [[1, -1], ["x"]]}},
        settings={"a": [1], "b": "x" * 10_000, "c": None, "d\u202e": 1},
    )
    page = open_page(model=only_id)
    text = all_text(page)
    assert r"**\<script\>\*x\***" in text
    assert r"\[a\]\(http\://x\): 3" in text
    assert "[a](" not in text
    assert "1 of 2 right" in text
    (settings,) = (table.value for table in page.dataframe)
    assert list(settings["Setting"]) == ["b", "d"]
    assert settings["Value"].str.len().max() <= 100


def upload(page: AppTest, data: bytes) -> AppTest:
    page.file_uploader(key="model_zip").set_value(("model.zip", data, "application/zip")).run()
    assert not page.exception
    return page


def test_a_model_from_a_file_is_added_once_and_opened(trained, only_id, tmp_path):
    archive = export_model(trained, only_id)
    shutil.rmtree(trained.bundles / only_id)
    page = upload(open_page(), archive)
    assert "was added" in page.success[0].value
    assert [model.id for model in list_models(trained)] == [only_id, "starter"]
    assert page.query_params["model"] == only_id
    before = (trained.bundles / only_id).stat()
    page.run()
    assert (trained.bundles / only_id).stat() == before
    upload(page, archive)
    assert "is here already" in page.success[0].value


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x01\x02" * 10_000])
def test_a_file_that_is_no_model_is_a_sentence(workspace, data):
    page = upload(open_page(), data)
    assert "no model of this program" in page.error[0].value
    assert len(titles(page)) == 1


def test_a_model_can_be_downloaded(trained, only_id, monkeypatch):
    downloads = []
    monkeypatch.setattr(st, "download_button", lambda label, data, **_: downloads.append(data()))
    open_page(model=only_id)
    assert downloads == [export_model(trained, only_id)]


def test_visitors_of_a_demo_look_and_change_nothing(trained, only_id, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    page = open_page(model=only_id)
    assert "but not change them" in page.info[0].value
    assert not page.file_uploader
    for key in ("make_default", "rename", "delete"):
        assert page.button(key=key).disabled
    assert not page.button(key="classify_with").disabled


def test_a_demo_refuses_what_a_page_from_before_still_offers(trained, only_id, monkeypatch):
    page = open_page(model=only_id)
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    click(page, "delete")
    assert "does not let its visitors change or upload models" in page.error[0].value
    assert len(list_models(trained)) == 2


def test_many_models_are_paged_and_the_opened_one_is_in_sight(trained, only_id):
    for number in range(24):
        folder = shutil.copytree(trained.bundles / only_id, trained.bundles / f"copy {number:02}")
        os.utime(folder / "manifest.json", (10**9 + number, 10**9 + number))
    page = open_page(model="copy 03")
    assert "delete" in keys(page)
    assert len([key for key in keys(page) if key.startswith("open_")]) == 10
    page.pagination(key="models_page").select(3).run()
    assert len([key for key in keys(page) if key.startswith("open_")]) == 6
    assert "open_starter" in keys(page)


def test_the_ways_on_choose_the_model(trained, only_id, monkeypatch):
    visited = []
    monkeypatch.setattr(st, "switch_page", lambda page: visited.append(str(page)))
    page = open_page(model=only_id)
    page.session_state["chosen run"] = "looked at before"
    click(page, "classify_with")
    click(page, "evaluate")
    assert "chosen run" not in page.session_state
    assert visited == ["classify.py", "evaluation.py"]
    assert page.query_params["model"] == only_id
