"""What a training would do with these settings, and the button that begins it."""

from __future__ import annotations

import json
import time

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.data.splits import Split
from cluster_core.errors import ClusterError
from cluster_core.model.head.settings import Evaluation
from cluster_core.storage.cache_file import FILE_NAME
from cluster_core.training.config import TrainConfig
from cluster_core.training.insight.estimates import estimate_training
from cluster_core.training.jobs.supervisor import find_supervisor
from cluster_core.training.runs import list_runs
from cluster_core.workspace import Workspace
from pages.components.charts import Measure, draw_learning_curve
from pages.components.dataset_contents import DatasetReading
from pages.components.hyperparameters.architecture_cards import is_at_hand
from pages.components.run_view import start_run
from pages.components.terminal_command import show_command
from pages.components.text import escape_markdown
from pages.components.words import format_percent, format_seconds

PREVIEW_TIMEOUT_S = 4.0
_PREVIEW = "preview"
_ESTIMATE = "estimate"


def show_start(workspace: Workspace, config: TrainConfig | None, reading: DatasetReading) -> None:
    """Draw what can be said before a training, its button, and what it would come to."""
    st.subheader("Before you start")
    split = None
    if config is None:
        st.warning("One setting does not fit: it is marked in red.", icon=":material/rule:")
    else:
        split = _find_split(config, reading)
    if config is not None and split is not None:
        st.markdown(_describe_sides(split))
        st.markdown(_describe_time(workspace, config, reading))
    _show_button(workspace, config if split is not None else None)
    if config is None:
        return
    if split is not None:
        _show_preview(workspace, config, reading)
    show_command(workspace, config)


def show_train_at_once(
    workspace: Workspace, config: TrainConfig | None, reading: DatasetReading
) -> None:
    """Draw the button on top as well: on a phone the other is five screens of settings below."""
    if config is None or not is_allowed(Action.TRAIN):
        return
    try:
        reading.split(config)
    except ClusterError:  # said beside the button below
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Train with these settings",
            key="train_at_once",
            type="primary",
            icon=":material/model_training:",
        ):
            start_run(workspace, config)
        st.caption("Good ones to begin with stand below; change what you like.", width="content")


def _find_split(config: TrainConfig, reading: DatasetReading) -> Split | None:
    try:
        return reading.split(config)
    except ClusterError as error:
        st.error(escape_markdown(str(error)), icon=":material/photo_library:")
        return None


def _describe_sides(split: Split) -> str:
    sides = (
        (split.training, "to learn from"),
        (split.validation, "to watch it with"),
        (split.testing, "for the final test"),
    )
    words = [f"{len(pictures)} {purpose}" for pictures, purpose in sides if pictures]
    return f"Pictures: {', '.join(words)}."


def _describe_time(workspace: Workspace, config: TrainConfig, reading: DatasetReading) -> str:
    """Return how long it may take; counted anew where a setting, a picture or the cache changed."""
    key = (reading.image_dir, reading.signature, config, _date_cache(workspace))
    known = st.session_state.get(_ESTIMATE)
    if known is None or known[0] != key:
        known = key, estimate_training(workspace, config, reading.split(config))
        st.session_state[_ESTIMATE] = known
    words = f":material/timer: About **{format_seconds(known[1])}**"
    if not is_at_hand(config.backbone, workspace):
        return f"{words}, and the download of {config.backbone.download_mb:.0f} MB before"
    return words


def _date_cache(workspace: Workspace) -> tuple[int, ...]:
    """Return when bottlenecks were last written."""
    files = (workspace.bottlenecks / name for name in (FILE_NAME, f"{FILE_NAME}-wal"))
    return tuple(file.stat().st_mtime_ns for file in files if file.exists())


def _show_button(workspace: Workspace, config: TrainConfig | None) -> None:
    may_train = is_allowed(Action.TRAIN)
    is_clicked = st.button(
        "Train",
        key="train",
        type="primary",
        icon=":material/model_training:",
        width="stretch",
        disabled=config is None or not may_train,
    )
    if not may_train:
        st.caption(
            "This server does not let its visitors train models: install Cluster Lab on a "
            "computer of your own to do that. The command below does the same there."
        )
    if is_clicked and config is not None:
        start_run(workspace, config)


def _show_preview(workspace: Workspace, config: TrainConfig, reading: DatasetReading) -> None:
    found = _find_preview(config, reading)
    if found is None:
        st.info(_explain_no_preview(workspace), icon=":material/show_chart:")
        return
    evaluations, seconds = found
    last = evaluations[-1]
    # Long trials are cut short; those that stop early have seen enough.
    is_cut = last.step + 1 < config.how_many_training_steps and not config.early_stopping
    words = (
        f"A trial with these settings: {'the first ' if is_cut else ''}{last.step + 1:,} steps in "
        f"{format_seconds(seconds)}"
    )
    if last.validation_accuracy is not None:
        words += (
            f", in the end {format_percent(last.validation_accuracy)} of {last.n_validation} "
            "validation pictures right"
        )
    st.caption(f"{words}. Train makes a model of it.")
    for measure in Measure:
        st.vega_lite_chart(
            spec=draw_learning_curve(evaluations, measure, height_px=220),
            key=f"preview_{measure}",
        )


def _explain_no_preview(workspace: Workspace) -> str:
    supervisor = find_supervisor()
    if supervisor is None:
        return "Where training is allowed, the learning curve is drawn here as you move a slider."
    if not supervisor.is_warm:
        return (
            "The program that trains is getting ready, which takes some seconds. Then the learning "
            "curve is drawn here as you move a slider."
        )
    if any(not status.state.is_over for status in list_runs(workspace)):
        return (
            "A training is running. When it is over, the learning curve is drawn here as you move "
            "a slider."
        )
    return (
        "Train once with this network and these distortions: from then on the learning curve is "
        "drawn here as you move a slider."
    )


def _find_preview(
    config: TrainConfig, reading: DatasetReading
) -> tuple[tuple[Evaluation, ...], float] | None:
    """Return the curve of a trial training and its seconds; kept until a setting changes."""
    key = (str(reading.image_dir), reading.signature, json.dumps(config.to_record()))
    known = st.session_state.get(_PREVIEW)
    if known is not None and known[0] == key:
        return known[1]
    supervisor = find_supervisor()
    if supervisor is None or not supervisor.is_warm:
        return None
    begin_s = time.monotonic()
    evaluations = supervisor.preview(config, timeout_s=PREVIEW_TIMEOUT_S)
    if not evaluations:
        return None
    found = evaluations, time.monotonic() - begin_s
    st.session_state[_PREVIEW] = (key, found)
    return found
