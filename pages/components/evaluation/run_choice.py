"""The choice of the training to evaluate."""

from __future__ import annotations

import streamlit as st

from cluster_core.training.runs import RunStatus, list_runs
from cluster_core.workspace import Workspace
from pages.components.selection import Choice, choose, get_chosen, get_known
from pages.components.words import format_time, name_network, number_duplicates

_KEY = "evaluation_run"


def choose_tested_run(workspace: Workspace) -> str | None:
    """Draw the choice among trainings that made a model; return the chosen run's id.

    Preselected is the run in the address, else the one that made the chosen model, else
    the newest.

    Returns
    -------
    str or None
        None if no training has made a model.
    """
    runs = {status.id: status for status in list_runs(workspace) if status.bundle}
    chosen = get_known(
        Choice.RUN,
        runs,
        lambda _: (
            "There are no test results for this training: it has not finished, produced no model, "
            "or was deleted."
        ),
    )
    if not runs:
        return None
    if chosen is None:
        model = get_chosen(Choice.MODEL)
        newest = next(iter(runs))
        chosen = next((one.id for one in runs.values() if one.bundle == model), newest)
        choose(Choice.RUN, chosen)
    names = dict(
        zip(runs, number_duplicates([_name(status) for status in runs.values()]), strict=True)
    )
    st.session_state[_KEY] = chosen
    st.selectbox(
        "Training",
        list(runs),
        format_func=names.__getitem__,
        key=_KEY,
        on_change=lambda: choose(Choice.RUN, st.session_state[_KEY]),
        width=420,
    )
    return chosen


def _name(status: RunStatus) -> str:
    network, when = name_network(status.architecture), format_time(status.created, seconds=True)
    return f"{status.dataset} with {network}, {when}"
