"""A training while it goes on: where it stands, its curves, and the way to stop it."""

from __future__ import annotations

import time

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.errors import ClusterError
from cluster_core.model.head.settings import Evaluation
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import Stage
from cluster_core.training.runs import (
    EvaluationReader,
    RunState,
    RunStatus,
    find_queue_position,
    load_status,
    request_stop,
)
from cluster_core.workspace import Workspace
from pages.components.charts import Measure, draw_learning_curve
from pages.components.text import escape_markdown
from pages.components.words import count_seconds, format_percent, format_seconds

FAST_S = 0.3
SLOW_S = 1.0
# Who has waited this long does not mind another second.
FAST_FOR_S = 30.0
LEAST_STEPS = 100
BACKBONE_NOTE = " … The first time it is downloaded, if need be, and converted for this machine."
_STOPPING = "stopping"
_READER = "evaluation reader"
_PACE = "pace"


def show_running(workspace: Workspace, status: RunStatus, config: TrainConfig) -> None:
    """Draw a training that waits or goes on; this part of the page draws itself anew."""
    _show_stop(workspace, status)
    is_new = count_seconds(status.created, None) < FAST_FOR_S
    live = st.fragment(_show_live, run_every=FAST_S if is_new else SLOW_S)
    live(workspace, status, config, is_new)


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
        show_curves(evaluations, _end_axis(evaluations, config.how_many_training_steps))
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
    seen = st.session_state.get(_PACE)
    if seen is None or seen[:2] != (status.id, status.stage) or seen[3] > status.done:
        st.session_state[_PACE] = (status.id, status.stage, now_s, status.done)
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


def show_curves(evaluations: tuple[Evaluation, ...], n_steps: int | None) -> None:
    """Draw accuracy and cross entropy; `n_steps` is where the axis ends, None for the last."""
    for column, measure in zip(st.columns(2), Measure, strict=True):
        column.vega_lite_chart(
            spec=draw_learning_curve(evaluations, measure, n_steps), key=f"curve_{measure}"
        )
