"""The table of trainings: open, compare, delete and restore them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cluster_core.access import Action
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.accuracy import Accuracy, format_interval
from cluster_core.storage.trash import TrashEntry, restore
from cluster_core.training.config import TrainConfig
from cluster_core.training.insight.differences import find_differences
from cluster_core.training.runs import (
    RunResult,
    RunState,
    RunStatus,
    delete_run,
    load_accuracy,
    load_config,
    load_evaluations,
    load_result,
)
from cluster_core.training.runs.evaluation_record import EVALUATION
from cluster_core.workspace import Workspace
from pages.components.charts import Measure, draw_comparison
from pages.components.outcome import Outcome, attempt, show_outcome
from pages.components.run_view import STATES
from pages.components.selection import Choice, choose
from pages.components.settings_list import LABELS, describe_setting
from pages.components.signed_in import get_access
from pages.components.words import (
    count_seconds,
    format_seconds,
    format_time,
    name_network,
    number_duplicates,
)

MAX_COMPARED = 8
COLUMNS = {
    "Steps": st.column_config.NumberColumn(format="localized"),
    "Accuracy": st.column_config.NumberColumn(
        format="%d%%",
        help="Share of new pictures that the model labels correctly, by its cross-validation; "
        "without one, by its test.",
    ),
    "95% interval": st.column_config.TextColumn(
        help="95% confidence interval: the range that holds the true accuracy in 95 of 100 cases."
    ),
}
_ROWS = "run rows"


@dataclass(frozen=True)
class _Row:
    cells: dict[str, Any]
    config: TrainConfig | None


def show_runs(workspace: Workspace, runs: tuple[RunStatus, ...], shown: str | None) -> None:
    """Draw the table of trainings, and the actions for the selected ones below it.

    Parameters
    ----------
    workspace : Workspace
    runs : tuple of RunStatus
        Newest first.
    shown : str or None
        Id of the run that the page shows already.
    """
    st.subheader("All trainings")
    show_outcome()
    if not runs:
        st.caption("None yet.")
        return
    rows = [_get_row(workspace, status) for status in runs]
    chosen = _show_table(rows, runs)
    if not chosen:
        actions = "open or delete" if get_access().allows(Action.TRAIN) else "open"
        st.caption(
            f"Tick a training to {actions} it, or several to compare them. With the keyboard, "
            "Shift+Space ticks the current row."
        )
        return
    _show_actions(workspace, [runs[at] for at in chosen], shown)
    compared = [at for at in chosen if rows[at].config is not None]
    if len(compared) > 1:
        _show_comparison(workspace, [(runs[at], rows[at]) for at in compared[:MAX_COMPARED]])
        if len(compared) > MAX_COMPARED:
            st.caption(f"Only the first {MAX_COMPARED} are drawn, to keep the lines readable.")


def _show_table(rows: list[_Row], runs: tuple[RunStatus, ...]) -> list[int]:
    """Draw the table and return the indices of the selected rows."""
    # A selection is a list of row numbers: a new key clears it when rows come or go.
    version = hash(tuple(status.id for status in runs))
    with st.container(key="runs"):
        selection = st.dataframe(
            {name: [row.cells[name] for row in rows] for name in rows[0].cells},
            key=f"runs {version}",
            hide_index=True,
            placeholder="",
            on_select="rerun",
            selection_mode="multi-row",
            column_config=COLUMNS,
        )
    return list(selection["selection"]["rows"])


def _get_row(workspace: Workspace, status: RunStatus) -> _Row:
    """Return a row of the table; that of a finished training is cached until it is evaluated."""
    cache = st.session_state.setdefault(_ROWS, {})
    evaluated_ns = 0
    with contextlib.suppress(OSError):
        evaluated_ns = (workspace.runs / status.id / EVALUATION).stat().st_mtime_ns
    key = (str(workspace.root), status.id, status.state, evaluated_ns, st.context.timezone)
    if key in cache:
        return cache[key]
    row = _read_row(workspace, status)
    if status.state.is_over:
        cache[key] = row
    return row


def _read_row(workspace: Workspace, status: RunStatus) -> _Row:
    config: TrainConfig | None = None
    result: RunResult | None = None
    accuracy: Accuracy | None = None
    with contextlib.suppress(ClusterError):  # damaged, or deleted since it was listed
        config = load_config(workspace, status.id)
        result = load_result(workspace, status.id)
        accuracy = load_accuracy(workspace, status.id)
    # What a phone has room for comes first.
    cells = {
        "When": format_time(status.created, seconds=True),
        "Accuracy": round(100 * accuracy.share) if accuracy else None,
        "State": STATES[status.state][0] + _describe_damage(status, config, result),
        "95% interval": format_interval(accuracy.interval)
        if accuracy and accuracy.interval
        else "",
        "Dataset": status.dataset,
        "Network": name_network(status.architecture),
        "Steps": result.steps_run if result else None,
        "Duration": format_seconds(count_seconds(status.started, status.ended))
        if status.started and status.ended
        else "",
    }
    return _Row(cells, config)


def _describe_damage(
    status: RunStatus, config: TrainConfig | None, result: RunResult | None
) -> str:
    """Return what of a training cannot be read, to be added to its state."""
    if config is None:
        return ", settings unreadable"
    is_tested = status.state in (RunState.FINISHED, RunState.STOPPED)
    return ", result unreadable" if is_tested and result is None else ""


def _show_actions(workspace: Workspace, chosen: list[RunStatus], shown: str | None) -> None:
    with st.container(horizontal=True):
        if len(chosen) == 1:
            st.button(
                "Open",
                key="open_run",
                icon=":material/open_in_full:",
                disabled=chosen[0].id == shown,
                on_click=choose,
                args=(Choice.RUN, chosen[0].id),
            )
        if not get_access().allows(Action.TRAIN):
            return
        question = (
            "Delete this training? Its model is kept."
            if len(chosen) == 1
            else f"Delete these {len(chosen)} trainings? Their models are kept."
        )
        with st.popover("Delete", icon=":material/delete:", key="delete_runs"):
            st.write(question)
            st.button(
                "Delete",
                key="confirm_delete_runs",
                type="primary",
                on_click=attempt,
                args=(lambda: _delete(workspace, chosen),),
            )


def _delete(workspace: Workspace, chosen: list[RunStatus]) -> Outcome:
    entries: list[TrashEntry] = []
    problems = []
    for status in chosen:
        try:
            entries.append(delete_run(get_access(), workspace, status.id))
        except ClusterError as error:
            problems.append(str(error))

    def undo() -> Outcome:
        for entry in entries:
            restore(get_access(), workspace, entry.id)
        return Outcome(f"{_count(len(entries))} restored.")

    done = [f"{_count(len(entries))} deleted."] if entries else []
    return Outcome(" ".join([*done, *problems[:1]]), not problems, undo=undo if entries else None)


def _count(n: int) -> str:
    return "One training was" if n == 1 else f"{n} trainings were"


def _show_comparison(workspace: Workspace, compared: list[tuple[RunStatus, _Row]]) -> None:
    names = _list_unique_names([status for status, _ in compared])
    runs = {
        name: load_evaluations(workspace, status.id)
        for name, (status, _) in zip(names, compared, strict=True)
    }
    for column, measure in zip(st.columns(2), Measure, strict=True):
        column.vega_lite_chart(spec=draw_comparison(runs, measure), key=f"compare_{measure}")
    configs = {
        name: row.config for name, (_, row) in zip(names, compared, strict=True) if row.config
    }
    differences = find_differences(configs)
    if not differences:
        st.caption("Their settings are identical.")
        return
    st.caption("Their settings differ in:")
    labels = {**LABELS, "image_dir": "Dataset"}
    table: dict[str, list[str]] = {"Setting": [labels[name] for name in differences]}
    for name in names:
        table[name] = [
            describe_setting(setting, values[name]) for setting, values in differences.items()
        ]
    st.dataframe(table, hide_index=True, key="differences")


def _list_unique_names(runs: list[RunStatus]) -> list[str]:
    """Return a different name for each training."""
    return number_duplicates(
        [
            f"{format_time(status.created, seconds=True)} {name_network(status.architecture)}"
            for status in runs
        ]
    )
