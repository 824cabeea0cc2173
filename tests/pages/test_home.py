"""Home: the ways to begin, a simulated sky rendered and stopped, and where one stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.data.catalog import create_dataset, list_datasets
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import RunState, submit_run
from cluster_core.training.runs.folder import save_status
from pages.components import demo_dataset
from pages.components import long_work as dataset_work
from pages.components.picture_input import EXAMPLE, FIRST_EXAMPLE
from pages.components.selection import Choice
from tests.pages.opening import open_file
from tests.samples import REPOSITORY, draw_blob, save_picture, write_photos

PAGE = str(REPOSITORY / "pages" / "home.py")
N_EACH = 2


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    monkeypatch.setattr(demo_dataset, "PER_CLASS", N_EACH)
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


def find_due(page: AppTest) -> list[str]:
    """Return the keys of the primary buttons."""
    return [button.key for button in page.button if button.proto.type == "primary"]


def write_run(workspace, **changes) -> None:
    status = submit_run(workspace, TrainConfig(workspace.cluster_photos))
    save_status(workspace, replace(status, **changes))


def test_at_first_there_are_three_ways_and_the_first_step_is_due(workspace):
    page = open_home()
    assert [button.label for button in page.button][:3] == [
        "Classify a picture",
        "Render a sky",
        "Set up a dataset",
    ]
    assert "There are none yet." in read_all(page)
    assert find_due(page) == ["home_pictures"]
    assert not list_datasets(workspace)


def test_trying_a_picture_leads_to_an_example_of_the_starter_model(workspace, ways):
    page = click(open_home(), "home_try")
    assert ways == ["classify.py"]
    assert page.query_params[Choice.MODEL] == "starter"
    assert page.session_state[EXAMPLE] == FIRST_EXAMPLE


def test_own_pictures_lead_to_the_dataset(workspace, ways):
    click(open_home(), "home_own_pictures")
    assert ways == ["dataset.py"]


def test_a_simulated_sky_is_rendered_and_leads_on(workspace, ways):
    page = click(open_home(), "home_simulated_sky")
    assert ways == ["hyperparameters.py"]
    assert list_datasets(workspace) == ("simulated_sky",)
    folder = workspace.root / "simulated_sky_photos"
    assert len(list(folder.rglob("*.jpg"))) == 2 * N_EACH
    assert page.query_params[Choice.DATASET] == "simulated_sky"


def test_another_sky_gets_another_name(workspace, ways):
    create_dataset(workspace, "simulated_sky")
    click(open_home(), "home_simulated_sky")
    assert list_datasets(workspace) == ("simulated_sky", "simulated_sky_2")
    assert not list((workspace.root / "simulated_sky_photos").rglob("*.jpg"))


def test_a_stopped_rendering_leaves_a_dataset_that_can_be_used(workspace, ways, monkeypatch):
    render = demo_dataset.render_demo_dataset

    def render_and_stop(folder, labels, per_class, seed, on_progress, **options):
        def stop(done, total):
            if done == N_EACH + 1:
                dataset_work._stop()
                st.rerun()

        return render(folder, labels, per_class, seed, stop, **options)

    monkeypatch.setattr(demo_dataset, "render_demo_dataset", render_and_stop)
    page = click(open_home(), "home_simulated_sky")
    assert not ways
    assert "Stopped: the pictures drawn by then are in the dataset." in read_all(page)
    files = list((workspace.root / "simulated_sky_photos").rglob("*"))
    assert len([file for file in files if file.suffix == ".jpg"]) == N_EACH + 1
    assert not [file for file in files if file.name.startswith(".")]
    assert not page.button(key="home_simulated_sky").disabled
    assert page.query_params[Choice.DATASET] == "simulated_sky"


def test_a_rendering_that_a_click_interrupted_goes_on(workspace, ways, monkeypatch):
    render, calls = demo_dataset.render_demo_dataset, []

    def render_in_two_runs(folder, labels, per_class, seed, on_progress, **options):
        def interrupt(done, total):
            if len(calls) == 1 and done == 1:
                st.rerun()  # as any click does
            on_progress(done, total)

        calls.append(1)
        return render(folder, labels, per_class, seed, interrupt, **options)

    monkeypatch.setattr(demo_dataset, "render_demo_dataset", render_in_two_runs)
    click(open_home(), "home_simulated_sky")
    assert len(calls) == 2
    assert ways == ["hyperparameters.py"]
    assert list_datasets(workspace) == ("simulated_sky",)
    assert len(list(workspace.root.rglob("*.jpg"))) == 2 * N_EACH


def test_a_sky_that_cannot_be_written_is_a_sentence(workspace, ways):
    workspace.root.parent.mkdir(parents=True, exist_ok=True)
    workspace.root.write_text("a file, no folder")
    page = AppTest.from_file(PAGE, default_timeout=30).run()
    page.button(key="home_simulated_sky").click().run()
    assert not page.exception
    assert page.error
    assert not ways


def test_a_class_without_pictures_is_named(workspace):
    write_photos(workspace.cluster_photos, 2)
    (workspace.cluster_photos / "new_ones").mkdir()
    page = open_home()
    assert "There are none of new_ones yet." in read_all(page)
    assert find_due(page) == ["home_pictures"]


def test_visitors_of_a_demo_are_led_to_what_they_may_do(workspace, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    page = open_home()
    assert find_due(page) == ["home_model"]
    labels = [button.label for button in page.button]
    assert labels[-3:] == ["See the dataset", "See the settings", "Label pictures"]
    monkeypatch.delenv(PUBLIC_VARIABLE)
    write_run(workspace, state=RunState.FINISHED, bundle="some")
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    assert "See how it went" in [button.label for button in open_home().button]


def test_visitors_of_a_demo_render_nothing(workspace, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    page = open_home()
    keys = [button.key for button in page.button]
    assert "home_simulated_sky" not in keys
    assert "home_try" in keys
    assert "home_own_pictures" not in keys
    assert "home_pictures_here" in keys
    assert "Not on this server" in read_all(page)


def test_with_pictures_the_settings_come_next(workspace, ways):
    write_photos(workspace.cluster_photos, 3)
    page = open_home()
    assert "cluster: 6 in 2 classes." in read_all(page)
    assert find_due(page) == ["home_training"]
    click(page, "home_training")
    assert ways == ["hyperparameters.py"]


def test_one_class_is_not_enough(workspace):
    for number in range(3):
        save_picture(workspace.cluster_photos / "open" / f"{number}.png", draw_blob(number))
    page = open_home()
    assert "It takes two classes" in read_all(page)
    assert find_due(page) == ["home_pictures"]


def test_the_chosen_dataset_is_the_one_that_counts(workspace):
    write_photos(workspace.cluster_photos, 3)
    write_photos(workspace.root / "a_b_photos", 1)
    page = open_home()
    page.query_params["dataset"] = "a_b"
    page.run()
    assert "a_b: 2 in 2 classes." in read_all(page)


def test_an_unknown_dataset_in_the_address_goes_on_with_what_there_is(workspace):
    write_photos(workspace.cluster_photos, 3)
    page = open_home()
    page.query_params["dataset"] = "gone"
    page.run()
    assert not page.exception
    assert "cluster: 6 in 2 classes." in read_all(page)


@pytest.mark.parametrize(
    ("state", "words"), [(RunState.QUEUED, "One waits."), (RunState.RUNNING, "One is going on.")]
)
def test_a_training_that_goes_on_comes_first(workspace, ways, state, words):
    write_photos(workspace.cluster_photos, 3)
    write_run(workspace, state=state)
    page = open_home()
    assert words in read_all(page)
    assert find_due(page) == ["home_training"]
    click(page, "home_training")
    assert ways == ["training.py"]


def test_a_trained_model_is_told_with_its_accuracy(trained, ways):
    write_photos(trained.cluster_photos, 3)
    (folder,) = trained.bundles.iterdir()
    write_run(trained, state=RunState.FINISHED, bundle=folder.name)
    page = open_home()
    words = read_all(page)
    assert "The last one was on cluster." in words
    assert "is plausible" in words
    assert find_due(page) == ["home_model"]
    click(page, "home_model")
    assert ways == ["classify.py"]


def test_a_damaged_model_does_not_break_the_page(trained):
    for manifest in trained.bundles.glob("*/manifest.json"):
        manifest.write_text("{")
    assert open_home().title[0].value == "Cluster Lab"


def test_the_pictures_of_the_page_are_rendered_once(workspace, monkeypatch):
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
