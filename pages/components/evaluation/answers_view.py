"""The answers of an evaluation: confusion matrix, each class, and the pictures in a cell."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cluster_core.evaluation.review import find_picture
from cluster_core.evaluation.scores import Metrics
from cluster_core.model.prediction.words import format_score
from cluster_core.workspace import Workspace
from pages.components.evaluation.confusion_matrix import MANY_CLASSES, show_confusion
from pages.components.evaluation.mistakes import choose_page, show_thumbnail
from pages.components.text import escape_markdown
from pages.components.words import format_percent

CELL_COLUMNS = 6
CELL_PER_PAGE = 24


def show_answers(workspace: Workspace, image_dir: Path, metrics: Metrics, key: str) -> None:
    """Draw the confusion matrix beside the classes, and the pictures of a clicked cell.

    Parameters
    ----------
    workspace : Workspace
    image_dir : Path
        The dataset.
    metrics : Metrics
        The answers.
    key : str
        Suffix of the keys of all widgets.
    """
    has_many = len(metrics.labels) >= MANY_CLASSES
    matrix, classes = (st.container(), st.container()) if has_many else st.columns(2, gap="large")
    with matrix:
        with st.container(horizontal=True, vertical_alignment="center"):
            # The caption keeps the headline clear of the chart's toolbar.
            st.caption("Click a cell to see its pictures.", width="stretch")
            in_shares = st.toggle(
                "In percent", key=f"shares_{key}", help="Share of each class, row by row."
            )
        picked = show_confusion(metrics, f"confusion_{key}", in_shares=in_shares)
    with classes:
        st.subheader("Each class", anchor=False)
        show_classes(metrics)
    if picked is not None:
        show_cell(workspace, image_dir, metrics, picked)


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


def show_cell(
    workspace: Workspace, image_dir: Path, metrics: Metrics, cell: tuple[str, str]
) -> None:
    """Draw the pictures in one cell of the confusion matrix.

    Parameters
    ----------
    workspace : Workspace
    image_dir : Path
        The dataset.
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
                path = find_picture(image_dir, tested).path
                show_thumbnail(workspace, path, f"{tested.path.name}, {format_score(tested.score)}")
