"""A queued or running training: its progress, its curves, and the Stop button."""

from __future__ import annotations

import time

import streamlit as st

from cluster_core.access import Action
from cluster_core.errors import ClusterError
from cluster_core.model.backbones.availability import needs_download
from cluster_core.model.backbones.converted import find_converted
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.head.settings import Evaluation
from cluster_core.training.config import AUTOMATIC, TrainConfig
from cluster_core.training.events import Stage
from cluster_core.training.runs import (
    EvaluationReader,
    RunState,
    RunStatus,
    load_status,
    request_stop,
)
from cluster_core.workspace import Workspace
from pages.components.charts import Measure, draw_learning_curve
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown
from pages.components.training.waiting import show_waiting
from pages.components.words import count_seconds, format_estimate, format_percent, name_stage

# Redraw intervals: short at first, longer once the training has lasted FAST_FOR_S.
FAST_S = 0.3
SLOW_S = 1.0
FAST_FOR_S = 30.0
MIN_AXIS_STEPS = 100
DOWNLOAD_NOTE = " … It is downloaded first, and converted for this computer."
CONVERSION_NOTE = " … It is converted for this computer once, which takes some seconds."
SIMULATIONS_NOTE = " They also include simulated clusters."
_NO_BREAK = "\u00a0"
_STOPPING = "stopping"
_READER = "evaluation reader"
_PACE = "pace"


def show_running(workspace: Workspace, status: RunStatus, config: TrainConfig) -> None:
    """Draw a queued or running training, as a fragment that reruns on a timer."""
    _show_stop(workspace, status)
    is_new = count_seconds(status.created, None) < FAST_FOR_S
    live = st.fragment(_show_live, run_every=FAST_S if is_new else SLOW_S)
    live(workspace, status, config, is_new)


def _show_stop(workspace: Workspace, status: RunStatus) -> None:
    if not get_access().allows(Action.TRAIN):
        return
    if st.session_state.get(_STOPPING) == status.id:
        st.markdown(":material/hourglass: Stopping …")
        return
    if status.state is RunState.QUEUED:
        st.button(
            "Remove from the queue",
            key="stop_discard",
            icon=":material/close:",
            on_click=_stop,
            args=(workspace, status.id, False),
        )
        return
    with st.popover("Stop", icon=":material/stop:", key="stop"):
        st.write("Keep what the model has learned so far?")
        st.button(
            "Keep the best so far",
            key="stop_keep",
            icon=":material/check:",
            on_click=_stop,
            args=(workspace, status.id, True),
            width="stretch",
        )
        st.button(
            "Discard",
            key="stop_discard",
            icon=":material/delete:",
            on_click=_stop,
            args=(workspace, status.id, False),
            width="stretch",
        )


def _stop(workspace: Workspace, run_id: str, keep_best: bool) -> None:
    try:
        request_stop(get_access(), workspace, run_id, keep_best)
        st.session_state[_STOPPING] = run_id
    except ClusterError as error:  # it has just ended
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
        show_waiting(workspace, drawn.id)
        return
    _show_stages(workspace, status, config)
    evaluations = _read_evaluations(workspace, drawn.id)
    if evaluations:
        show_curves(evaluations, _find_axis_end(evaluations, config.how_many_training_steps))
    if evaluations and evaluations[-1].validation_accuracy is not None:
        last = evaluations[-1]
        st.caption(
            f"Step {last.step:,} of {config.how_many_training_steps:,}: "
            f"{format_percent(last.validation_accuracy or 0)} of {last.n_validation} validation "
            "pictures labelled correctly. The final test, on other pictures, follows at the end."
        )


def _read_evaluations(workspace: Workspace, run_id: str) -> tuple[Evaluation, ...]:
    """Return the evaluations so far; a reader kept in the session reads only the new ones."""
    cached = st.session_state.get(_READER)
    if cached is None or cached[0] != run_id:
        cached = run_id, EvaluationReader(workspace, run_id)
        st.session_state[_READER] = cached
    return cached[1].read()


def _show_stages(workspace: Workspace, status: RunStatus, config: TrainConfig) -> None:
    """Draw the finished, current and remaining stages, and the progress of the current one."""
    stages = [str(stage) for stage in Stage]
    current = stages.index(status.stage) if status.stage in stages else 0
    parts = [
        f":green[:material/check:{_NO_BREAK}{name_stage(stage)}]" for stage in stages[:current]
    ]
    parts.append(f"**{name_stage(stages[current])}**")
    parts += [f":gray[{name_stage(stage)}]" for stage in stages[current + 1 :]]
    st.markdown(" → ".join(parts))
    text = name_stage(stages[current])
    is_download = status.total and stages[current] == Stage.BACKBONE and not config.is_automatic
    if is_download and status.done < status.total:
        text = f"Downloading the network: {status.done / 1000:.1f} of {status.total / 1000:.1f} MB"
    elif is_download:
        text += CONVERSION_NOTE
    elif status.total:
        unit = "steps" if stages[current] == Stage.TRAINING else "pictures"
        text += f": {status.done:,} of {status.total:,} {unit}{_describe_pace(status, unit)}"
    else:
        is_preparing = stages[current] == Stage.BACKBONE and get_access().root is None
        text += _describe_preparation(workspace, status.architecture) if is_preparing else " …"
    st.progress(min(1.0, status.done / status.total) if status.total else 0.0, text)


def _describe_preparation(workspace: Workspace, architecture: str) -> str:
    """Say why a network is not ready at once, if it is known which one will be used."""
    if architecture == AUTOMATIC:
        return " …"
    spec = get_backbone(architecture)
    if needs_download(spec, workspace):
        return DOWNLOAD_NOTE
    return " …" if find_converted(spec, workspace.backbones) else CONVERSION_NOTE


def _describe_pace(status: RunStatus, unit: str) -> str:
    """Return the speed since this session first saw the stage, and the time left, if known."""
    now_s = time.monotonic()
    seen = st.session_state.get(_PACE)
    if seen is None or seen[:2] != (status.id, status.stage) or seen[3] > status.done:
        st.session_state[_PACE] = (status.id, status.stage, now_s, status.done)
        return ""
    _, _, first_s, first_done = seen
    if now_s - first_s < 1 or status.done == first_done:
        return ""
    speed = (status.done - first_done) / (now_s - first_s)
    left_s = (status.total - status.done) / speed
    noun = unit.removesuffix("s") if f"{speed:.0f}" == "1" else unit
    return f", {speed:,.0f} {noun} per second, about {format_estimate(left_s)} left"


def _find_axis_end(evaluations: tuple[Evaluation, ...], n_steps: int) -> int:
    """Return the last step on the axis: `n_steps`, halved while the curve still fits."""
    end = n_steps
    while end // 2 > evaluations[-1].step and end > MIN_AXIS_STEPS:
        end //= 2
    return end


def show_curves(
    evaluations: tuple[Evaluation, ...], n_steps: int | None, *, with_simulations: bool = False
) -> None:
    """Draw the learning curves of accuracy and cross entropy.

    Parameters
    ----------
    evaluations : tuple of Evaluation
    n_steps : int or None
        Last step on the axis; None for that of the last evaluation.
    with_simulations : bool
        Whether the training also learned simulated clusters.
    """
    for column, measure in zip(st.columns(2), Measure, strict=True):
        with column:
            st.vega_lite_chart(
                spec=draw_learning_curve(evaluations, measure, n_steps), key=f"curve_{measure}"
            )
            note = SIMULATIONS_NOTE if with_simulations and measure is Measure.ACCURACY else ""
            st.caption(measure.explanation + note)
