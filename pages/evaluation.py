"""What a model got right and wrong in its test, and what to do about it."""

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.errors import ClusterError
from cluster_core.evaluation.review import find_picture
from cluster_core.evaluation.scores import Metrics
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import load_config, load_result
from cluster_core.workspace import Workspace
from pages.components.evaluation.confusion_matrix import MANY_CLASSES, show_confusion
from pages.components.evaluation.mistakes import choose_page, show_mistakes, show_thumbnail
from pages.components.evaluation.run_choice import choose_tested_run
from pages.components.navigation import PageFile
from pages.components.outcome import show_outcome
from pages.components.run_view import start_run
from pages.components.text import escape_markdown
from pages.components.words import describe_accuracy, format_percent

CELL_COLUMNS = 6
CELL_PER_PAGE = 24


def show_classes(metrics: Metrics) -> None:
    """Draw how each class fared, with what is plausible for other pictures of it."""
    for found in metrics.classes:
        if not found.n:
            st.progress(0.0, f"**{escape_markdown(found.label)}**: not tested, no pictures kept")
            continue
        low, high = found.interval
        st.progress(
            found.n_right / found.n,
            f"**{escape_markdown(found.label)}**: {found.n_right} of {found.n} right "
            f":gray[(between {format_percent(low)} and {format_percent(high)} is plausible)]",
        )


def show_cell(config: TrainConfig, metrics: Metrics, cell: tuple[str, str]) -> None:
    """Draw the pictures of a cell of the confusion matrix."""
    chosen = [one for one in metrics.pictures if (one.label, one.predicted) == cell]
    label, answer = map(escape_markdown, cell)
    st.markdown(f"**{len(chosen)} in {label}, answered {answer}**")
    shown = chosen[choose_page(len(chosen), CELL_PER_PAGE, f"cell_page_{cell}")]
    for start in range(0, len(shown), CELL_COLUMNS):
        row = shown[start : start + CELL_COLUMNS]
        for column, tested in zip(st.columns(CELL_COLUMNS), row, strict=False):
            with column:
                path = find_picture(config.image_dir, tested).path
                show_thumbnail(workspace, path, f"{tested.path.name}, {tested.score:.0%}")


def show_retrain(config: TrainConfig, *, is_due: bool) -> None:
    """Draw the button that trains again with the same settings."""
    if not is_allowed(Action.TRAIN):
        return
    if is_due:
        st.info("The dataset has changed since this test: retrain, and see whether it does better.")
    if st.button(
        "Retrain",
        key="evaluation_retrain",
        type="primary" if is_due else "secondary",
        icon=":material/model_training:",
        help="Trains again with the same settings on the dataset as it is now.",
    ):
        start_run(workspace, config)


st.title("Evaluation", anchor=False)
workspace = Workspace.default()
run_id = choose_tested_run(workspace)
if run_id is None:
    st.write(
        "Here you will see what a model got right and wrong, picture by picture. Nothing has been "
        "trained to the end yet."
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
        "No pictures were kept for the final test, so nothing is known: under Hyperparameters, "
        "raise Test pictures."
    )
    show_retrain(run_config, is_due=False)
    st.stop()
metrics = result.metrics
st.markdown(f"#### {describe_accuracy(metrics.n_right, metrics.n)}")
show_outcome()
has_many = len(metrics.labels) >= MANY_CLASSES
matrix, classes = (st.container(), st.container()) if has_many else st.columns(2, gap="large")
with matrix:
    # Above, as the chart's own buttons appear there and would cover the headline.
    st.caption("Click a cell to see its pictures.")
    picked = show_confusion(metrics, f"confusion_{run_id}")
with classes:
    st.subheader("Each class", anchor=False)
    show_classes(metrics)
if picked is not None:
    show_cell(run_config, metrics, picked)
st.subheader("What it got wrong", anchor=False)
if metrics.misclassified:
    st.caption("The surest mistakes first: a wrong label in your folders often shows up here.")
    has_changed = show_mistakes(workspace, run_config.image_dir, run_id, metrics.misclassified)
else:
    st.success("Nothing: every test picture was answered as its folder says.")
    has_changed = False
show_retrain(run_config, is_due=has_changed)
