"""Choose, create or delete a dataset."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.data.catalog import (
    DEFAULT_DATASET,
    choose_default,
    create_dataset,
    dataset_dir,
    delete_dataset,
    list_datasets,
)
from cluster_core.errors import ClusterError
from cluster_core.training.runs import list_runs
from cluster_core.workspace import DATASET_SUFFIX, Workspace
from pages.components.dialogs import (
    NameField,
    ask_for_name,
    close_dialog,
    confirm,
    is_open,
    open_dialog,
)
from pages.components.outcome import Outcome, make_deletion_outcome
from pages.components.selection import MAX_ID_LENGTH, Choice, choose, get_chosen
from pages.components.text import escape_markdown

_KEY = "dataset_choice"


def pick_dataset(workspace: Workspace) -> str:
    """Draw the dataset select box with its actions.

    Returns
    -------
    str
        The selected dataset, or the default name if there are no datasets yet.

    Raises
    ------
    DatasetError
        The workspace cannot be listed.
    """
    present = list_datasets(workspace)
    names = present or (DEFAULT_DATASET,)
    chosen = get_chosen(Choice.DATASET)
    if chosen is None and present:
        choose(Choice.DATASET, choose_default(workspace))
        st.rerun()  # the sidebar was drawn before this choice, and shows it too
    if chosen not in names:
        if chosen is not None:
            st.warning(
                f'There is no dataset "{escape_markdown(chosen[:MAX_ID_LENGTH])}". It may have '
                "been deleted or renamed. Another dataset is shown instead.",
                icon=":material/search_off:",
            )
        chosen = choose_default(workspace) or DEFAULT_DATASET
        choose(Choice.DATASET, chosen if present else None)
    st.session_state[_KEY] = chosen
    with st.container(horizontal=True, vertical_alignment="bottom", key="dataset_row"):
        st.selectbox(
            "Dataset",
            names,
            key=_KEY,
            help="Pictures sorted into classes. You can have several datasets.",
            on_change=lambda: choose(Choice.DATASET, st.session_state[_KEY]),
            width=320,
        )
        if is_allowed(Action.EDIT_DATASETS):
            _show_actions(is_present=chosen in present)
    if is_open("new dataset"):
        _ask_for_name(workspace)
    elif is_open("delete dataset") and chosen in present:
        _confirm_deletion(workspace, chosen)
    return chosen


def _show_actions(*, is_present: bool) -> None:
    st.button(
        "New dataset",
        key="new_dataset",
        icon=":material/add:",
        on_click=open_dialog,
        args=("new dataset",),
    )
    if is_present:
        st.button(
            "Delete dataset",
            key="delete_dataset",
            icon=":material/delete:",
            type="tertiary",
            on_click=open_dialog,
            args=("delete dataset",),
        )


@st.dialog("New dataset", icon=":material/create_new_folder:", on_dismiss=close_dialog)
def _ask_for_name(workspace: Workspace) -> None:
    def create(name: str) -> Outcome:
        folder = create_dataset(workspace, name)
        choose(Choice.DATASET, folder.name.removesuffix(DATASET_SUFFIX))
        return Outcome(f"Created the dataset {name.strip()}. Now add pictures.")

    field = NameField("new_dataset", "Name", "Create", placeholder="for example galaxies")
    ask_for_name(field, create)


@st.dialog("Delete this dataset?", icon=":material/delete:", on_dismiss=close_dialog)
def _confirm_deletion(workspace: Workspace, name: str) -> None:
    st.write(
        f"All classes and pictures of **{escape_markdown(name)}** go to the trash. You can restore "
        "them until the trash is emptied. Models trained on this dataset are kept."
    )
    if is_in_training(workspace, name):
        st.warning(
            "A training that uses this dataset is queued or in progress, and may fail.",
            icon=":material/model_training:",
        )

    def delete() -> Outcome:
        entry = delete_dataset(workspace, name)
        choose(Choice.DATASET, None)
        return make_deletion_outcome(workspace, entry)

    confirm("delete_dataset", "Delete", delete)


def is_in_training(workspace: Workspace, name: str) -> bool:
    """Return whether a queued or active training uses a dataset."""
    folder = dataset_dir(workspace, name).name
    with suppress(ClusterError):
        return any(
            not run.state.is_over and run.dataset in (name, folder) for run in list_runs(workspace)
        )
    return False
