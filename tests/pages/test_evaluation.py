"""The Evaluation page: no test yet, a test under review, corrected labels, retraining."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cluster_core.data.confirmed_labels import load_confirmed
from cluster_core.data.index import scan_dataset
from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.evaluation.words import CROSS_VALIDATION_OR_TEST
from cluster_core.health import Finding, FindingKind, HealthReport, accept_finding, keep_check
from cluster_core.model.bundle.collection import delete_model
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.trash import list_trash
from cluster_core.training.config import TrainConfig
from cluster_core.training.insight.run_evaluation import evaluate_run
from cluster_core.training.runs import (
    RunResult,
    RunState,
    list_runs,
    load_config,
    load_evaluation,
    submit_run,
)
from cluster_core.training.runs.evaluation_record import save_evaluation
from cluster_core.training.runs.folder import save_status
from cluster_core.training.runs.results import save_result
from cluster_core.workspace import Workspace
from pages.components.dataset.views import VIEW_KEY, DatasetView
from pages.components.evaluation import mistakes
from pages.components.evaluation.confusion_matrix import CELL, draw_confusion
from pages.components.evaluation.figures_view import View
from pages.components.evaluation.mistakes import name_mistake
from tests.pages.opening import open_file
from tests.samples import OWNER, draw_blob, save_picture, write_photos

LABELS = ("galaxy", "globular *bright*", "open")
GALAXY, GLOBULAR, OPEN = LABELS
N_EACH = 4
UNKNOWN = "20200101-000000-000000-abcd"


@dataclass(frozen=True)
class EvaluatedRun:
    """A run with three mistakes: two globulars labelled open, and a galaxy labelled globular."""

    workspace: Workspace
    id: str
    pictures: tuple[TestedPicture, ...]

    @property
    def wrong(self) -> tuple[TestedPicture, ...]:
        return Metrics(LABELS, self.pictures).misclassified

    def find_file(self, tested: TestedPicture, label: str | None = None) -> Path:
        return self.workspace.cluster_photos / (label or tested.label) / tested.path.name


@pytest.fixture
def tested(workspace) -> EvaluatedRun:
    answers = {
        (GLOBULAR, 0): (OPEN, 0.7),
        (GLOBULAR, 1): (OPEN, 0.95),
        (GALAXY, 0): (GLOBULAR, 0.8),
    }
    pictures = []
    for place, label in enumerate(LABELS):
        for number in range(N_EACH):
            path = workspace.cluster_photos / label / f"{label[:2]}_{number}.png"
            save_picture(path, draw_blob(100 * place + number))
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            answer, score = answers.get((label, number), (label, 0.9))
            pictures.append(TestedPicture(path, sha256, label, answer, score))
    run_id = write_run(workspace, pictures, bundle="a-bundle")
    return EvaluatedRun(workspace, run_id, tuple(pictures))


def write_run(workspace, pictures, labels=LABELS, **changes) -> str:
    status = submit_run(OWNER, workspace, TrainConfig(workspace.cluster_photos, seed=7))
    save_status(workspace, replace(status, state=RunState.FINISHED, **changes))
    result = RunResult(Metrics(labels, tuple(pictures)), {}, (), (), 491, 320)
    save_result(workspace.runs / status.id, result, workspace.cluster_photos)
    return status.id


def open_page(**query: str) -> AppTest:
    return open_file("evaluation.py", **query)


def stored(tested: TestedPicture) -> TestedPicture:
    """Return a picture as the record of the run stores it: with a path relative to the dataset."""
    return replace(tested, path=Path(*tested.path.parts[-2:]))


def click(page: AppTest, action: str, tested: TestedPicture) -> AppTest:
    page.button(key=f"{action}_{name_mistake(stored(tested))}").click().run()
    assert not page.exception
    return page


def read_all(page: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success", "warning", "error")
    words = [element.value for kind in kinds for element in getattr(page, kind)]
    words += [bar.proto.text for bar in page.get("progress")]
    return "\n".join(words).replace("\\", "")


def list_keys(page: AppTest) -> list[str]:
    return [button.key for button in page.button]


def list_names(page: AppTest) -> list[str]:
    """Return the file names of the pictures on the page."""
    return [image.captions[0].replace("\\", "") for image in page.image]


def test_page_without_trainings_links_to_the_settings(workspace, visited_pages):
    page = open_page()
    assert "No training started in the browser has finished yet" in read_all(page)
    page.button(key="to_hyperparameters").click().run()
    assert visited_pages == ["hyperparameters.py"]


def test_running_training_is_not_evaluated(workspace):
    submit_run(OWNER, workspace, TrainConfig(workspace.cluster_photos))
    page = open_page()
    assert "No training started in the browser has finished yet" in read_all(page)
    assert list_keys(page) == ["to_training"]


def test_accuracy_is_shown_overall_and_per_class(tested):
    words = read_all(open_page())
    assert "9 of 12 correct (75%); likely between 47% and 91% on new pictures." in words
    assert "galaxy**: 3 of 4 correct :gray[(likely 30% to 95%)]" in words
    assert "globular *bright***: 2 of 4 correct" in words
    assert "open**: 4 of 4 correct" in words


def test_mistakes_are_listed_by_descending_score(tested):
    page = open_page()
    assert [one.score for one in tested.wrong] == [0.95, 0.8, 0.7]
    assert list_names(page) == [one.path.name for one in tested.wrong]
    words = read_all(page)
    assert "Class: **globular *bright***. Answer: **open** (score 95%)" in words
    assert "0 of 3 reviewed" in words


def test_picture_moves_to_the_answered_class_and_back(tested):
    first = tested.wrong[0]
    page = open_page(run=tested.id)
    assert page.selectbox(key=f"right_class_{name_mistake(stored(first))}").value == OPEN
    click(page, "move", first)
    assert tested.find_file(first, OPEN).exists()
    assert not tested.find_file(first).exists()
    words = read_all(page)
    assert "Moved to open." in words
    assert "1 of 3 reviewed" in words
    assert "The dataset has changed since this test" in words
    assert f"move_{name_mistake(stored(first))}" not in list_keys(page)
    page.button(key="undo").click().run()
    assert tested.find_file(first).exists()
    assert "0 of 3 reviewed" in read_all(page)


def test_picture_can_move_to_any_other_class(tested):
    first = tested.wrong[0]
    page = open_page()
    box = page.selectbox(key=f"right_class_{name_mistake(stored(first))}")
    assert set(box.options) == {OPEN, GALAXY}
    box.set_value(GALAXY).run()
    click(page, "move", first)
    assert tested.find_file(first, GALAXY).exists()


def test_picture_renamed_by_a_move_is_still_found(tested):
    first = tested.wrong[0]
    tested.find_file(first, OPEN).write_bytes(b"another picture of this name")
    page = click(open_page(), "move", first)
    assert "Moved to open." in read_all(page)
    assert tested.find_file(first, OPEN).read_bytes() == b"another picture of this name"


def test_picture_moves_to_the_trash_and_back(tested):
    first = tested.wrong[0]
    page = click(open_page(), "remove", first)
    assert not tested.find_file(first).exists()
    assert len(list_trash(tested.workspace)) == 1
    words = read_all(page)
    assert "No longer in the dataset." in words
    assert "1 of 3 reviewed" in words
    page.button(key="undo").click().run()
    assert tested.find_file(first).exists()


def test_confirmed_label_is_remembered(tested):
    first = tested.wrong[0]
    click(open_page(), "fine", first)
    assert load_confirmed(tested.workspace.cluster_photos) == {first.sha256: first.label}
    page = open_page()
    words = read_all(page)
    assert "Label confirmed." in words
    assert "1 of 3 reviewed" in words
    assert f"fine_{name_mistake(stored(first))}" not in list_keys(page)
    assert "The dataset has changed" not in words


def test_confirmation_can_be_undone(tested):
    page = click(open_page(), "fine", tested.wrong[0])
    page.button(key="undo").click().run()
    assert load_confirmed(tested.workspace.cluster_photos) == {}
    assert "0 of 3 reviewed" in read_all(page)


def test_label_confirmed_in_an_earlier_version_is_remembered(tested):
    record = json.dumps([tested.wrong[0].sha256])
    (tested.workspace.runs / tested.id / "reviewed.json").write_text(record)
    words = read_all(open_page())
    assert "Label confirmed." in words
    assert "1 of 3 reviewed" in words


def test_mended_test_label_scores_all_trainings_again(tested):
    first = tested.wrong[0]
    other = write_run(tested.workspace, tested.pictures[:8], bundle="another")
    page = open_page(run=tested.id)
    assert "changed since" not in read_all(page)
    assert not page.dataframe
    click(page, "move", first)
    words = read_all(page)
    assert "1 test label changed since the test." in words
    assert "By today's labels, 10 of 12 (83%) are correct." in words
    table = page.dataframe[0].value
    assert list(table["When tested"]) == ["5 of 8 (62%)", "9 of 12 (75%)"]
    assert list(table["Today's labels"]) == ["6 of 8 (75%)", "10 of 12 (83%)"]
    assert list(table["Pictures of both tests"]) == ["6 of 8; the chosen one 6", ""]
    assert "The dataset has changed since this test" in words
    page.button(key="undo").click().run()
    assert "changed since the test." not in read_all(page)
    assert other != tested.id


def test_later_training_is_compared_by_the_labels_of_today(tested):
    first = tested.wrong[0]
    click(open_page(run=tested.id), "move", first)
    mended = [
        replace(one, path=tested.find_file(one, OPEN), label=OPEN) if one == first else one
        for one in tested.pictures
    ]
    newer = write_run(tested.workspace, mended, bundle="another")
    page = open_page(run=newer)
    assert "Labels of earlier tests have changed since." in read_all(page)
    assert list(page.dataframe[0].value["Today's labels"]) == ["10 of 12 (83%)"] * 2


@pytest.fixture
def checkable(trained, photos) -> Workspace:
    """A workspace whose dataset has one red picture among the blue, and a run with its model."""
    shutil.copytree(photos, trained.cluster_photos)
    wrong = sorted((trained.cluster_photos / "red stars").iterdir())[3]
    wrong.rename(trained.cluster_photos / "blue stars" / "wrong.png")
    (bundle,) = trained.bundles.iterdir()
    path = trained.cluster_photos / "blue stars" / "field 0.png"
    picture = TestedPicture(path, "0" * 64, "blue stars", "blue stars", 0.9)
    write_run(trained, [picture], ("blue stars", "red stars"), bundle=bundle.name)
    return trained


def check_all(page: AppTest) -> AppTest:
    page.button(key="check_labels").click().run()
    assert not page.exception
    return page


def find_button(page: AppTest, action: str):
    (button,) = (one for one in page.button if (one.key or "").startswith(f"{action}_doubt_"))
    return button


def test_check_of_all_labels_finds_the_wrong_one_and_moves_it(checkable):
    page = check_all(open_page())
    words = read_all(page)
    assert "Checked the labels of 48 pictures." in words
    assert "1 of 48 picture looks like another class" in words
    assert list_names(page) == ["wrong.png"]
    assert find_button(page, "move").label == "Move to red stars"
    find_button(page, "move").click().run()
    assert (checkable.cluster_photos / "red stars" / "wrong.png").exists()
    words = read_all(page)
    assert "1 of 1 reviewed" in words
    assert "All of them are reviewed." in words
    assert page.button(key="check_labels").label == "Check again"
    assert page.button(key="evaluation_retrain").proto.type == "primary"
    page.button(key="undo").click().run()
    assert list_names(page) == ["wrong.png"]
    find_button(page, "move").click().run()
    assert "Nothing found: all 48 labels agree" in read_all(check_all(page))


def test_doubtful_picture_can_be_deleted_and_restored(checkable):
    page = check_all(open_page())
    find_button(page, "remove").click().run()
    assert not (checkable.cluster_photos / "blue stars" / "wrong.png").exists()
    page.button(key="undo").click().run()
    assert list_names(page) == ["wrong.png"]


def test_confirmed_picture_is_not_shown_by_a_later_check(checkable):
    find_button(check_all(open_page()), "fine").click().run()
    page = check_all(open_page())
    assert not page.image
    assert "1 of 1 reviewed" in read_all(page)


def test_what_needs_a_deleted_model_is_hidden_until_it_is_restored(checkable):
    (folder,) = checkable.bundles.iterdir()
    delete_model(OWNER, checkable, folder.name)
    page = open_page()
    assert "Deleted: the model" in read_all(page)
    assert folder.name not in read_all(page)
    assert not {"check_labels", "cross_validate"} & set(list_keys(page))
    page.button(key="restore_model").click().run()
    assert "Restored the model" in read_all(page)
    assert {"check_labels", "cross_validate"} <= set(list_keys(page))


def test_edited_picture_is_marked(tested):
    save_picture(tested.find_file(tested.wrong[0]), draw_blob(999))
    words = read_all(open_page())
    assert "The file has changed since the test." in words
    assert "1 of 3 reviewed" in words


def test_moving_a_picture_deleted_in_another_tab_is_reported(tested):
    first = tested.wrong[0]
    page = open_page()
    tested.find_file(first).unlink()
    click(page, "move", first)
    assert "has already been moved or deleted" in page.error[0].value
    assert "No longer in the dataset." in read_all(page)


def test_moving_to_a_class_deleted_in_another_tab_is_reported(tested):
    page = open_page()
    for path in (tested.workspace.cluster_photos / OPEN).iterdir():
        path.unlink()
    (tested.workspace.cluster_photos / OPEN).rmdir()
    click(page, "move", tested.wrong[0])
    assert page.error
    assert tested.find_file(tested.wrong[0]).exists()


def test_numbers_remain_after_the_dataset_is_deleted(tested):
    folder = tested.workspace.cluster_photos
    folder.rename(tested.workspace.root / "other")
    page = open_page()
    words = read_all(page)
    assert "9 of 12 correct" in words
    assert words.count("No longer in the dataset.") == 3
    assert not page.image


def test_copies_in_two_classes_are_separate_mistakes(tested):
    first = tested.wrong[0]
    copy = replace(first, path=tested.find_file(first, GALAXY), label=GALAXY)
    copy.path.write_bytes(tested.find_file(first).read_bytes())
    write_run(tested.workspace, [first, copy], bundle="another")
    page = open_page()
    assert list_names(page) == [first.path.name] * 2
    click(page, "remove", copy)
    assert tested.find_file(first).exists()
    assert not copy.path.exists()


def test_damaged_picture_is_shown_by_name(tested):
    tested.find_file(tested.wrong[0]).write_bytes(b"no picture any more")
    page = open_page()
    assert len(page.image) == 2
    assert tested.wrong[0].path.name in read_all(page)


def test_retrain_uses_the_same_settings_and_opens_the_training(tested, visited_pages):
    page = open_page()
    page.button(key="evaluation_retrain").click().run()
    newest = list_runs(tested.workspace)[0]
    assert newest.id != tested.id
    assert visited_pages == ["training.py"]
    again, before = (load_config(tested.workspace, one) for one in (newest.id, tested.id))
    assert again.seed == 7
    assert again.summaries_dir != before.summaries_dir  # each run has its own folder
    assert again.to_record() == before.to_record()


def test_retrain_becomes_the_primary_button_after_a_change(tested):
    page = open_page()
    assert page.button(key="evaluation_retrain").proto.type == "secondary"
    click(page, "remove", tested.wrong[0])
    assert page.button(key="evaluation_retrain").proto.type == "primary"


def test_test_without_mistakes_shows_a_success_message(workspace):
    path = workspace.cluster_photos / OPEN / "a.png"
    write_run(workspace, [TestedPicture(path, "0" * 64, OPEN, OPEN, 0.9)], bundle="a-bundle")
    page = open_page()
    assert "test pictures, the answer matches the class" in read_all(page)


def test_no_accuracy_is_shown_without_test_pictures(workspace):
    write_run(workspace, [], bundle="a-bundle")
    page = open_page()
    assert "No pictures were kept for the final test" in read_all(page)
    assert list_keys(page) == ["evaluation_retrain"]


@pytest.mark.parametrize("run", [UNKNOWN, "../../etc", "*[x](y)*", "a" * 3_000])
def test_unknown_run_is_reported_and_the_newest_is_shown(tested, run):
    page = open_page(run=run)
    (warning,) = page.warning
    assert warning.value.startswith("There are no test results for this training: ")
    assert "9 of 12 correct" in read_all(page)
    assert page.query_params["run"] == tested.id


def test_unknown_run_without_any_runs_is_reported(workspace):
    page = open_page(run=UNKNOWN)
    assert len(page.warning) == 1
    assert list_keys(page) == ["to_hyperparameters"]


def test_run_of_the_selected_model_is_shown(tested):
    newer = write_run(tested.workspace, tested.pictures[:1], bundle="another")
    assert open_page().selectbox(key="evaluation_run").value == newer
    page = open_page(model="a-bundle")
    assert page.selectbox(key="evaluation_run").value == tested.id
    page.selectbox(key="evaluation_run").set_value(newer).run()
    assert not page.exception
    assert page.query_params["run"] == newer
    assert "0 of 1 correct" in read_all(page)
    assert "open**: not tested, it has no test pictures" in read_all(page)


def test_run_with_unreadable_settings_is_reported(tested):
    (tested.workspace.runs / tested.id / "config.json").write_text("{")
    page = open_page()
    assert "cannot be read" in page.error[0].value


def test_click_on_a_cell_shows_its_pictures(tested):
    page = open_page()
    before = list_names(page)
    cell = {"shown": GLOBULAR, "answered": OPEN}
    page.session_state[f"confusion_{tested.id}"] = {"selection": {CELL: [cell]}}
    page.run()
    assert not page.exception
    assert "2 pictures of globular *bright*, answered as open" in read_all(page)
    assert len(list_names(page)) == len(before) + 2


def test_mistakes_are_split_into_pages(tested, monkeypatch):
    monkeypatch.setattr(mistakes, "PER_PAGE", 2)
    page = open_page()
    assert list_names(page) == [one.path.name for one in tested.wrong[:2]]


@pytest.mark.parametrize(
    ("n", "page", "shown"),
    [(0, 1, []), (5, 1, [0, 1, 2, 3, 4]), (7, 1, [0, 1, 2, 3, 4]), (7, 2, [5, 6]), (7, 9, [5, 6])],
)
def test_choose_page_returns_the_slice_of_the_page(monkeypatch, n, page, shown):
    monkeypatch.setattr(st, "pagination", lambda n_pages, key: page)
    assert list(range(n))[mistakes.choose_page(n, 5, "a page")] == shown


@pytest.mark.parametrize("n", [2, 10])
def test_matrix_has_one_cell_per_pair_and_fits_the_screen(n):
    labels = tuple(f"class.{number}[x]" for number in range(n))
    pictures = tuple(TestedPicture(Path("a"), "0", label, labels[0], 0.9) for label in labels)
    spec = draw_confusion(Metrics(labels, pictures), is_dark=False).to_dict()
    (cells,) = spec["datasets"].values()
    assert len(cells) == n * n
    assert sum(cell["n"] for cell in cells) == n
    assert "class.1[x] answered as class.0[x] 1" in spec["description"]
    assert spec["height"] <= 640


@pytest.fixture
def validated(checkable) -> AppTest:
    """The page of a run after a click on Cross-validate."""
    page = open_page()
    page.button(key="cross_validate").click().run()
    assert not page.exception
    return page


def choose_view(page: AppTest, view: View) -> str:
    page.button_group(key="evaluation_view").set_value(view).run()
    assert not page.exception
    return read_all(page)


def test_cross_validation_is_measured_on_request_and_becomes_the_headline(validated):
    words = read_all(validated)
    assert "Cross-validated 48 pictures." in words
    assert "About 98% correct on new pictures (likely" in words
    assert "Test pictures: 1 of 1 correct" in words
    assert "red stars**: 23 of 23 correct" in words
    assert "cross_validate" not in list_keys(validated)
    assert "cross-validated on 48 pictures." in read_all(open_page())


def test_what_the_check_left_open_is_one_click_away(validated, visited_pages):
    assert "The pictures were not checked." in read_all(validated)
    image_dir = Workspace.default().cluster_photos
    with CacheFile(Workspace.default().bottlenecks) as cache:
        index = scan_dataset(image_dir, cache)
    doubt = Finding(FindingKind.WRONG_LABEL, index.pictures[:1], "Wrong.", 1.0)
    blurred = Finding(FindingKind.BLURRED, index.pictures[1:2], "Blurred.", 1.0)
    keep_check(OWNER, index, HealthReport(48, (doubt, blurred), ()))
    words = read_all(open_page())
    assert "The check of the pictures found 2 things to look at, of which 1 may distort" in words
    keep_check(OWNER, index, HealthReport(48, (doubt,), ()))
    page = open_page()
    assert "The check of the pictures found 1 thing that may distort" in read_all(page)
    page.button(key="to_check").click().run()
    assert visited_pages == ["dataset.py"]
    assert page.session_state[VIEW_KEY] == DatasetView.CHECK
    accept_finding(OWNER, image_dir, doubt)
    assert "The check of the pictures left nothing open that may distort" in read_all(open_page())
    index.pictures[0].path.unlink()
    page = open_page()
    assert "nothing open" not in read_all(page)
    assert "and the dataset has changed since." in read_all(page)
    assert page.button(key="to_check").label == "Check again"


def test_test_pictures_can_be_looked_at_instead(validated):
    validated.button_group(key="evaluation_pictures").set_value("Test (1)").run()
    assert not validated.exception
    words = read_all(validated)
    assert "red stars**: not tested, it has no test pictures" in words


def test_training_page_names_the_cross_validation_beside_the_test(validated):
    words = read_all(open_file("training.py"))
    assert "Test pictures: 1 of 1 correct" in words
    assert "cross-validated on 48 pictures." in words
    assert CROSS_VALIDATION_OR_TEST in words


def test_mistakes_follow_the_chosen_pictures(checkable):
    (run,) = list_runs(checkable)
    evaluation = evaluate_run(OWNER, checkable, run.id)
    swapped = evaluation.cross_validation.pictures.scores[:, ::-1]
    pictures = replace(evaluation.cross_validation.pictures, scores=swapped)
    validated = replace(evaluation.cross_validation, pictures=pictures)
    save_evaluation(checkable.runs / run.id, replace(evaluation, cross_validation=validated))
    page = open_page()
    n_wrong = len(pictures.metrics.misclassified)
    assert f"{n_wrong} of 48 pictures of the cross-validation" in read_all(page)
    page.button_group(key="evaluation_pictures").set_value("Test (1)").run()
    assert not page.exception
    assert "None: for every one of the test pictures, the answer matches the class." in read_all(
        page
    )


def test_each_part_of_the_closer_look_is_drawn(validated):
    assert "Precision" in choose_view(validated, View.FIGURES)
    assert list(validated.dataframe[0].value["Pictures"]) == [25, 23]
    assert "Area 1 is perfect" in choose_view(validated, View.ROC)
    assert "area 1 is perfect" in choose_view(validated, View.PRECISION)
    assert "On average, score and accuracy differ by" in choose_view(validated, View.SCORES)
    assert "48 of 48 pictures get an answer (100%)" in choose_view(validated, View.UNSURE)


def test_slider_names_the_scores_that_it_is_based_on(validated, checkable):
    words = choose_view(validated, View.UNSURE)
    assert "Based on the scores of the cross-validation, by quick last layers" in words
    assert 'That it answers some pictures "none of these" is not taken into account.' in words
    (run,) = list_runs(checkable)
    evaluation = load_evaluation(checkable, run.id)
    tested = replace(evaluation, test=evaluation.cross_validation.pictures)
    save_evaluation(checkable.runs / run.id, tested)
    validated.button_group(key="evaluation_pictures").set_value("Test (1)").run()
    validated.button_group(key="evaluation_view").set_value(View.UNSURE).run()
    assert not validated.exception
    assert "Based on this model's scores of these pictures." in read_all(validated)


def test_limit_for_unsure_answers_is_kept_and_undone(validated, checkable):
    choose_view(validated, View.UNSURE)
    (bundle,) = checkable.bundles.iterdir()
    before = load_bundle(bundle).unsure_below
    validated.slider(key=f"evaluation_unsure_{bundle.name}").set_value(90).run()
    validated.button(key="evaluation_keep_unsure").click().run()
    assert not validated.exception
    assert load_bundle(bundle).unsure_below == 0.9
    assert "Answers of this model below 90% are now unsure." in read_all(validated)
    validated.button(key="undo").click().run()
    assert not validated.exception
    assert load_bundle(bundle).unsure_below == before


def test_trainings_are_compared_on_the_same_pictures(tested):
    better = [replace(one, predicted=one.label) for one in tested.pictures]
    other = write_run(tested.workspace, better, bundle="another")
    page = open_page(run=tested.id)
    page.selectbox(key="compare_with").set_value(other).run()
    assert not page.exception
    words = read_all(page)
    assert "Of 12 pictures, this training is right in 9 and the other training in 12." in words
    assert "no evidence that one is better" in words
    assert "3 pictures get different answers" in words


def test_model_is_tested_on_another_dataset(checkable, photos):
    shutil.copytree(photos, checkable.root / "other_photos")
    page = open_page()
    assert page.selectbox(key="folder_dataset").value == "other"
    page.button(key="test_folder").click().run()
    assert not page.exception
    words = read_all(page)
    assert "48 of 48 correct (100%); likely" in words
    assert re.search(r"The model learned from \d+ of these 48 pictures", words)


def test_dataset_of_other_classes_is_refused_in_a_sentence(checkable):
    write_photos(checkable.root / "cats_photos", 2, {"cats": (9, 200, 9), "dogs": (200, 9, 9)})
    page = open_page()
    page.selectbox(key="folder_dataset").set_value("cats").run()
    page.button(key="test_folder").click().run()
    assert not page.exception
    assert "has no pictures of these classes" in read_all(page)


def test_model_can_be_tested_without_any_training(workspace):
    save_picture(workspace.cluster_photos / "open" / "a.png", draw_blob(1))
    page = open_page()
    assert page.selectbox(key="folder_model").value == "starter"
    assert "test_folder" in list_keys(page)


def test_report_can_be_downloaded_while_there_is_a_model(validated, checkable):
    assert [one.label for one in validated.get("download_button")] == ["Download report"]
    (bundle,) = checkable.bundles.iterdir()
    shutil.rmtree(bundle)
    validated.run()
    assert not validated.exception
    assert not validated.get("download_button")


def test_run_without_test_pictures_is_cross_validated(checkable):
    (bundle,) = checkable.bundles.iterdir()
    run_id = write_run(checkable, [], ("blue stars", "red stars"), bundle=bundle.name)
    page = open_page(run=run_id)
    assert "The accuracy is unknown." in read_all(page)
    page.button(key="cross_validate").click().run()
    assert not page.exception
    words = read_all(page)
    assert "cross-validated on 48 pictures." in words
    assert "No pictures were kept for the final test." in words
    assert "red stars**: 23 of 23 correct" in words
    assert "NaN" not in words
