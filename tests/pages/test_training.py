"""The Training page: no training, queued, running, every kind of ending, comparison."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from cluster_core.access import PUBLIC_VARIABLE, TENSORBOARD_VARIABLE, Access, Action
from cluster_core.errors import RunError
from cluster_core.evaluation.model_evaluation import ModelEvaluation
from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.collection import delete_model
from cluster_core.model.bundle.folder import load_bundle, save_bundle
from cluster_core.model.head.settings import Evaluation
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.choice.store import TrialStore
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import Stage
from cluster_core.training.runs import (
    RunResult,
    RunState,
    list_runs,
    load_config,
    load_status,
    submit_run,
)
from cluster_core.training.runs.evaluation_record import save_evaluation
from cluster_core.training.runs.folder import LOG, STOP_REQUEST, save_status
from cluster_core.training.runs.records import EVALUATIONS, format_evaluation, save_choice
from cluster_core.training.runs.results import save_result
from pages.components import better_network, network_choice
from pages.components.charts import Measure
from pages.components.run_live import CONVERSION_NOTE, DOWNLOAD_NOTE
from pages.components.training import tensorboard_link
from pages.components.words import name_stage
from tests.drawn_pictures import write_shapes
from tests.evaluation.test_cross_validation import cross_validate
from tests.pages.opening import open_file
from tests.pages.test_hyperparameters import make_choice
from tests.samples import OWNER, write_photos

NOBODY = "20200101-000000-000000-abcd"


def write_run(workspace, state=RunState.FINISHED, n_evaluations=50, n_right=26, **changes) -> str:
    """Write the folder of a run as a worker would leave it, and return the run's id."""
    names = ("architecture", "learning_rate", "seed")
    settings = {name: changes.pop(name) for name in names if name in changes}
    folder = changes.pop("image_dir", workspace.cluster_photos)
    config = TrainConfig(folder, **settings)
    status = submit_run(OWNER, workspace, config)
    begun = datetime.fromisoformat(status.created)
    ended = (begun + timedelta(seconds=42)).isoformat() if state.is_over else None
    status = replace(status, state=state, started=status.created, ended=ended, **changes)
    save_status(workspace, status)
    folder = workspace.runs / status.id
    lines = [
        format_evaluation(Evaluation(10 * n, 0.9, 0.3, 0.8, 0.4, 14)) for n in range(n_evaluations)
    ]
    (folder / EVALUATIONS).write_text("".join(lines))
    (folder / LOG).write_text("Something *happened*\n")
    if state in (RunState.FINISHED, RunState.STOPPED):
        pictures = tuple(
            TestedPicture(
                workspace.cluster_photos / "a" / f"{n}.png",
                f"{n:064x}",
                "a",
                "a" if n < n_right else "b",
                0.9,
            )
            for n in range(28)
        )
        notes = ("Only 12 pictures of *open*; 30 or more work well.",)
        result = RunResult(Metrics(("a", "b"), pictures), {}, (), notes, 491, 320)
        save_result(folder, result, workspace.cluster_photos)
    return status.id


def write_bundle(workspace) -> None:
    """Write a model that is found, but damaged."""
    (workspace.bundles / "a-bundle").mkdir(parents=True)
    (workspace.bundles / "a-bundle" / "manifest.json").write_text("{}")


def open_page(**query: str) -> AppTest:
    return open_file("training.py", **query)


