"""The Models page: the list, the details of a model and the actions on it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import time
import zipfile

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.model.backbones import obtaining, weights_download
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.bundle.archive import export_model
from cluster_core.model.bundle.collection import delete_model, list_models
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import submit_run
from cluster_core.workspace import Workspace
from tests.pages.opening import open_file
from tests.samples import OWNER


@pytest.fixture
def model_id(trained) -> str:
    (folder,) = trained.bundles.iterdir()
    return folder.name


def open_page(**query: str) -> AppTest:
    return open_file("models.py", **query)


def click(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def edit_manifest(workspace, model_id: str, **changes) -> None:
    path = workspace.bundles / model_id / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def list_titles(page: AppTest) -> list[str]:
    return [text.value for text in page.markdown if text.value.startswith("**")]


def read_all(page: AppTest) -> str:
    parts = [*page.markdown, *page.caption, *page.error, *page.warning, *page.info, *page.success]
    return "\n".join(str(part.value) for part in parts)


def list_keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button}


def test_starter_model_is_listed_with_its_accuracy(workspace):
    page = open_page()
    assert len(list_titles(page)) == 1
    assert list_titles(page)[0].startswith("**Starter model**")
    assert "91%" in read_all(page)
    assert "Models that you train appear here" in read_all(page)
    click(page, "open_starter")
    assert {"classify_with", "make_default"} <= list_keys(page)
    assert not {"rename", "delete", "evaluate"} & list_keys(page)
    assert "cannot be renamed or deleted" in read_all(page)


def test_first_training_in_progress_is_shown_instead_of_the_settings(workspace, visited_pages):
    run_id = submit_run(OWNER, workspace, TrainConfig(workspace.cluster_photos)).id
    page = open_page()
    assert "A training is queued." in read_all(page)
    assert "to_hyperparameters" not in list_keys(page)
    click(page, "to_training")
    assert visited_pages == ["training.py"]
    assert page.query_params["run"] in (run_id, [run_id])


def test_open_model_shows_dataset_accuracy_and_settings(trained, model_id):
    page = open_page()
    assert "About 100% correct on new pictures (likely" in read_all(page)
    assert "cross-validated on 48 pictures." in read_all(page)
    click(page, f"open_{model_id}")
    assert page.query_params["model"] == model_id
    assert "blue stars: 24" in read_all(page)
    confusion, settings = (table.value for table in page.dataframe)
    model, _ = list_models(trained)
    assert confusion.drop(columns="is").to_numpy().sum() == model.n_test
    assert confusion.drop(columns="is").to_numpy().trace() == model.n_right
    assert dict(zip(settings["Setting"], settings["Value"], strict=True))["learning_rate"] == "0.5"
    click(page, f"open_{model_id}")
    assert "classify_with" not in list_keys(page)


def test_model_in_address_is_open(trained, model_id):
    assert "delete" in list_keys(open_page(model=model_id))


@pytest.mark.parametrize("model", ["gone", "../..", "*[x](y)*" * 400])
def test_unknown_model_in_address_is_reported(trained, model):
    page = open_page(model=model)
    assert "There is no model" in page.warning[0].value
    assert len(list_titles(page)) == 2
    assert "model" not in page.query_params


def test_model_is_renamed(trained, model_id):
    page = open_page(model=model_id)
    page.text_input(key="title").set_value("M 13 or *not*").run()
    click(page, "rename")
    assert r"**M 13 or \*not\*" in list_titles(page)[0]
    assert r"to M 13 or \*not\*." in page.success[0].value
    click(page, "close_outcome")
    assert not page.success


def test_invalid_name_is_reported(trained, model_id):
    page = open_page(model=model_id)
    page.text_input(key="title").set_value("   ").run()
    click(page, "rename")
    assert "one line of 1 to 80" in page.error[0].value
    assert len(list_titles(page)) >= 2


def test_new_default_model_is_marked(trained, model_id):
    page = open_page(model="starter")
    assert "default" not in list_titles(page)[1]
    click(page, "make_default")
    assert list_titles(page)[0].startswith("**Starter model** :blue-badge")
    assert page.button(key="make_default").disabled
    assert "is now the default model" in page.success[0].value


def test_deleted_model_can_be_restored(trained, model_id):
    page = open_page(model=model_id)
    click(page, "delete")
    assert [model.id for model in list_models(trained)] == ["starter"]
    assert "Deleted the model photos" in page.success[0].value
    assert "model" not in page.query_params
    click(page, "undo")
    assert [model.id for model in list_models(trained)] == [model_id, "starter"]
    assert "Restored the model photos" in page.success[0].value
    assert "undo" not in list_keys(page)
    assert page.query_params["model"] == model_id


def test_deleting_model_deleted_in_another_tab_is_reported(trained, model_id):
    page = open_page(model=model_id)
    delete_model(OWNER, trained, model_id)
    click(page, "delete")
    assert "There is no model" in page.error[0].value
    assert len(list_titles(page)) == 1


def test_undo_after_emptied_trash_is_reported(trained, model_id):
    page = click(open_page(model=model_id), "delete")
    shutil.rmtree(trained.trash)
    click(page, "undo")
    assert "no longer in the trash" in page.error[0].value


def test_damaged_model_is_reported_and_can_be_deleted(trained, model_id):
    (trained.bundles / model_id / "head.npy").write_bytes(b"")
    page = open_page()
    assert "damaged" in list_titles(page)[1]
    assert "head.npy was altered" in read_all(page)
    click(page, f"open_{model_id}")
    assert "head.npy was altered" in page.error[0].value
    assert not {"classify_with", "make_default", "rename"} & list_keys(page)
    click(page, "delete")
    assert [model.id for model in list_models(trained)] == ["starter"]


def test_manifest_text_is_escaped_and_invalid_entries_are_omitted(trained, model_id):
    edit_manifest(
        trained,
        model_id,
        title="<script>*x*",
        labels=["[a](http://x)", "b"],
        dataset={"image_dir": "*d*", "counts": {"[a](http://x)": 3, "b": "many"}},
        metrics={"test": {"n": 2, "n_right": 1, "confusion": [[1, -1], ["x"]]}},
        settings={"a": [1], "b": "x" * 10_000, "c": None, "d\u202e": 1},
    )
    page = open_page(model=model_id)
    text = read_all(page)
    assert r"**\<script\>\*x\***" in text
    assert r"\[a\]\(http\://x\): 3" in text
    assert "[a](" not in text
    assert "About 50% correct on new pictures, tested on 2 pictures." in text
    (settings,) = (table.value for table in page.dataframe)
    assert list(settings["Setting"]) == ["b", "d"]
    assert settings["Value"].str.len().max() <= 100


def upload(page: AppTest, data: bytes) -> AppTest:
    page.file_uploader(key="model_zip").set_value(("model.zip", data, "application/zip")).run()
    assert not page.exception
    return page


def test_uploaded_model_is_added_once_and_opened(trained, model_id, tmp_path):
    archive = export_model(trained, model_id)
    shutil.rmtree(trained.bundles / model_id)
    page = upload(open_page(), archive)
    assert "Added photos" in page.success[0].value
    assert [model.id for model in list_models(trained)] == [model_id, "starter"]
    assert page.query_params["model"] == model_id
    before = (trained.bundles / model_id).stat()
    page.run()
    assert (trained.bundles / model_id).stat() == before
    upload(page, archive)
    assert "is already in the list" in page.success[0].value


def test_uploaded_model_says_which_network_it_lacks_until_that_arrives(trained, model_id):
    known, other = list_models(trained)[0].weights_sha256, "ab" * 32

    def export(with_network: bool) -> bytes:
        content = io.BytesIO()
        original = export_model(trained, model_id, with_network=with_network)
        with zipfile.ZipFile(io.BytesIO(original)) as old, zipfile.ZipFile(content, "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name).replace(known.encode(), other.encode()))
        return content.getvalue()

    page = upload(open_page(), export(with_network=False))
    assert "this computer lacks its network random" in page.warning[0].value
    assert not page.success
    upload(page, export(with_network=True))
    assert "Its network was added" in page.success[0].value
    assert all(model.is_usable for model in list_models(trained))


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x01\x02" * 10_000])
def test_upload_of_another_file_is_reported(workspace, data):
    page = upload(open_page(), data)
    assert "not a Cluster Lab model" in page.error[0].value
    assert len(list_titles(page)) == 1


def test_model_can_be_downloaded(trained, model_id, monkeypatch):
    packing = []  # called when the button is clicked, in a thread without a page
    monkeypatch.setattr(st, "download_button", lambda label, data, **_: packing.append(data))
    page = open_page(model=model_id)
    assert packing[0]() == export_model(trained, model_id, with_network=True)
    page.checkbox(key=f"with_network_{model_id}").uncheck().run()
    assert packing[1]() == export_model(trained, model_id)


def test_starter_model_is_downloaded_without_the_network_that_everybody_has(workspace):
    assert not open_page(model="starter").checkbox


@pytest.fixture
def needy_id(trained, model_id) -> str:
    """A model whose network this computer lacks."""
    head = {"name": "random", "weights_sha256": "0" * 64}
    edit_manifest(trained, model_id, backbone=head)
    return model_id


def test_model_without_its_network_is_listed_as_such_and_not_the_default(trained, needy_id):
    page = open_page(model=needy_id)
    assert "needs its network" in list_titles(page)[1]
    assert ":blue-badge" in list_titles(page)[0]
    assert list_titles(page)[0].startswith("**Starter model**")
    assert "needs the network random with the weights 000000000000" in page.warning[0].value
    assert not {"classify_with", "make_default"} & list_keys(page)
    assert {"rename", "delete"} <= list_keys(page)


def test_missing_weights_are_downloaded_on_request(trained, model_id, monkeypatch):
    head = {"name": "mobilenet_0.25_128", "weights_sha256": "0" * 64}
    array = io.BytesIO()
    np.save(array, np.zeros((257, 2), "<f4"))
    sha256 = hashlib.sha256(array.getvalue()).hexdigest()
    (trained.bundles / model_id / "head.npy").write_bytes(array.getvalue())
    edit_manifest(trained, model_id, backbone=head, files={"head.npy": sha256}, novelty=None)
    manifest = json.loads((trained.bundles / model_id / "manifest.json").read_text("utf-8"))
    preprocessing = manifest["preprocessing"] | {"size_px": 128}
    edit_manifest(trained, model_id, preprocessing=preprocessing)

    def refuse(address):
        raise OSError("no route to host")

    monkeypatch.setattr(weights_download, "open_https", refuse)
    page = open_page(model=model_id)
    assert r"download it \(1 MB\)" in page.warning[0].value
    click(page, "download_mobilenet_0.25_128")
    spec = get_backbone("mobilenet_0.25_128")
    wait_until(lambda: obtaining.find_obtaining(spec, Workspace.default()).is_over)
    page.run()
    assert "there is no connection to storage.googleapis.com" in page.error[0].value


def wait_until(is_true) -> None:
    for _ in range(300):
        if is_true():
            return
        time.sleep(0.1)
    raise AssertionError("it took more than 30 seconds")


def test_public_demo_refuses_changes_from_a_stale_page(trained, model_id, monkeypatch):
    page = open_page(model=model_id)
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    page.button(key="delete").click().run()
    assert "does not let its visitors" in page.error[0].value
    assert len(list_models(trained)) == 2


def test_many_models_are_paged_with_the_open_one_first(trained, model_id):
    for number in range(24):
        folder = shutil.copytree(trained.bundles / model_id, trained.bundles / f"copy {number:02}")
        os.utime(folder / "manifest.json", (10**9 + number, 10**9 + number))
    page = open_page(model="copy 03")
    assert "delete" in list_keys(page)
    assert len([key for key in list_keys(page) if key.startswith("open_")]) == 10
    page.pagination(key="models_page").select(3).run()
    assert len([key for key in list_keys(page) if key.startswith("open_")]) == 6
    assert "open_starter" in list_keys(page)


def test_classify_and_evaluate_buttons_choose_the_model(trained, model_id, visited_pages):
    page = open_page(model=model_id)
    page.session_state["chosen run"] = "viewed before"
    click(page, "classify_with")
    click(page, "evaluate")
    assert "chosen run" not in page.session_state
    assert visited_pages == ["classify.py", "evaluation.py"]
    assert page.query_params["model"] == model_id
