"""One training: how it goes while it runs, and what came of it."""

from __future__ import annotations

import time
from dataclasses import replace

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.errors import ClusterError
from cluster_core.model.head_settings import Evaluation
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import Stage
from cluster_core.training.runs import (
    EvaluationReader,
    RunState,
    RunStatus,
    find_queue_position,
    load_config,
    load_evaluations,
    load_result,
    load_status,
    read_log,
    request_stop,
    submit_run,
)
from cluster_core.training.supervisor import find_supervisor
from cluster_core.workspace import Workspace
from pages.components.charts import Measure, draw_learning_curve
from pages.components.command_line import show_command
from pages.components.navigation import PageFile
from pages.components.selection import Choice, choose
from pages.components.settings_form import LABELS, describe_setting, put_settings
from pages.components.text import escape_markdown
from pages.components.words import (
    count_seconds,
    describe_accuracy,
    format_percent,
    format_seconds,
    format_time,
)

FAST_S = 0.3
SLOW_S = 1.0
LOG_EVERY_S = 2.0
# Who has waited this long does not mind another second.
FAST_FOR_S = 30.0
LEAST_STEPS = 100
BACKBONE_NOTE = " … The first time it is downloaded, if need be, and converted for this machine."
_STOPPING = "stopping"
_READER = "evaluation reader"
STATES = {
    RunState.QUEUED: ("waiting", ":material/hourglass_top:", "gray"),
    RunState.RUNNING: ("training", ":material/model_training:", "blue"),
    RunState.FINISHED: ("finished", ":material/check_circle:", "green"),
    RunState.STOPPED: ("stopped, best kept", ":material/stop_circle:", "orange"),
    RunState.DISCARDED: ("discarded", ":material/cancel:", "gray"),
    RunState.FAILED: ("failed", ":material/error:", "red"),
}


def show_run(workspace: Workspace, run_id: str) -> None:
    """Draw a training; while it goes on this part of the page draws itself anew."""
    status = load_status(workspace, run_id)
    # Its summaries went to a folder of its own, as the next one's will.
    config = replace(load_config(workspace, run_id), summaries_dir=None)
    _show_head(status)
    if not status.state.is_over:
        _show_stop(workspace, status)
        is_new = count_seconds(status.created, None) < FAST_FOR_S
        live = st.fragment(_show_live, run_every=FAST_S if is_new else SLOW_S)
        live(workspace, status, config, is_new)
        st.fragment(_show_log, run_every=LOG_EVERY_S)(workspace, run_id)
        return
    if status.state is RunState.FAILED:
        _show_failure(workspace, status, config)
    elif status.state is RunState.DISCARDED:
        st.info("This training was stopped and discarded: there is no model of it.")
        _show_again(workspace, status, config)
    else:
        _show_result(workspace, status, config)
    evaluations = load_evaluations(workspace, run_id)
    if evaluations:
        _show_curves(evaluations, None)
    _show_settings(workspace, config)
    _show_log(workspace, run_id)


def _show_head(status: RunStatus) -> None:
    word, icon, colour = STATES[status.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escape_markdown(status.dataset)}** with {escape_markdown(status.architecture)}, "
            f"{format_time(status.created)}",
            width="content",
        )
        st.markdown(f":{colour}-badge[{icon} {word}]", width="content")


def _show_stop(workspace: Workspace, status: RunStatus) -> None:
    if not is_allowed(Action.TRAIN):
        return
    if st.session_state.get(_STOPPING) == status.id:
        st.markdown(":material/hourglass: Stopping …")
        return
    if status.state is RunState.QUEUED:
        st.button(
            "Take it out of the queue",
            key="stop_discard",
            icon=":material/close:",
            on_click=_stop,
            args=(workspace, status.id, False),
        )
        return
    with st.popover("Stop", icon=":material/stop:", key="stop"):
        st.write("What should become of what it has learned so far?")
        st.button(
            "Keep the best so far",
            key="stop_keep",
            icon=":material/check:",
            on_click=_stop,
            args=(workspace, status.id, True),
            width="stretch",
        )
        st.button(
            "Discard it",
            key="stop_discard",
            icon=":material/delete:",
            on_click=_stop,
            args=(workspace, status.id, False),
            width="stretch",
        )