def read_all(page: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error")
    words = [element.value for kind in kinds for element in getattr(page, kind)]
    return "\n".join(words).replace("\\", "")


def has_button(page: AppTest, key: str) -> bool:
    return any(button.key == key for button in page.button)


def select(page: AppTest, *rows: int) -> None:
    """Tick rows of the table of trainings."""
    (table,) = (t for t in page.dataframe if "When" in t.value.columns)
    page.session_state[table.key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    page.run()
    assert not page.exception


def test_page_without_trainings_links_to_the_settings(workspace, visited_pages):
    page = open_page()
    assert "No training has been started in the browser yet" in read_all(page)
    assert not page.dataframe
    page.button(key="to_hyperparameters").click().run()
    assert visited_pages == ["hyperparameters.py"]


def test_result_of_a_training_is_shown(workspace):
    run_id = write_run(workspace, bundle="a-bundle")
    page = open_page(run=run_id)
    words = read_all(page)
    assert page.metric[0].value == "93%"
    assert "About 93% correct on new pictures (likely 77% to 98%), tested on 28 pictures." in words
    assert "Trained for 491 steps in 42 s; kept the model from step 320." in words
    assert "Only 12 pictures of *open*; 30 or more work well." in words
    assert len(page.get("vega_lite_chart")) == 2
    assert all(measure.explanation in words for measure in Measure)
    assert page.code[0].value.startswith("CLUSTER_LAB_WORKSPACE=")
    assert "summaries_dir" not in page.code[0].value
    assert not has_button(page, "stop_keep")


@pytest.mark.parametrize(
    ("button", "way", "choice", "chosen"),
    [
        ("to_classify", "classify.py", "model", "a-bundle"),
        ("to_evaluation", "evaluation.py", "run", None),
        ("use_settings", "hyperparameters.py", "dataset", "cluster"),
    ],
)
def test_result_buttons_open_their_pages(workspace, visited_pages, button, way, choice, chosen):
    write_bundle(workspace)
    run_id = write_run(workspace, bundle="a-bundle", learning_rate=0.5, seed=7)
    page = open_page(run=run_id)
    page.button(key=button).click().run()
    assert visited_pages == [way]
    assert page.query_params[choice] == (chosen or run_id)
    if button == "use_settings":
        assert page.session_state["setting_learning_rate"] == 0.5
        assert page.session_state["setting_seed"] == 7


def test_deleted_model_can_be_restored_or_trained_again(workspace):
    write_bundle(workspace)
    page = open_page(run=write_run(workspace, bundle="a-bundle"))
    assert has_button(page, "to_classify")
    delete_model(OWNER, workspace, "a-bundle")
    page.run()
    assert "Deleted: the model a-bundle." in read_all(page)
    assert not has_button(page, "to_classify")
    assert has_button(page, "try_again")
    page.button(key="restore_model").click().run()
    assert has_button(page, "to_classify")
    entry = delete_model(OWNER, workspace, "a-bundle")
    shutil.rmtree(workspace.trash / entry.id)
    page.run()
    assert "was deleted. Train again" in read_all(page)
    assert not has_button(page, "restore_model")


def test_no_accuracy_is_shown_without_test_pictures(workspace):
    run_id = write_run(workspace)
    result = RunResult(Metrics(("a", "b"), ()), {}, (), (), 491, 490)
    save_result(workspace.runs / run_id, result, workspace.cluster_photos)
    page = open_page(run=run_id)
    assert page.metric[0].value == "not tested"
    assert "Not tested. No pictures were kept for the final test." in read_all(page)
    assert "Trained for 491 steps in 42 s." in read_all(page)


def test_stopped_training_shows_its_model(workspace):
    write_bundle(workspace)
    page = open_page(run=write_run(workspace, RunState.STOPPED, bundle="a-bundle"))
    assert "Stopped by you after 491 steps" in read_all(page)
    assert has_button(page, "to_classify")


def test_discarded_training_can_be_started_again(workspace, visited_pages):
    run_id = write_run(workspace, RunState.DISCARDED, seed=7)
    page = open_page(run=run_id)
    assert "so it has no model" in read_all(page)
    page.button(key="try_again").click().run()
    newest = list_runs(workspace)[0]
    assert newest.id != run_id
    assert load_config(workspace, newest.id).seed == 7
    # A new run has its own folder for summaries, so that those of the first are kept.
    assert load_config(workspace, newest.id).summaries_dir.name == newest.id
    assert page.query_params["run"] == newest.id
    assert visited_pages == ["training.py"]


def test_failed_training_shows_the_reason_and_next_steps(workspace):
    run_id = write_run(
        workspace,
        RunState.FAILED,
        n_evaluations=0,
        message="The process was ended by the *system*: try a smaller network.",
        exit_code=-9,
    )
    page = open_page(run=run_id)
    assert page.error[0].value.replace("\\", "").startswith("The process was ended by the *system*")
    assert "exit code -9" in read_all(page)
    assert page.code[0].value == "Something *happened*"
    assert has_button(page, "try_again")
    assert has_button(page, "use_settings")
    assert not page.get("vega_lite_chart")


@pytest.mark.parametrize(
    ("stage", "done", "total", "words"),
    [
        (Stage.READING, 40, 154, "Reading pictures: 40 of 154 pictures"),
        (Stage.BACKBONE, 0, 0, f"Preparing the network{CONVERSION_NOTE}"),
        (Stage.BOTTLENECKS, 77, 154, "Looking at the pictures: 77 of 154 pictures"),
        (Stage.TRAINING, 2000, 4000, "Training: 2,000 of 4,000 steps"),
        (Stage.SAVING, 0, 0, "Saving …"),
    ],
)
def test_running_training_shows_its_progress(workspace, stage, done, total, words):
    n_evaluations = 200 if stage is Stage.TRAINING else 0
    changes = {"stage": str(stage), "done": done, "total": total}
    page = open_page(run=write_run(workspace, RunState.RUNNING, n_evaluations, **changes))
    (bar,) = page.get("progress")
    assert bar.proto.text == words
    assert bar.proto.value == (100 * done // total if total else 0)
    stages = next(text.value for text in page.markdown if "→" in text.value)
    assert f"**{name_stage(stage)}**" in stages
    assert stages.count("material/check") == list(Stage).index(stage)
    assert len(page.get("vega_lite_chart")) == (2 if n_evaluations else 0)
    if n_evaluations:
        assert "Step 1,990 of 4,000: 80% of 14 validation pictures labelled correctly" in read_all(
            page
        )


@pytest.mark.parametrize(
    ("architecture", "note"),
    [
        ("auto", " …"),
        ("random", " …"),
        ("everyday", CONVERSION_NOTE),
        ("inception_v3", DOWNLOAD_NOTE),
    ],
)
def test_only_a_network_that_is_not_here_is_said_to_be_downloaded(
    workspace, backbone, architecture, note
):
    changes = {"stage": str(Stage.BACKBONE), "architecture": architecture}
    page = open_page(run=write_run(workspace, RunState.RUNNING, **changes))
    assert page.get("progress")[0].proto.text == f"Preparing the network{note}"


def test_download_of_a_network_is_shown_in_megabytes(workspace):
    changes = {"stage": str(Stage.BACKBONE), "architecture": "inception_v3"}
    run_id = write_run(workspace, RunState.RUNNING, done=45_000, total=87_900, **changes)
    bar = open_page(run=run_id).get("progress")[0].proto
    assert bar.text == "Downloading the network: 45.0 of 87.9 MB"
    assert bar.value == 51
    run_id = write_run(workspace, RunState.RUNNING, done=87_900, total=87_900, **changes)
    bar = open_page(run=run_id).get("progress")[0].proto
    assert bar.text == f"Preparing the network{CONVERSION_NOTE}"


@pytest.mark.parametrize(("button", "request_"), [("stop_keep", "keep"), ("stop_discard", "disc")])
def test_running_training_can_be_stopped_or_discarded(workspace, button, request_):
    run_id = write_run(workspace, RunState.RUNNING, stage=str(Stage.TRAINING))
    page = open_page(run=run_id)
    page.button(key=button).click().run()
    assert not page.exception
    assert (workspace.runs / run_id / STOP_REQUEST).read_text().startswith(request_)
    assert "Stopping …" in read_all(page)
    assert not has_button(page, "stop_keep")


def test_stop_of_an_ended_training_is_reported(workspace):
    run_id = write_run(workspace, RunState.RUNNING, stage=str(Stage.SAVING))
    page = open_page(run=run_id)
    status = load_status(workspace, run_id)
    save_status(workspace, replace(status, state=RunState.FAILED, message="It ended."))
    page.button(key="stop_keep").click().run()
    assert not page.exception
    assert "has already ended" in page.toast[0].value
    assert "It ended." in read_all(page)


def test_queued_training_shows_its_position(workspace):
    write_run(workspace, RunState.RUNNING, stage=str(Stage.TRAINING))
    config = TrainConfig(workspace.cluster_photos)
    first, second = (submit_run(OWNER, workspace, config).id for _ in range(2))
    (bar,) = open_page(run=first).get("progress")
    assert "Waiting for another training to finish" in bar.proto.text
    page = open_page(run=second)
    assert "Waiting for 2 other trainings to finish" in page.get("progress")[0].proto.text
    page.button(key="stop_discard").click().run()
    assert load_status(workspace, second).state is RunState.DISCARDED
    assert "so it has no model" in read_all(page)


def test_start_of_a_training_says_what_takes_time(workspace):
    run_id = submit_run(OWNER, workspace, TrainConfig(workspace.cluster_photos)).id
    (bar,) = open_page(run=run_id).get("progress")
    assert "loading the training software takes about ten seconds" in bar.proto.text


def test_page_switches_to_the_result_when_training_ends(workspace):
    write_bundle(workspace)
    run_id = write_run(workspace, RunState.RUNNING, stage=str(Stage.TESTING), bundle="a-bundle")
    page = open_page(run=run_id)
    assert not has_button(page, "to_classify")
    write_run(workspace)  # a finished run to copy the result from
    finished = list_runs(workspace)[0].id
    result = (workspace.runs / finished / "result.json").read_bytes()
    (workspace.runs / run_id / "result.json").write_bytes(result)
    status = load_status(workspace, run_id)
    save_status(workspace, replace(status, state=RunState.FINISHED, ended=status.created))
    page.run()
    assert has_button(page, "to_classify")


def test_running_training_is_shown_by_default(workspace):
    write_run(workspace)
    write_run(workspace, RunState.RUNNING, stage=str(Stage.TESTING))
    write_run(workspace)
    page = open_page()
    assert page.get("progress")[0].proto.text == "Testing …"


def test_unknown_training_is_reported_above_the_table(workspace):
    write_run(workspace)
    for unknown in (NOBODY, "../../etc", "*x*"):
        page = open_page(run=unknown)
        assert f'There is no training "{unknown}". ' in page.warning[0].value.replace("\\", "")
        assert len(page.dataframe) == 1
        assert "run" not in page.query_params


def test_damaged_run_does_not_hide_the_others(workspace):
    run_id, other = write_run(workspace), write_run(workspace)
    (workspace.runs / run_id / "config.json").write_text("{")
    page = open_page(run=run_id)
    assert "settings" in page.error[0].value
    (table,) = page.dataframe
    assert len(table.value) == 2
    page = open_page(run=other)
    assert not page.error


LACKS_WEIGHTS = (
    "The weights of inception_v3 are not in /srv/models and could not be downloaded (there is no "
    "connection to storage.googleapis.com): put inception_v3_notop.h5 into that folder."
)


def test_training_that_lacked_weights_offers_to_get_them_or_another_network(workspace):
    failed = {"n_evaluations": 0, "message": LACKS_WEIGHTS}
    run_id = write_run(workspace, RunState.FAILED, architecture="inception_v3", seed=7, **failed)
    page = open_page(run=run_id)
    assert has_button(page, "download_inception_v3")
    assert not has_button(page, "try_again")
    words = read_all(page)
    assert "Inception v3 was not on this computer, and its download failed" in words
    assert "downloads it first" not in words
    assert "/srv" not in words
    page.button(key="train_automatic").click().run()
    newest = load_config(workspace, list_runs(workspace)[0].id)
    assert (newest.architecture, newest.seed) == ("auto", 7)


def test_training_that_lacked_weights_can_be_repeated_once_they_are_there(workspace):
    failed = {"n_evaluations": 0, "message": LACKS_WEIGHTS}
    run_id = write_run(workspace, RunState.FAILED, architecture="inception_v3", **failed)
    workspace.models.mkdir(parents=True, exist_ok=True)
    (workspace.models / "inception_v3_no_top.weights.h5").touch()
    page = open_page(run=run_id)
    assert has_button(page, "try_again")
    assert not has_button(page, "train_automatic")


def test_table_lists_all_trainings(workspace):
    write_run(workspace)
    write_run(workspace, RunState.FAILED, message="No.")
    table = next(t.value for t in open_page().dataframe if "When" in t.value.columns)
    assert list(table["State"]) == ["failed", "finished"]
    assert list(table["Dataset"]) == ["cluster", "cluster"]
    assert table["Accuracy"][1] == 93
    assert table["95% interval"][1] == "77% to 98%"
    assert table["Steps"][1] == 491
    assert table["Duration"][1] == "42 s"


def test_table_has_a_cross_validation_that_came_later(workspace):
    run_id = write_run(workspace)
    page = open_page()
    found = cross_validate({"a": 40, "b": 40})
    save_evaluation(workspace.runs / run_id, ModelEvaluation(found))
    page.run()
    table = next(t.value for t in page.dataframe if "When" in t.value.columns)
    assert table["Accuracy"][0] == round(100 * found.accuracy) != 93


def test_comparison_lists_only_the_settings_that_differ(workspace):
    write_run(workspace, learning_rate=0.5)
    write_run(workspace, learning_rate=0.1, image_dir=workspace.root / "dog_photos")
    page = open_page()
    select(page, 0, 1)
    assert len(page.get("vega_lite_chart")) == 4
    differences = page.dataframe[-1].value
    assert list(differences["Setting"]) == ["Dataset", "Learning rate"]
    assert sorted(differences.iloc[0, 1:]) == ["cluster_photos", "dog_photos"]
    assert sorted(differences.iloc[1, 1:]) == ["0.1", "0.5"]
    assert not has_button(page, "open_run")


def test_comparison_reports_identical_settings(workspace):
    write_run(workspace)
    write_run(workspace)
    page = open_page()
    select(page, 0, 1)
    assert "Their settings are identical." in read_all(page)


def test_selected_training_can_be_opened(workspace):
    older, newer = write_run(workspace), write_run(workspace)
    page = open_page(run=newer)
    select(page, 1)
    page.button(key="open_run").click().run()
    assert page.query_params["run"] == older


def test_deleted_training_can_be_restored(workspace):
    older, newer = write_run(workspace), write_run(workspace)
    page = open_page(run=older)
    select(page, 0)
    page.button(key="confirm_delete_runs").click().run()
    assert not page.exception
    assert [status.id for status in list_runs(workspace)] == [older]
    assert "One training was deleted." in read_all(page)
    page.button(key="undo").click().run()
    assert not page.exception
    assert [status.id for status in list_runs(workspace)] == [newer, older]
    assert not has_button(page, "undo")


def test_training_on_display_can_be_deleted(workspace):
    older, newer = write_run(workspace), write_run(workspace)
    page = open_page(run=newer)
    select(page, 0)
    page.button(key="confirm_delete_runs").click().run()
    assert not page.exception
    assert [status.id for status in list_runs(workspace)] == [older]
    assert len(page.dataframe[-1].value) == 1


def test_running_training_cannot_be_deleted(workspace):
    run_id = write_run(workspace, RunState.RUNNING, stage=str(Stage.TRAINING))
    page = open_page(run=run_id)
    select(page, 0)
    page.button(key="confirm_delete_runs").click().run()
    assert "stop it first" in read_all(page)
    assert list_runs(workspace)


def test_tensorboard_has_a_command_and_if_allowed_a_button(workspace, monkeypatch):
    page = open_page()
    assert page.code[-1].value.startswith("tensorboard --logdir ")
    assert not has_button(page, "start_tensorboard")
    monkeypatch.setenv(TENSORBOARD_VARIABLE, "1")
    running: list[str] = []
    monkeypatch.setattr(tensorboard_link, "find_tensorboard", lambda _: (running or [None])[0])

    def start(access, folder):
        running.append("http://127.0.0.1:6006")
        return running[0]

    monkeypatch.setattr(tensorboard_link, "start_tensorboard", start)
    page = open_page()
    page.button(key="start_tensorboard").click().run()
    assert page.get("link_button")[0].proto.url == "http://127.0.0.1:6006"
    assert has_button(page, "stop_tensorboard")


def test_failed_start_of_tensorboard_is_reported(workspace, monkeypatch):
    monkeypatch.setenv(TENSORBOARD_VARIABLE, "1")

    def start(access, folder):
        raise RunError("TensorBoard did not start.")

    monkeypatch.setattr(tensorboard_link, "start_tensorboard", start)
    page = open_page()
    page.button(key="start_tensorboard").click().run()
    assert "did not start" in page.error[0].value


def test_times_are_in_utc_without_a_browser_time_zone(workspace):
    write_run(workspace)
    table = next(t.value for t in open_page().dataframe if "When" in t.value.columns)
    assert datetime.strptime(table["When"][0], "%H:%M:%S").hour in {
        datetime.now(UTC).hour,
        (datetime.now(UTC) - timedelta(minutes=1)).hour,
    }


def write_tried_run(workspace, architecture: str, n_right: int = 15) -> str:
    """Write a run with a model, and a trial on its dataset that Everyday won by far."""
    choice = make_choice({"everyday": 0.97, "sky": 0.61})
    with CacheFile(workspace.bottlenecks) as cache:
        TrialStore(cache).save_latest("d" * 64, choice)
    bundle = replace(load_bundle(ASSETS / STARTER), name="a-bundle", dataset={"sha256": "d" * 64})
    save_bundle(bundle, workspace.bundles)
    return write_run(workspace, bundle="a-bundle", architecture=architecture, n_right=n_right)


def test_clearly_better_network_is_offered_with_the_same_settings(workspace, visited_pages):
    write_photos(workspace.cluster_photos, 3)
    run_id = write_tried_run(workspace, "sky")
    page = open_page(run=run_id)
    assert page.warning[0].value == (
        "Everyday suits these pictures better than Sky: in a trial it labelled 97% of them "
        "correctly, against 61%."
    )
    page.button(key="train_with_better").click().run()
    assert visited_pages == ["training.py"]
    started, earlier = (load_config(workspace, status.id) for status in list_runs(workspace))
    assert started.architecture == "everyday"
    same = {"architecture": earlier.architecture}
    assert {**started.to_record(), **same} == earlier.to_record()


@pytest.mark.parametrize(
    ("architecture", "n_right"), [("everyday", 15), ("mobilenet_v2", 26), ("sky", 28)]
)
def test_no_other_network_is_offered_unless_it_would_be_better(workspace, architecture, n_right):
    page = open_page(run=write_tried_run(workspace, architecture, n_right))
    assert not page.warning


def test_network_that_was_not_tried_is_judged_by_its_test(workspace):
    page = open_page(run=write_tried_run(workspace, "mobilenet_v2", n_right=15))
    assert page.warning[0].value == (
        "Everyday suits these pictures better than MobileNet V2: in a trial it labelled 97% of "
        "them correctly, against 54% of the test pictures."
    )


@pytest.fixture
def untried(workspace, monkeypatch):
    """A run with a model of sky, whose pictures were never tried; Everyday would win by far."""
    write_shapes(workspace.cluster_photos, 8)
    trials = []

    def choose_network(config, index, split, workspace, on_progress):
        trials.append(split)
        on_progress(1, 2)
        return make_choice({"everyday": 0.97, "sky": 0.61})

    monkeypatch.setattr(network_choice, "choose_network", choose_network)
    bundle = replace(load_bundle(ASSETS / STARTER), name="a-bundle", dataset={"sha256": "d" * 64})
    save_bundle(bundle, workspace.bundles)
    write_run(workspace, bundle="a-bundle", architecture="sky", n_right=15)
    return trials


def test_networks_are_compared_after_a_training_without_a_trial(untried):
    page = open_page()
    assert "Everyday suits these pictures better than Sky" in page.warning[0].value
    assert has_button(page, "train_with_better")
    page.run()
    assert len(untried) == 1


def test_long_comparison_starts_with_a_click(untried, monkeypatch):
    monkeypatch.setattr(network_choice, "MAX_UNASKED_S", -1)
    page = open_page()
    assert not page.warning
    assert not untried
    page.button(key="try_networks").click().run()
    assert "Everyday suits these pictures better than Sky" in page.warning[0].value
    assert not has_button(page, "try_networks")


def test_visitors_compare_no_networks(untried, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    assert not has_button(open_page(), "try_networks")
    assert not untried


def test_nothing_is_compared_after_a_perfect_test(untried, workspace):
    run_id = write_run(workspace, bundle="a-bundle", architecture="sky", n_right=28)
    assert not has_button(open_page(run=run_id), "try_networks")
    assert not untried


def test_who_may_not_train_reads_of_the_better_network_without_a_button(workspace, monkeypatch):
    access = Access.owner().without(Action.TRAIN)
    monkeypatch.setattr(better_network, "get_access", lambda: access)
    page = open_page(run=write_tried_run(workspace, "sky"))
    assert "Everyday suits these pictures better" in page.warning[0].value
    assert not has_button(page, "train_with_better")


def test_automatic_training_names_its_network_and_why(workspace):
    run_id = write_run(workspace, architecture="everyday")
    save_choice(workspace.runs / run_id, make_choice({"everyday": 0.97, "sky": 0.61}))
    words = read_all(open_page(run=run_id))
    assert "with Everyday" in words
    assert "Chosen for these pictures: Everyday, 97% in a trial against 61% for Sky." in words
