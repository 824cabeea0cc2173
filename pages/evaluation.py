"""The Evaluation page: what a model got right and wrong in its final test."""

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.errors import ClusterError
from cluster_core.evaluation.review import find_picture
from cluster_core.evaluation.scores import Metrics
from cluster_core.model.prediction.words import format_score
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import load_config, load_result, load_status
from cluster_core.workspace import Workspace
from pages.components.better_network import show_better_network
from pages.components.evaluation.changed_labels import show_changed_labels
from pages.components.evaluation.confusion_matrix import MANY_CLASSES, show_confusion
from pages.components.evaluation.label_check import show_label_check
from pages.components.evaluation.mistakes import choose_page, show_mistakes, show_thumbnail
from pages.components.evaluation.run_choice import choose_tested_run
from pages.components.long_work import continue_work
from pages.components.navigation import PageFile
from pages.components.outcome import show_outcome
from pages.components.run_start import start_run
from pages.components.selection import Choice, get_chosen
from pages.components.text import escape_markdown
from pages.components.words import describe_accuracy, format_percent

CELL_COLUMNS = 6
CELL_PER_PAGE = 24


def show_classes(metrics: Metrics) -> None:
    """Draw the accuracy of each class, with its 95% confidence interval."""
    for score in metrics.classes:
        if not score.n:
            st.progress(
                0.0, f"**{escape_markdown(score.label)}**: not tested, it has no test pictures"
            )
            continue
        low, high = score.interval
        st.progress(
            score.n_right / score.n,
            f"**{escape_markdown(score.label)}**: {score.n_right} of {score.n} correct "
            f":gray[(likely {format_percent(low)} to {format_percent(high)})]",
        )


def show_cell(config: TrainConfig, metrics: Metrics, cell: tuple[str, str]) -> None:
    """Draw the pictures in one cell of the confusion matrix.

    Parameters
    ----------
    config : TrainConfig
    metrics : Metrics
    cell : tuple of str
        The class of the pictures, and the answer they were given.
    """
    chosen = [one for one in metrics.pictures if (one.label, one.predicted) == cell]
    label, answer = map(escape_markdown, cell)
    noun = "picture" if len(chosen) == 1 else "pictures"
    st.markdown(f"**{len(chosen)} {noun} of {label}, answered as {answer}**")
    shown = chosen[choose_page(len(chosen), CELL_PER_PAGE, f"cell_page_{cell}")]
    for start in range(0, len(shown), CELL_COLUMNS):
        row = shown[start : start + CELL_COLUMNS]
        for column, tested in zip(st.columns(CELL_COLUMNS), row, strict=False):
            with column:
                path = find_picture(config.image_dir, tested).path
                show_thumbnail(workspace, path, f"{tested.path.name}, {format_score(tested.score)}")


def show_train_again(config: TrainConfig, *, is_due: bool) -> None:
    """Draw the button that trains again; `is_due` makes it stand out."""
    if not is_allowed(Action.TRAIN):
        return
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


st.title("Evaluation", anchor=False)
workspace = Workspace.default()
requested = get_chosen(Choice.RUN)
run_id = choose_tested_run(workspace)
if run_id is None:
    st.write(
        "This page shows what a model got right and wrong, picture by picture. No training started "
        "in the browser has finished yet."
    )
    if st.button("Choose settings and train", key="to_hyperparameters", icon=":material/tune:"):
        st.switch_page(PageFile.HYPERPARAMETERS)
    st.stop()
result = load_result(workspace, run_id)
try:
    run_config = load_config(workspace, run_id)
except ClusterError as error:
    st.error(escape_markdown(str(error)), icon=":material/error:")
    st.stop()
if result is None or not result.metrics.n:
    st.info(
        "No pictures were kept for the final test, so the accuracy is unknown. To find out, raise "
        "Test pictures on the Hyperparameters page and train again."
    )
    show_train_again(run_config, is_due=False)
    st.stop()
metrics = result.metrics
status = load_status(workspace, run_id)
st.markdown(f"#### {describe_accuracy(metrics.n_right, metrics.n)}")
comparison = show_better_network(workspace, status, run_config, metrics)
show_outcome()
continue_work()
has_relabelled = show_changed_labels(workspace, run_id, run_config.image_dir, metrics)
has_many = len(metrics.labels) >= MANY_CLASSES
matrix, classes = (st.container(), st.container()) if has_many else st.columns(2, gap="large")
with matrix:
    # The caption keeps the headline clear of the chart's toolbar.
    st.caption("Click a cell to see its pictures.")
    picked = show_confusion(metrics, f"confusion_{run_id}")
with classes:
    st.subheader("Each class", anchor=False)
    show_classes(metrics)
if picked is not None:
    show_cell(run_config, metrics, picked)
st.subheader("Mistakes", anchor=False)
if metrics.misclassified:
    st.caption(
        "Mistakes with the highest scores come first. A picture in the wrong class often shows up "
        "here."
    )
    has_changed = show_mistakes(workspace, run_config.image_dir, run_id, metrics.misclassified)
else:
    st.success("None: for every test picture, the answer matches its class.")
    has_changed = False
has_changed |= show_label_check(workspace, run_config.image_dir, status.bundle or "")
show_train_again(run_config, is_due=has_changed or has_relabelled)
if comparison is not None:
    # The page is drawn again after a trial, without the notice about an unknown training.
    comparison.run_if_due(is_unasked=requested in (None, run_id))
