"""The Evaluation page: how good a model is, and what it got right and wrong."""

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.evaluation.cross_validation import CrossValidation
from cluster_core.evaluation.report.html import make_html
from cluster_core.evaluation.scored_pictures import ScoredPictures
from cluster_core.evaluation.scores import Metrics
from cluster_core.training.config import TrainConfig
from cluster_core.training.insight.run_report import report_run
from cluster_core.training.runs import load_config, load_evaluation, load_result, load_status
from cluster_core.workspace import DATASET_SUFFIX
from pages.components.active_training import show_way_to_a_model
from pages.components.better_network import show_better_network
from pages.components.deleted_model import is_deleted, show_deleted_model
from pages.components.evaluation.answers_view import show_answers
from pages.components.evaluation.changed_labels import show_changed_labels
from pages.components.evaluation.comparing import show_comparison
from pages.components.evaluation.data_check import show_data_check
from pages.components.evaluation.figures_view import show_figures
from pages.components.evaluation.folder_view import show_folder_test
from pages.components.evaluation.headline import show_headline
from pages.components.evaluation.label_check import show_label_check
from pages.components.evaluation.mistakes import show_mistakes
from pages.components.evaluation.run_choice import choose_tested_run
from pages.components.long_work import continue_work
from pages.components.outcome import show_outcome
from pages.components.run_start import start_run
from pages.components.selection import Choice, get_chosen
from pages.components.signed_in import get_workspace
from pages.components.text import escape_markdown


def show_train_again(config: TrainConfig, *, is_due: bool) -> None:
    """Draw the button that trains again; `is_due` makes it stand out."""
    if is_due:
        st.info(
            "The dataset has changed since this test. Train again to see whether the model "
            "improves."
        )
    if st.button(
        "Train again",
        key="evaluation_retrain",
        type="primary" if is_due else "secondary",
        icon=":material/model_training:",
        help="Trains again with the same settings on the current dataset.",
    ):
        start_run(workspace, config)


def show_report_button(run_id: str) -> None:
    """Draw the button that downloads everything on this page as one HTML file."""
    try:
        report = report_run(workspace, run_id)
    except ClusterError:  # the model was deleted or damaged since
        return
    st.download_button(
        "Download report",
        lambda: make_html(report, workspace),
        file_name=f"evaluation-{run_id}.html",
        mime="text/html",
        key="download_report",
        icon=":material/download:",
        help="One page with all figures, plots, mistakes, settings and versions. It opens offline.",
        on_click="ignore",
    )


def show_mistakes_of(run_id: str, config: TrainConfig, answers: Metrics, *, is_test: bool) -> bool:
    """Draw the mistakes in the test or in the cross-validation.

    Return whether any of these pictures has changed since.
    """
    pictures = "test pictures" if is_test else "pictures of the cross-validation"
    st.subheader("Mistakes", anchor=False)
    if not answers.misclassified:
        st.success(f"None: for every one of the {pictures}, the answer matches the class.")
        return False
    st.caption(
        f"{len(answers.misclassified):,} of {answers.n:,} {pictures}; those with the highest "
        "scores come first. A picture in the wrong class often shows up here."
        + ("" if is_test else " Each score is the mean of several divisions into parts.")
    )
    return show_mistakes(workspace, config.image_dir, run_id, answers.misclassified)


def choose_pictures(
    validated: CrossValidation | None, tested: ScoredPictures | None, metrics: Metrics | None
) -> tuple[ScoredPictures | None, Metrics | None]:
    """Draw the choice between all pictures and the test's, if there are both."""
    if validated is None:
        return tested, metrics
    every, test = (
        f"Cross-validation ({len(validated.pictures):,})",
        f"Test ({metrics.n:,})" if metrics else "",
    )
    if metrics is not None and metrics.n:
        chosen = st.segmented_control(
            "Pictures",
            [every, test],
            default=every,
            key="evaluation_pictures",
            help="The cross-validation judges all pictures with a quick last layer that did not "
            "learn from them. The test judges the model itself, on a few pictures kept for it.",
        )
        if chosen == test:
            return tested, metrics
    return validated.pictures, validated.pictures.metrics


st.title("Evaluation", anchor=False)
workspace = get_workspace()
requested = get_chosen(Choice.RUN)
run_id = choose_tested_run(workspace)
if run_id is None:
    st.write(
        "This page shows what a model got right and wrong, picture by picture. No training started "
        "in the browser has finished yet."
    )
    show_way_to_a_model(workspace, "Choose settings and train", "tune")
    show_outcome()
    continue_work()
    show_folder_test(workspace, None, None)
    st.stop()
result = load_result(workspace, run_id)
try:
    run_config = load_config(workspace, run_id)
except ClusterError as error:
    st.error(escape_markdown(str(error)), icon=":material/error:")
    st.stop()
metrics = result.metrics if result and result.metrics.n else None
status = load_status(workspace, run_id)
model_id = status.bundle or ""
evaluation = load_evaluation(workspace, run_id)
validated = evaluation.cross_validation if evaluation else None
has_model = not is_deleted(workspace, model_id)
if not has_model:
    show_deleted_model(workspace, model_id)
show_headline(workspace, run_id, evaluation, metrics, has_model=has_model)
dataset = run_config.image_dir.name.removesuffix(DATASET_SUFFIX)
show_data_check(workspace, run_config.image_dir, dataset)
comparison = show_better_network(workspace, status, run_config, metrics) if metrics else None
show_outcome()
continue_work()
has_changed = False
if metrics is not None:
    has_changed = show_changed_labels(workspace, run_id, run_config.image_dir, metrics)
scored, answers = choose_pictures(validated, evaluation.test if evaluation else None, metrics)
if answers is not None:
    key = run_id if answers is metrics else f"{run_id}_all"
    show_answers(workspace, run_config.image_dir, answers, key)
    has_changed |= show_mistakes_of(run_id, run_config, answers, is_test=answers is metrics)
if has_model:  # its network judges
    has_changed |= show_label_check(workspace, run_config.image_dir, model_id)
if scored is not None:
    st.subheader("A closer look", anchor=False)
    show_figures(scored, validated, model_id if has_model else None, "evaluation")
show_comparison(workspace, status, run_config.image_dir)
show_folder_test(workspace, model_id, dataset)
with st.container(horizontal=True):
    show_train_again(run_config, is_due=has_changed)
    show_report_button(run_id)
if comparison is not None:
    # The page is drawn again after a trial, without the notice about an unknown training.
    comparison.run_if_due(is_unasked=requested in (None, run_id))