def _stop(workspace: Workspace, run_id: str, keep_best: bool) -> None:
    try:
        request_stop(workspace, run_id, keep_best)
        st.session_state[_STOPPING] = run_id
    except ClusterError as error:  # it has ended meanwhile
        st.toast(escape_markdown(str(error)))


def _show_live(workspace: Workspace, drawn: RunStatus, config: TrainConfig, is_new: bool) -> None:
    try:
        status = load_status(workspace, drawn.id)
    except ClusterError:  # deleted in another tab: the page says so
        st.rerun()
    is_no_longer_new = is_new and count_seconds(status.created, None) >= FAST_FOR_S
    if status.state is not drawn.state or is_no_longer_new:
        st.rerun()
    if status.state is RunState.QUEUED:
        _show_queue(find_queue_position(workspace, drawn.id))
        return
    _show_stages(status)
    evaluations = _read_on(workspace, drawn.id)
    if evaluations:
        _show_curves(evaluations, _end_axis(evaluations, config.how_many_training_steps))
    if evaluations and evaluations[-1].validation_accuracy is not None:
        last = evaluations[-1]
        st.caption(
            f"Step {last.step:,} of {config.how_many_training_steps:,}: "
            f"{format_percent(last.validation_accuracy or 0)} of {last.n_validation} validation "
            "pictures right. The final test, on other pictures, comes last."
        )


def _read_on(workspace: Workspace, run_id: str) -> tuple[Evaluation, ...]:
    """Return the evaluations until now, of which only the new ones are read."""
    known = st.session_state.get(_READER)
    if known is None or known[0] != run_id:
        known = run_id, EvaluationReader(workspace, run_id)
        st.session_state[_READER] = known
    return known[1].read()


def _show_queue(position: int) -> None:
    if position == 0:
        st.progress(0.0, "It begins in a moment …")
    else:
        others = "another training is" if position == 1 else f"{position} other trainings are"
        st.progress(0.0, f"Waiting: {others} before it. You may close this page meanwhile.")


def _show_stages(status: RunStatus) -> None:
    """Draw where it stands: the stages done, the one that goes on with its pace, those to come."""
    stages = [str(stage) for stage in Stage]
    here = stages.index(status.stage) if status.stage in stages else 0
    words = [f":green[:material/check: {stage}]" for stage in stages[:here]]
    words.append(f"**{stages[here]}**")
    words += [f":gray[{stage}]" for stage in stages[here + 1 :]]
    st.markdown(" → ".join(words))
    text = stages[here]
    if status.total:
        unit = "steps" if text == Stage.TRAINING else "pictures"
        text += f": {status.done:,} of {status.total:,} {unit}{_measure_pace(status, unit)}"
    else:
        text += BACKBONE_NOTE if text == Stage.BACKBONE else " …"
    st.progress(min(1.0, status.done / status.total) if status.total else 0.0, text)


def _measure_pace(status: RunStatus, unit: str) -> str:
    """Return speed and time left since this visitor first saw the stage; empty at first."""
    now_s = time.monotonic()
    seen = st.session_state.get("pace")
    if seen is None or seen[:2] != (status.id, status.stage) or seen[3] > status.done:
        st.session_state["pace"] = (status.id, status.stage, now_s, status.done)
        return ""
    _, _, begin_s, before = seen
    if now_s - begin_s < 1 or status.done == before:
        return ""
    speed = (status.done - before) / (now_s - begin_s)
    left_s = (status.total - status.done) / speed
    return f", {speed:,.0f} {unit} a second, about {format_seconds(left_s)} left"


