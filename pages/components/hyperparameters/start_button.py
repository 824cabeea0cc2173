"""The Train button, with a time estimate and a preview of the learning curve."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import streamlit as st

from cluster_core.data.splits import Split
from cluster_core.errors import ClusterError
from cluster_core.model.backbones.obtaining import has_failed
from cluster_core.model.head.settings import Evaluation
from cluster_core.storage.cache_file import FILE_NAME
from cluster_core.training.choice.decision import NetworkChoice
from cluster_core.training.config import TrainConfig
from cluster_core.training.insight.estimates import estimate_training
from cluster_core.training.jobs.supervisor import find_supervisor
from cluster_core.workspace import Workspace
from pages.components.active_training import find_active_training
from pages.components.charts import Measure, draw_learning_curve
from pages.components.dataset_contents import DatasetReading
from pages.components.hyperparameters.architecture_cards import is_ready
from pages.components.run_start import start_run
from pages.components.signed_in import get_access
from pages.components.terminal_command import show_command
from pages.components.text import escape_markdown
from pages.components.words import format_estimate, format_percent, format_seconds

PREVIEW_TIMEOUT_S = 4.0
REDRAW_EVERY_S = 1.0
_PREVIEW = "preview"
_ESTIMATE = "estimate"


def show_start(
    workspace: Workspace,
    config: TrainConfig | None,
    reading: DatasetReading,
    choice: NetworkChoice | None,
) -> None:
    """Draw the split, the time estimate, the Train button, the preview and the command.

    Parameters
    ----------
    workspace : Workspace
    config : TrainConfig or None
        None if a setting is invalid.
    reading : DatasetReading
    choice : NetworkChoice or None
        The result of the trial on the dataset, if there was one.
    """
    st.subheader("Before you start")
    split = None
    if config is None:
        st.warning(
            "One setting has to change first: see the message in red.", icon=":material/rule:"
        )
    else:
        split = _find_split(config, reading)
    if config is not None and split is not None:
        st.markdown(
            _describe_split(split),
            help="The file name decides, so small datasets differ from the percentages.",
        )
        _show_time(workspace, config, reading)
    _show_button(workspace, config if split is not None else None)
    if config is None:
        return
    if split is not None and get_access().root is None:
        _show_preview(workspace, _resolve(config, choice), reading)
    if get_access().root is not None:  # whose trainings no terminal starts
        return
    with st.expander("Command for a terminal", icon=":material/terminal:", key="command"):
        show_command(workspace, config)


def show_train_at_once(
    workspace: Workspace, config: TrainConfig | None, reading: DatasetReading
) -> None:
    """Draw a second Train button at the top: on a phone the other is two screens further down."""
    if config is None:
        return
    try:
        reading.split(config)
    except ClusterError:  # shown beside the button below
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Train with these settings",
            key="train_at_once",
            type="primary",
            icon=":material/model_training:",
        ):
            start_run(workspace, config)
        st.caption("The settings below are a good start. Change any you like.", width="content")


def _resolve(config: TrainConfig, choice: NetworkChoice | None) -> TrainConfig:
    """Return the settings with the chosen network, if it is known."""
    if choice is None or not config.is_automatic:
        return config
    return replace(config, architecture=choice.architecture)


def _find_split(config: TrainConfig, reading: DatasetReading) -> Split | None:
    try:
        return reading.split(config)
    except ClusterError as error:
        st.error(escape_markdown(str(error)), icon=":material/photo_library:")
        return None


def _describe_split(split: Split) -> str:
    sides = (
        (split.training, "for training"),
        (split.validation, "for validation"),
        (split.testing, "for the final test"),
    )
    counts = [f"{len(pictures)} {purpose}" for pictures, purpose in sides if pictures]
    return f"Pictures: {', '.join(counts)}."


def _show_time(workspace: Workspace, config: TrainConfig, reading: DatasetReading) -> None:
    """Draw the estimated time, with what delays the start as long as it does."""
    delay = _describe_delay(workspace)
    sentence = _describe_time(workspace, config, reading)
    if not delay:
        st.markdown(f"{sentence}.")
        return

    def show() -> None:
        if _describe_delay(workspace) != delay:  # the preview below may be drawn now, too
            st.rerun()
        st.markdown(f"{sentence}. {delay}")

    st.fragment(show, run_every=REDRAW_EVERY_S)()


def _describe_delay(workspace: Workspace) -> str:
    """Say in a sentence why a training would not start at once; empty if it would."""
    supervisor = find_supervisor()
    if supervisor is None or supervisor.is_warm:
        return ""
    if find_active_training(workspace) is not None:
        return "It starts when the training that is running has finished."
    return "The training program is still starting, which adds about ten seconds."


def _describe_time(workspace: Workspace, config: TrainConfig, reading: DatasetReading) -> str:
    """Return the estimated time; recomputed when a setting, a picture or the cache changes."""
    key = (reading.image_dir, reading.signature, config, _list_cache_times(workspace))
    cached = st.session_state.get(_ESTIMATE)
    if cached is None or cached[0] != key:
        cached = key, estimate_training(workspace, config, reading.split(config))
        st.session_state[_ESTIMATE] = cached
    sentence = f":material/timer: About **{format_estimate(cached[1])}**"
    if config.early_stopping:
        sentence += ", or less if it stops early"
    if config.is_automatic or is_ready(config.backbone, workspace):
        return sentence
    if has_failed(config.backbone, workspace):
        return f"{sentence}, once the network is on this computer"
    return f"{sentence}, after a download of {config.backbone.download_mb:.0f} MB"


def _list_cache_times(workspace: Workspace) -> tuple[int, ...]:
    """Return the modification times, in ns, of the bottleneck cache."""
    files = (workspace.bottlenecks / name for name in (FILE_NAME, f"{FILE_NAME}-wal"))
    return tuple(file.stat().st_mtime_ns for file in files if file.exists())


def _show_button(workspace: Workspace, config: TrainConfig | None) -> None:
    is_clicked = st.button(
        "Train",
        key="train",
        type="primary",
        icon=":material/model_training:",
        width="stretch",
        disabled=config is None,
    )
    if is_clicked and config is not None:
        start_run(workspace, config)


def _show_preview(workspace: Workspace, config: TrainConfig, reading: DatasetReading) -> None:
    preview = None if config.is_automatic else _get_preview(config, reading)
    if preview is None:
        st.info(_explain_no_preview(workspace), icon=":material/show_chart:")
        return
    evaluations, seconds = preview
    last = evaluations[-1]
    # A preview that stops early has seen enough; any other may have been cut short.
    is_cut_short = last.step + 1 < config.how_many_training_steps and not config.early_stopping
    sentence = (
        f"Preview with these settings: {'the first ' if is_cut_short else ''}{last.step + 1:,} "
        f"steps took {format_seconds(seconds)}"
    )
    if last.validation_accuracy is not None:
        sentence += (
            f", and {format_percent(last.validation_accuracy)} of {last.n_validation} validation "
            "pictures are labelled correctly"
        )
    st.caption(f"{sentence}. Click Train to make a model.")
    for measure in Measure:
        st.vega_lite_chart(
            spec=draw_learning_curve(evaluations, measure, height_px=220),
            key=f"preview_{measure}",
        )
        st.caption(measure.explanation)


def _explain_no_preview(workspace: Workspace) -> str:
    supervisor = find_supervisor()
    if supervisor is None:
        return (
            "Where training is turned on, a preview of the learning curve appears here when you "
            "move a slider."
        )
    if find_active_training(workspace) is not None:
        return (
            "A training is running. After that, a preview of the learning curve appears here when "
            "you move a slider."
        )
    if not supervisor.is_warm:
        return (
            "Once the training program has started, a preview of the learning curve appears here "
            "when you move a slider."
        )
    return (
        "Train once with these settings. After that, a preview of the learning curve appears here "
        "when you move a slider."
    )


def _get_preview(
    config: TrainConfig, reading: DatasetReading
) -> tuple[tuple[Evaluation, ...], float] | None:
    """Return the evaluations of a preview and its seconds; cached until a setting changes."""
    key = (str(reading.image_dir), reading.signature, json.dumps(config.to_record()))
    cached = st.session_state.get(_PREVIEW)
    if cached is not None and cached[0] == key:
        return cached[1]
    supervisor = find_supervisor()
    if supervisor is None or not supervisor.is_warm:
        return None
    started_s = time.monotonic()
    evaluations = supervisor.preview(get_access(), config, timeout_s=PREVIEW_TIMEOUT_S)
    if not evaluations:
        return None
    preview = evaluations, time.monotonic() - started_s
    st.session_state[_PREVIEW] = (key, preview)
    return preview
