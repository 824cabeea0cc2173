"""The score of tests by the labels of today, once test pictures are in another class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from cluster_core.evaluation.review import RescoredTest, rescore
from cluster_core.evaluation.scores import Metrics
from cluster_core.training.runs import RunStatus, list_runs, load_result
from cluster_core.workspace import Workspace
from pages.components.words import (
    format_percent,
    format_time,
    name_network,
    number_duplicates,
)

MAX_COMPARED = 5


@dataclass(frozen=True)
class _Test:
    status: RunStatus
    metrics: Metrics
    today: RescoredTest


def show_changed_labels(
    workspace: Workspace, run_id: str, image_dir: Path, metrics: Metrics
) -> bool:
    """Draw how many test labels changed since, and the scores of all trainings by those of today.

    Nothing is drawn while all labels are as they were.

    Parameters
    ----------
    workspace : Workspace
    run_id : str
        The chosen run.
    image_dir : Path
        Its dataset.
    metrics : Metrics
        Result of its test.

    Returns
    -------
    bool
        Whether labels of the chosen run's test pictures changed.
    """
    tests = _list_tests(workspace, run_id, image_dir)
    chosen = rescore(image_dir, metrics)
    if not any(test.today.n_changed for test in tests):
        return False
    if chosen.n_changed:
        noun = "test label" if chosen.n_changed == 1 else "test labels"
        st.info(
            f"{chosen.n_changed} {noun} changed since the test. By today's labels, "
            f"{_describe(chosen.metrics)} are correct.",
            icon=":material/rule:",
        )
    else:
        st.caption("Labels of earlier tests have changed since. By today's labels:")
    names = [
        f"{name_network(test.status.architecture)}, "
        f"{format_time(test.status.created, seconds=True)}"
        for test in tests
    ]
    st.dataframe(
        {
            "Training": number_duplicates(names),
            "When tested": [_describe(test.metrics) for test in tests],
            "Today's labels": [_describe(test.today.metrics) for test in tests],
            "Pictures of both tests": [
                "" if test.status.id == run_id else _compare(test.today.metrics, chosen.metrics)
                for test in tests
            ],
        },
        hide_index=True,
        key="changed_labels",
        column_config={
            "Pictures of both tests": st.column_config.TextColumn(
                help="By today's labels, on the pictures that this training and the chosen "
                "one were both tested with."
            )
        },
    )
    return bool(chosen.n_changed)


def _list_tests(workspace: Workspace, run_id: str, image_dir: Path) -> list[_Test]:
    """Return the tests of the newest trainings on a dataset, and that of the chosen one."""
    runs = list_runs(workspace)
    dataset = next((status.dataset for status in runs if status.id == run_id), None)
    same = [status for status in runs if status.bundle and status.dataset == dataset]
    kept = [one for at, one in enumerate(same) if at < MAX_COMPARED or one.id == run_id]
    tests = []
    for status in kept:
        result = load_result(workspace, status.id)
        if result is not None and result.metrics.n:
            tests.append(_Test(status, result.metrics, rescore(image_dir, result.metrics)))
    return tests


def _describe(metrics: Metrics) -> str:
    if not metrics.n:
        return "0 of 0"
    return f"{metrics.n_right} of {metrics.n} ({format_percent(metrics.accuracy)})"


def _compare(metrics: Metrics, chosen: Metrics) -> str:
    """Return the numbers of right answers on the pictures of two tests."""
    common = {one.sha256 for one in metrics.pictures} & {one.sha256 for one in chosen.pictures}
    if not common:
        return "none"
    n_right, n_right_chosen = (
        replace(one, pictures=tuple(p for p in one.pictures if p.sha256 in common)).n_right
        for one in (metrics, chosen)
    )
    return f"{n_right} of {len(common)}; the chosen one {n_right_chosen}"