def _end_axis(evaluations: tuple[Evaluation, ...], n_steps: int) -> int:
    """Return where the axis ends: all steps, halved for as long as the curve has room."""
    end = n_steps
    while end // 2 > evaluations[-1].step and end > LEAST_STEPS:
        end //= 2
    return end


def _show_curves(evaluations: tuple[Evaluation, ...], n_steps: int | None) -> None:
    for column, measure in zip(st.columns(2), Measure, strict=True):
        column.vega_lite_chart(
            spec=draw_learning_curve(evaluations, measure, n_steps), key=f"curve_{measure}"
        )


def _show_result(workspace: Workspace, status: RunStatus, config: TrainConfig) -> None:
    result = load_result(workspace, status.id)
    if result is None:
        st.warning("The result of this training is missing: train again.")
        _show_again(workspace, status, config)
        return
    metrics = result.metrics
    number, words = st.columns([1, 3], vertical_alignment="center")
    number.metric("Test accuracy", format_percent(metrics.accuracy) if metrics.n else "not tested")
    words.markdown(f"**{describe_accuracy(metrics.n_right, metrics.n)}**")
    words.caption(_describe_end(status, result.steps_run, result.step_kept))
    for note in result.notes:
        st.caption(f":material/info: {escape_markdown(note)}")
    with st.container(horizontal=True):
        if status.bundle and st.button(
            "Classify a picture with it",
            key="to_classify",
            type="primary",
            icon=":material/image_search:",
        ):
            choose(Choice.MODEL, status.bundle)
            st.switch_page(PageFile.CLASSIFY)
        if st.button("See what it got wrong", key="to_evaluation", icon=":material/fact_check:"):
            choose(Choice.RUN, status.id)
            st.switch_page(PageFile.EVALUATION)
        _show_use_settings(status, config, "Train again with other settings")


def _describe_end(status: RunStatus, steps_run: int, step_kept: int) -> str:
    took = ""
    if status.started:
        took = f" in {format_seconds(count_seconds(status.started, status.ended))}"
    stopped = "Stopped by you after" if status.state is RunState.STOPPED else "Trained for"
    kept = f", and kept what it knew at step {step_kept:,}" if step_kept + 1 < steps_run else ""
    return f"{stopped} {steps_run:,} steps{took}{kept}."


def _show_failure(workspace: Workspace, status: RunStatus, config: TrainConfig) -> None:
    st.error(escape_markdown(status.message or "This training failed."), icon=":material/error:")
    if status.exit_code is not None:
        st.caption(f"Its process ended with exit code {status.exit_code}.")
    log = read_log(workspace, status.id, 2_000)
    if log:
        st.caption("The end of its log:")
        st.code(log, language=None)
    _show_again(workspace, status, config)


def _show_again(workspace: Workspace, status: RunStatus, config: TrainConfig) -> None:
    with st.container(horizontal=True):
        if is_allowed(Action.TRAIN) and st.button(
            "Try again", key="try_again", type="primary", icon=":material/replay:"
        ):
            start_run(workspace, config)
        _show_use_settings(status, config, "Change the settings")


def _show_use_settings(status: RunStatus, config: TrainConfig, label: str) -> None:
    if st.button(label, key="use_settings", icon=":material/tune:"):
        put_settings(config.to_record())
        choose(Choice.DATASET, status.dataset)
        st.switch_page(PageFile.HYPERPARAMETERS)


def _show_log(workspace: Workspace, run_id: str) -> None:
    log = st.expander("Log", icon=":material/article:", key="log", on_change="rerun")
    if log.open:
        log.code(read_log(workspace, run_id) or "Nothing was logged.", language=None, height=300)


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


def start_run(workspace: Workspace, config: TrainConfig) -> None:
    """Ask for a training and show it; an error becomes a sentence where the button is."""
    try:
        status = submit_run(workspace, config)
    except ClusterError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    supervisor = find_supervisor()
    if supervisor is not None:
        supervisor.wake()
    choose(Choice.RUN, status.id)
    st.switch_page(PageFile.TRAINING)
