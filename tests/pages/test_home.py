"""The Home page: ways to start, the simulated sky, and the progress towards a model."""

from __future__ import annotations

from dataclasses import replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cluster_core.data.catalog import create_dataset, list_datasets
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import RunState, submit_run
from cluster_core.training.runs.folder import save_status
from pages.components import demo_dataset
from pages.components import long_work as dataset_work
from pages.components.picture_input import EXAMPLE, FIRST_EXAMPLE
from pages.components.selection import Choice
from tests.pages.opening import open_file
from tests.samples import OWNER, REPOSITORY, draw_blob, save_picture, write_photos

PAGE = str(REPOSITORY / "pages" / "home.py")
PER_CLASS = 2


@pytest.fixture(autouse=True)
def small_demo(monkeypatch):
    monkeypatch.setattr(demo_dataset, "PER_CLASS", PER_CLASS)
    monkeypatch.setattr(demo_dataset, "SAMPLES", demo_dataset.SAMPLES[:1])


def open_home() -> AppTest:
    return open_file("home.py")


def click(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click().run()
    assert not page.exception
    return page


def read_all(page: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error")
    words = [element.value for kind in kinds for element in getattr(page, kind)]
    return "\n".join(words).replace("\\", "")


def list_primary_buttons(page: AppTest) -> list[str]:
    """Return the keys of the primary buttons."""
    return [button.key for button in page.button if button.proto.type == "primary"]


def write_run(workspace, **changes) -> None:
    status = submit_run(OWNER, workspace, TrainConfig(workspace.cluster_photos))
    save_status(workspace, replace(status, **changes))


def test_empty_workspace_offers_three_ways_and_the_first_step(workspace):
    page = open_home()
    assert [button.label for button in page.button][:3] == [
        "Classify a picture",
        "Create pictures",
        "Set up a dataset",
    ]
    assert "No pictures yet." in read_all(page)
    assert list_primary_buttons(page) == ["home_pictures"]
    assert not list_datasets(workspace)


def test_try_button_opens_an_example_with_starter_model(workspace, visited_pages):
    page = click(open_home(), "home_try")
    assert visited_pages == ["classify.py"]
    assert page.query_params[Choice.MODEL] == "starter"
    assert page.session_state[EXAMPLE] == FIRST_EXAMPLE


def test_try_button_opens_the_default_model_when_there_is_one(trained, visited_pages):
    (folder,) = trained.bundles.iterdir()
    page = open_home()
    assert "is ready to label new pictures" in read_all(page)
    click(page, "home_try")
    assert page.query_params[Choice.MODEL] == folder.name
    assert EXAMPLE not in page.session_state


def test_own_pictures_button_opens_dataset_page(workspace, visited_pages):
    click(open_home(), "home_own_pictures")
    assert visited_pages == ["dataset.py"]


def test_simulated_sky_is_rendered_and_opens_hyperparameters(workspace, visited_pages):
    page = click(open_home(), "home_simulated_sky")
    assert visited_pages == ["hyperparameters.py"]
    assert list_datasets(workspace) == ("simulated_sky",)
    folder = workspace.root / "simulated_sky_photos"
    assert len(list(folder.rglob("*.jpg"))) == 2 * PER_CLASS
    assert page.query_params[Choice.DATASET] == "simulated_sky"


def test_second_simulated_sky_gets_a_numbered_name(workspace, visited_pages):
    create_dataset(OWNER, workspace, "simulated_sky")
    click(open_home(), "home_simulated_sky")
    assert list_datasets(workspace) == ("simulated_sky", "simulated_sky_2")
    assert not list((workspace.root / "simulated_sky_photos").rglob("*.jpg"))


def test_stopped_rendering_keeps_its_pictures(workspace, visited_pages, monkeypatch):
    render = demo_dataset.render_demo_dataset

    def render_and_stop(folder, labels, per_class, seed, on_progress, **options):
        def stop(done, total):
            if done == PER_CLASS + 1:
                dataset_work._stop()
                st.rerun()

        return render(folder, labels, per_class, seed, stop, **options)

    monkeypatch.setattr(demo_dataset, "render_demo_dataset", render_and_stop)
    page = click(open_home(), "home_simulated_sky")
    assert not visited_pages
    assert "Stopped. The pictures created so far are in the dataset." in read_all(page)
    files = list((workspace.root / "simulated_sky_photos").rglob("*"))
    assert len([file for file in files if file.suffix == ".jpg"]) == PER_CLASS + 1
    assert not [file for file in files if file.name.startswith(".")]
    assert not page.button(key="home_simulated_sky").disabled
    assert page.query_params[Choice.DATASET] == "simulated_sky"


def test_rendering_resumes_after_a_click(workspace, visited_pages, monkeypatch):
    render, calls = demo_dataset.render_demo_dataset, []

    def render_in_two_runs(folder, labels, per_class, seed, on_progress, **options):
        def interrupt(done, total):
            if len(calls) == 1 and done == 1:
                st.rerun()  # as a click does
            on_progress(done, total)

        calls.append(1)
        return render(folder, labels, per_class, seed, interrupt, **options)

    monkeypatch.setattr(demo_dataset, "render_demo_dataset", render_in_two_runs)
    click(open_home(), "home_simulated_sky")
    assert len(calls) == 2
    assert visited_pages == ["hyperparameters.py"]
    assert list_datasets(workspace) == ("simulated_sky",)
    assert len(list(workspace.root.rglob("*.jpg"))) == 2 * PER_CLASS


def test_unwritable_workspace_is_reported(workspace, visited_pages):
    workspace.root.parent.mkdir(parents=True, exist_ok=True)
    workspace.root.write_text("a file, not a folder")
    page = AppTest.from_file(PAGE, default_timeout=30).run()
    page.button(key="home_simulated_sky").click().run()
    assert not page.exception
    assert page.error
    assert not visited_pages


def test_class_without_pictures_is_named(workspace):
    write_photos(workspace.cluster_photos, 2)
    (workspace.cluster_photos / "new_ones").mkdir()
    page = open_home()
    assert "No pictures of new_ones yet." in read_all(page)
    assert list_primary_buttons(page) == ["home_pictures"]


def test_settings_are_the_next_step_after_pictures(workspace, visited_pages):
    write_photos(workspace.cluster_photos, 3)
    page = open_home()
    assert "cluster: 6 pictures in 2 classes." in read_all(page)
    assert list_primary_buttons(page) == ["home_training"]
    click(page, "home_training")
    assert visited_pages == ["hyperparameters.py"]


def test_one_class_is_not_enough(workspace):
    for number in range(3):
        save_picture(workspace.cluster_photos / "open" / f"{number}.png", draw_blob(number))
    page = open_home()
    assert "Training needs two classes" in read_all(page)
    assert list_primary_buttons(page) == ["home_pictures"]


def test_steps_describe_the_chosen_dataset(workspace):
    write_photos(workspace.cluster_photos, 3)
    write_photos(workspace.root / "a_b_photos", 1)
    page = open_home()
    page.query_params["dataset"] = "a_b"
    page.run()
    assert "a_b: 2 pictures in 2 classes." in read_all(page)


def test_unknown_dataset_in_address_falls_back_to_default(workspace):
    write_photos(workspace.cluster_photos, 3)
    page = open_home()
    page.query_params["dataset"] = "gone"
    page.run()
    assert not page.exception
    assert "cluster: 6 pictures in 2 classes." in read_all(page)


@pytest.mark.parametrize(
    ("state", "words"),
    [(RunState.QUEUED, "A training is queued."), (RunState.RUNNING, "A training is in progress.")],
)
def test_active_training_is_the_next_step(workspace, visited_pages, state, words):
    write_photos(workspace.cluster_photos, 3)
    write_run(workspace, state=state)
    page = open_home()
    assert words in read_all(page)
    assert list_primary_buttons(page) == ["home_training"]
    click(page, "home_training")
    assert visited_pages == ["training.py"]


def test_trained_model_is_described_with_its_accuracy(trained, visited_pages):
    write_photos(trained.cluster_photos, 3)
    (folder,) = trained.bundles.iterdir()
    write_run(trained, state=RunState.FINISHED, bundle=folder.name)
    page = open_home()
    words = read_all(page)
    assert "Last training: cluster." in words
    assert "100% correct on new pictures" in words
    assert list_primary_buttons(page) == ["home_model"]
    click(page, "home_model")
    assert visited_pages == ["classify.py"]


def test_damaged_model_does_not_break_the_page(trained):
    for manifest in trained.bundles.glob("*/manifest.json"):
        manifest.write_text("{")
    assert open_home().title[0].value == "Cluster Lab"


def test_sample_pictures_are_rendered_once(workspace, monkeypatch):
    demo_dataset.render_samples.clear()
    rendered = []
    render = demo_dataset.render_picture
    monkeypatch.setattr(
        demo_dataset, "render_picture", lambda *a, **k: rendered.append(1) or render(*a, **k)
    )
    page = open_home()
    page.run()
    open_home()
    assert len(rendered) == 1
    demo_dataset.render_samples.clear()
