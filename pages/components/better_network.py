"""The hint that another network suits a training's pictures better, with one click to use it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cluster_core.access import Action
from cluster_core.data.splits import Split
from cluster_core.errors import ClusterError
from cluster_core.evaluation.scores import Metrics
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import model_dir
from cluster_core.training.choice.decision import NetworkChoice
from cluster_core.training.choice.trial import find_latest_choice
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import RunStatus
from cluster_core.workspace import Workspace
from pages.components.dataset_contents import DatasetReading, read_dataset
from pages.components.network_choice import get_choice, run_trial_if_due
from pages.components.run_start import start_run
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown
from pages.components.words import format_percent, name_network


@dataclass(frozen=True)
class Comparison:
    """A trial that can tell whether another network does better.

    Attributes
    ----------
    workspace : Workspace
    reading : DatasetReading
    split : Split
        Its division by the settings of the training.
    area : DeltaGenerator
        Where the progress or a button is drawn.
    """

    workspace: Workspace
    reading: DatasetReading
    split: Split
    area: DeltaGenerator

    def run_if_due(self, *, is_unasked: bool = True) -> None:
        """Run the trial if it is quick or was asked for; see `run_trial_if_due`."""
        run_trial_if_due(self.workspace, self.reading, self.split, self.area, is_unasked=is_unasked)


def show_better_network(
    workspace: Workspace, status: RunStatus, config: TrainConfig, metrics: Metrics
) -> Comparison | None:
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

    Returns
    -------
    Comparison or None
        The trial that is still needed to know; None if there was one, or nothing to gain.
    """
    # A perfect test leaves nothing to gain.
    if status.bundle is None or (metrics.n and metrics.n_right == metrics.n):
        return None
    choice = _find_trial(workspace, status.bundle)
    comparison = None if choice else _plan_comparison(workspace, config)
    if comparison:
        choice = get_choice(workspace, comparison.reading, comparison.split)
    if choice and (compared := _compare(choice, status.architecture, metrics)):
        _show_hint(workspace, choice, config, compared)
    return comparison if choice is None else None


def _show_hint(
    workspace: Workspace, choice: NetworkChoice, config: TrainConfig, compared: str
) -> None:
    name = name_network(choice.architecture)
    with st.container(horizontal=True, vertical_alignment="center", key="better_network"):
        st.warning(
            f"{name} suits these pictures better than {compared}.",
            icon=":material/experiment:",
            width="stretch",
        )
        if get_access().allows(Action.TRAIN) and st.button(
            f"Train with {name}",
            key="train_with_better",
            icon=":material/model_training:",
            help="All other settings stay the same.",
        ):
            start_run(workspace, replace(config, architecture=choice.architecture))


def _find_trial(workspace: Workspace, bundle: str) -> NetworkChoice | None:
    """Return the latest trial on the pictures that a model learned from, or None."""
    with suppress(ClusterError):  # the model or the cache may have been deleted since
        dataset = load_bundle(model_dir(workspace, bundle)).dataset
        return find_latest_choice(str(dataset.get("sha256")), workspace)
    return None


def _plan_comparison(workspace: Workspace, config: TrainConfig) -> Comparison | None:
    """Return the trial on the dataset as it is today; None if it is gone or may not be tried."""
    if not get_access().allows(Action.EVALUATE):
        return None
    with suppress(ClusterError):
        reading = read_dataset(workspace, config.image_dir)
        return Comparison(workspace, reading, reading.split(config), st.empty())
    return None


def _compare(choice: NetworkChoice, architecture: str, metrics: Metrics) -> str | None:
    """Say how much worse a network did than the chosen one; None if it is not clearly worse."""
    better, used = map(choice.find_figure, (choice.architecture, architecture))
    if better is None or (metrics.n and metrics.accuracy >= better.accuracy):
        return None
    name = escape_markdown(name_network(architecture))
    in_trial = f"in a trial it labelled {format_percent(better.accuracy)} of them correctly"
    if used is not None:
        against = f"{name}: {in_trial}, against {format_percent(used.accuracy)}"
        return against if used.is_clearly_worse else None
    # Not tried, because it is slow: its final test has to do.
    if metrics.n and metrics.interval[1] < better.low:
        tested = format_percent(metrics.accuracy)
        return f"{name}: {in_trial}, against {tested} of the test pictures"
    return None
