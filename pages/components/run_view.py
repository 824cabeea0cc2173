"""One training: its progress while it runs, then its result."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cluster_core.access import Action
from cluster_core.evaluation.words import CROSS_VALIDATION_OR_TEST, describe_test
from cluster_core.model.backbones.availability import needs_download
from cluster_core.model.bundle.accuracy import ACCURACY_HELP, describe_accuracy
from cluster_core.model.bundle.selection import model_dir
from cluster_core.model.bundle.starter import find_prior
from cluster_core.model.bundle.summaries import describe_model
from cluster_core.training.config import AUTOMATIC, TrainConfig
from cluster_core.training.runs import (
    RunState,
    RunStatus,
    load_accuracy,
    load_choice,
    load_config,
    load_evaluations,
    load_result,
    load_status,
    read_log,
)
from cluster_core.workspace import Workspace
from pages.components.better_network import Comparison, show_better_network
from pages.components.deleted_model import is_deleted, show_deleted_model
from pages.components.missing_network import show_missing_weights
from pages.components.models.model_card import show_download
from pages.components.navigation import PageFile
from pages.components.network_choice import describe
from pages.components.run_live import show_curves, show_running
from pages.components.run_start import start_run
from pages.components.selection import Choice, choose
from pages.components.settings_form import put_settings
from pages.components.settings_list import LABELS, describe_setting
from pages.components.signed_in import get_access
from pages.components.terminal_command import show_command
from pages.components.text import escape_markdown
from pages.components.words import (
    count_seconds,
    format_percent,
    format_seconds,
    format_time,
    name_network,
)

LOG_INTERVAL_S = 2.0
# In the message of a training that could not get its network, also of earlier versions.
_COULD_NOT_DOWNLOAD = "could not be downloaded"
STATES = {
    RunState.QUEUED: ("queued", ":material/hourglass_top:", "gray"),
    RunState.RUNNING: ("training", ":material/model_training:", "blue"),
    RunState.FINISHED: ("finished", ":material/check_circle:", "green"),
    RunState.STOPPED: ("stopped", ":material/stop_circle:", "orange"),
    RunState.DISCARDED: ("discarded", ":material/cancel:", "gray"),
    RunState.FAILED: ("failed", ":material/error:", "red"),
}


def show_run(workspace: Workspace, run_id: str) -> Comparison | None:
    """Draw the progress of a training, or its result once it has ended.

    Returns
    -------
    Comparison or None
        See `show_better_network`.

    Raises
    ------
    RunError
        The run does not exist, or its record cannot be read.
    """
    status = load_status(workspace, run_id)
    # The command to copy leaves out the folders of this one run.
    config = replace(
        load_config(workspace, run_id), summaries_dir=None, intermediate_output_graphs_dir=None
    )
    _show_head(status)
    _show_choice(workspace, status)
    if not status.state.is_over:
        show_running(workspace, status, config)
        st.fragment(_show_log, run_every=LOG_INTERVAL_S)(workspace, run_id)
        return None
    comparison = None
    if status.state is RunState.FAILED:
        _show_failure(workspace, status, config)
    elif status.state is RunState.DISCARDED:
        st.info("This training was stopped and discarded, so it has no model.")
        _show_reason(status)
        _show_again(workspace, status, config)
    else:
        comparison = _show_result(workspace, status, config)
    evaluations = load_evaluations(workspace, run_id)
    if evaluations:
        show_curves(
            evaluations,
            evaluations[-1].step + 1,
            with_simulations=_learned_simulations(workspace, status, config),
        )
    _show_settings(workspace, config)
    _show_log(workspace, run_id)
    return comparison


def _show_head(status: RunStatus) -> None:
    word, icon, colour = STATES[status.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escape_markdown(status.dataset)}** with "
            f"{escape_markdown(name_network(status.architecture))}, "
            f"{format_time(status.created)}",
            width="content",
        )
        st.markdown(f":{colour}-badge[{icon} {word}]", width="content")


def _show_choice(workspace: Workspace, status: RunStatus) -> None:
    choice = load_choice(workspace, status.id)
    if choice is not None:
        st.caption(f":material/experiment: Chosen for these pictures: {describe(choice)}")


def _show_result(workspace: Workspace, status: RunStatus, config: TrainConfig) -> Comparison | None:
    result = load_result(workspace, status.id)
    if result is None:
        st.warning("The result of this training is missing. Train again to get a new one.")
        _show_again(workspace, status, config)
        return None
    metrics = result.metrics
    accuracy = load_accuracy(workspace, status.id)
    number, words = st.columns([1, 3], vertical_alignment="center")
    number.metric("Accuracy", format_percent(accuracy.share) if accuracy else "not tested")
    sentence = describe_accuracy(accuracy) if accuracy else describe_test(metrics)
    words.markdown(f"**{sentence}**", help=ACCURACY_HELP)
    if accuracy and accuracy.is_cross_validated and metrics.n:
        words.caption(f"Test pictures: {describe_test(metrics)} {CROSS_VALIDATION_OR_TEST}")
    words.caption(_describe_end(status, result.steps_run, result.step_kept))
    _show_reason(status)
    has_model = bool(status.bundle) and not is_deleted(workspace, status.bundle or "")
    if status.bundle and not has_model:
        show_deleted_model(workspace, status.bundle)
    comparison = show_better_network(workspace, status, config, metrics)
    for note in result.notes:
        st.caption(f":material/info: {escape_markdown(note)}")
    if has_model and get_access().root is not None:  # whose workspace is deleted soon
        show_download(describe_model(model_dir(workspace, status.bundle or "")))
    with st.container(horizontal=True):
        if not has_model:
            _show_try_again(workspace, config)
        elif st.button(
            "Classify pictures with it",
            key="to_classify",
            type="primary",
            icon=":material/image_search:",
        ):
            choose(Choice.MODEL, status.bundle)
            st.switch_page(PageFile.CLASSIFY)
        if get_access().allows(Action.EVALUATE) and st.button(
            "See what it got wrong", key="to_evaluation", icon=":material/fact_check:"
        ):
            choose(Choice.RUN, status.id)
            st.switch_page(PageFile.EVALUATION)
        _show_use_settings(status, config, "Change the settings")
    return comparison


def _show_reason(status: RunStatus) -> None:
    """Say why a training was stopped, if not by the person who started it."""
    if status.message and status.state in (RunState.STOPPED, RunState.DISCARDED):
        st.warning(escape_markdown(status.message), icon=":material/timer_off:")


def _learned_simulations(workspace: Workspace, status: RunStatus, config: TrainConfig) -> bool:
    result = load_result(workspace, status.id)
    return (
        config.from_starter
        and result is not None
        and find_prior(status.architecture, result.metrics.labels) is not None
    )


def _describe_end(status: RunStatus, steps_run: int, step_kept: int) -> str:
    duration = ""
    if status.started:
        duration = f" in {format_seconds(count_seconds(status.started, status.ended))}"
    by_you = "" if status.message else " by you"
    verb = f"Stopped{by_you} after" if status.state is RunState.STOPPED else "Trained for"
    kept = f"; kept the model from step {step_kept:,}" if step_kept + 1 < steps_run else ""
    return f"{verb} {steps_run:,} steps{duration}{kept}."


def _show_failure(workspace: Workspace, status: RunStatus, config: TrainConfig) -> None:
    if config.model_dir is None and _COULD_NOT_DOWNLOAD in status.message:
        _show_failed_download(workspace, status, config)
        return
    st.error(escape_markdown(status.message or "This training failed."), icon=":material/error:")
    if status.exit_code is not None:
        st.caption(f"The training process ended with exit code {status.exit_code}.")
    log = read_log(workspace, status.id, 2_000)
    if log:
        st.caption("The end of the log:")
        st.code(log, language=None)
    _show_again(workspace, status, config)
    if config.model_dir is None:
        show_missing_weights(config.architecture, workspace)


def _show_failed_download(workspace: Workspace, status: RunStatus, config: TrainConfig) -> None:
    """Draw a failure for want of a network in plain words; the log has the details."""
    is_lacking = needs_download(config.backbone, workspace)
    advice = (
        "Train with another network, or get this one below."
        if is_lacking
        else "It is there now: train again."
    )
    st.error(
        f"This training could not start: {escape_markdown(name_network(config.architecture))} was "
        f"not on this computer, and its download failed. {advice}",
        icon=":material/error:",
    )
    if not is_lacking:
        _show_again(workspace, status, config)
        return
    with st.container(horizontal=True):
        if st.button(
            f"Train with {name_network(AUTOMATIC)}",
            key="train_automatic",
            type="primary",
            icon=":material/model_training:",
            help="Takes a network that is on this computer. All other settings stay the same.",
        ):
            start_run(workspace, replace(config, architecture=AUTOMATIC))
        _show_use_settings(status, config, "Change the settings")
    show_missing_weights(config.architecture, workspace, was_tried=True)


def _show_again(workspace: Workspace, status: RunStatus, config: TrainConfig) -> None:
    with st.container(horizontal=True):
        _show_try_again(workspace, config)
        _show_use_settings(status, config, "Change the settings")


def _show_try_again(workspace: Workspace, config: TrainConfig) -> None:
    if st.button("Train again", key="try_again", type="primary", icon=":material/replay:"):
        start_run(workspace, config)


def _show_use_settings(status: RunStatus, config: TrainConfig, label: str) -> None:
    if st.button(label, key="use_settings", icon=":material/tune:"):
        put_settings(config.to_record())
        choose(Choice.DATASET, status.dataset)
        st.switch_page(PageFile.HYPERPARAMETERS)


def _show_log(workspace: Workspace, run_id: str) -> None:
    log = st.expander("Log", icon=":material/article:", key="log", on_change="rerun")
    if log.open:
        log.code(read_log(workspace, run_id) or "The log is empty.", language=None, height=300)


def _show_settings(workspace: Workspace, config: TrainConfig) -> None:
    with st.expander("Settings", icon=":material/tune:", key="settings"):
        record = config.to_record()
        st.dataframe(
            {
                "Setting": [LABELS.get(name, name) for name in record],
                "Value": [describe_setting(name, value) for name, value in record.items()],
            },
            hide_index=True,
        )
        show_command(workspace, config)
