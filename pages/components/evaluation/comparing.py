"""Two trainings on the same pictures: which is better, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from cluster_core.evaluation.comparison import Comparison, compare
from cluster_core.evaluation.review import find_picture
from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.evaluation.words import describe_comparison
from cluster_core.model.prediction.words import format_score
from cluster_core.training.runs import RunStatus, list_runs, load_evaluation, load_result
from cluster_core.workspace import Workspace
from pages.components.evaluation.mistakes import COLUMNS, PER_PAGE, choose_page, show_thumbnail
from pages.components.text import escape_markdown
from pages.components.words import format_time, name_network, number_duplicates


def show_comparison(workspace: Workspace, status: RunStatus, image_dir: Path) -> None:
    """Draw the choice of another training on the same dataset, and the comparison with it.

    Parameters
    ----------
    workspace : Workspace
    status : RunStatus
        The chosen training.
    image_dir : Path
        Its dataset.
    """
    others = {
        one.id: one
        for one in list_runs(workspace)
        if one.bundle and one.id != status.id and one.dataset == status.dataset
    }
    if not others:
        return
    with st.expander("Compare with another training", icon=":material/compare:", key="compare"):
        names = dict(
            zip(others, number_duplicates([_name(one) for one in others.values()]), strict=True)
        )
        other = st.selectbox(
            "Other training",
            list(others),
            format_func=names.__getitem__,
            index=None,
            placeholder="Choose a training",
            key="compare_with",
            width=420,
        )
        if other is None:
            st.caption("Both answer the same pictures, and only the answers that differ count.")
            return
        _show(workspace, status, others[other], image_dir)


def _show(workspace: Workspace, one: RunStatus, other: RunStatus, image_dir: Path) -> None:
    source, answers = _load(workspace, one, other)
    comparison = compare(*answers)
    titles = _title(one, other)
    st.markdown(escape_markdown(describe_comparison(comparison, *titles)))
    if not comparison.n:
        return
    st.caption(f"{source} Chance: McNemar's exact test.")
    if comparison.differing:
        _show_differences(workspace, comparison, titles, image_dir)


def _load(workspace: Workspace, one: RunStatus, other: RunStatus) -> tuple[str, Sequence[Metrics]]:
    """Return where the answers are from, and those of both.

    A cross-validation has more pictures than a test, but depends on the network only.
    """
    if one.architecture != other.architecture:
        evaluations = [load_evaluation(workspace, run.id) for run in (one, other)]
        validated = [found.cross_validation for found in evaluations if found]
        pictures = [found.pictures.metrics for found in validated if found]
        if len(pictures) == 2:  # noqa: PLR2004
            return "Answers of the cross-validations.", pictures
    results = [load_result(workspace, run.id) for run in (one, other)]
    return "Answers of the final tests.", [
        result.metrics if result else Metrics((), ()) for result in results
    ]


def _title(one: RunStatus, other: RunStatus) -> tuple[str, str]:
    names = name_network(one.architecture), name_network(other.architecture)
    return names if names[0] != names[1] else ("this training", "the other training")


def _show_differences(
    workspace: Workspace, comparison: Comparison, titles: tuple[str, str], image_dir: Path
) -> None:
    pairs = comparison.differing
    noun = "picture gets" if len(pairs) == 1 else "pictures get"
    st.markdown(f"**{len(pairs)} {noun} different answers**")
    shown = pairs[choose_page(len(pairs), PER_PAGE, "differences_page")]
    for start in range(0, len(shown), COLUMNS):
        row = shown[start : start + COLUMNS]
        for column, pair in zip(st.columns(COLUMNS), row, strict=False):
            with column, st.container(border=True):
                path = find_picture(image_dir, pair[0]).path
                show_thumbnail(workspace, path, pair[0].path.name)
                st.markdown(
                    "  \n".join(
                        [
                            f"Class: **{escape_markdown(pair[0].label)}**",
                            *(
                                _describe(title, tested)
                                for title, tested in zip(titles, pair, strict=True)
                            ),
                        ]
                    )
                )


def _describe(title: str, tested: TestedPicture) -> str:
    icon = ":material/check:" if tested.is_right else ":material/close:"
    answer = f"{escape_markdown(tested.predicted)} ({format_score(tested.score)})"
    return f"{icon} {escape_markdown(title)}: {answer}"


def _name(status: RunStatus) -> str:
    return f"{name_network(status.architecture)}, {format_time(status.created, seconds=True)}"
