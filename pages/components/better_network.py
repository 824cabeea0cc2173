"""The hint that another network suits a training's pictures better, with one click to use it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.errors import ClusterError
from cluster_core.evaluation.scores import Metrics
from cluster_core.model.bundle.bundle import load_bundle
from cluster_core.model.bundle.selection import model_dir
from cluster_core.training.choice.decision import NetworkChoice
from cluster_core.training.choice.trial import find_latest_choice
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import RunStatus
from cluster_core.workspace import Workspace
from pages.components.run_start import start_run
from pages.components.text import escape_markdown
from pages.components.words import format_percent, name_network


def show_better_network(
    workspace: Workspace, status: RunStatus, config: TrainConfig, metrics: Metrics
) -> None:
    """Draw the hint, with a button to train with the better network, if there is one.

    Parameters
    ----------
    workspace : Workspace
    status : RunStatus
        A training that has ended.
    config : TrainConfig
        Its settings.
    metrics : Metrics
        Its final test.
    """
    choice = _find_better(workspace, status, metrics)
    if choice is None:
        return
    better, used = map(choice.find_figure, (choice.architecture, status.architecture))
    assert better
    assert used
    name, used_name = map(name_network, (choice.architecture, status.architecture))
    with st.container(horizontal=True, vertical_alignment="center", key="better_network"):
        st.warning(
            f"{name} suits these pictures better than {escape_markdown(used_name)}: in a trial it "
            f"labelled {format_percent(better.accuracy)} of them correctly, against "
            f"{format_percent(used.accuracy)}.",
            icon=":material/experiment:",
            width="stretch",
        )
        if is_allowed(Action.TRAIN) and st.button(
            f"Train with {name}",
            key="train_with_better",
            icon=":material/model_training:",
            help="All other settings stay the same.",
        ):
            start_run(workspace, replace(config, architecture=choice.architecture))


def _find_better(workspace: Workspace, status: RunStatus, metrics: Metrics) -> NetworkChoice | None:
    """Return the latest trial on a training's pictures if its network was clearly worse."""
    if status.bundle is None:
        return None
    with suppress(ClusterError):  # the model or the cache may have been deleted since
        dataset = load_bundle(model_dir(workspace, status.bundle)).dataset
        choice = find_latest_choice(str(dataset.get("sha256")), workspace)
        better = choice and choice.find_figure(choice.architecture)
        if choice and better and choice.is_better_than(status.architecture):
            # A test that went better than the trial leaves nothing to gain.
            is_at_its_best = metrics.n and metrics.accuracy >= better.accuracy
            return None if is_at_its_best else choice
    return None
