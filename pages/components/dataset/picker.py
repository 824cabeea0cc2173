"""Which dataset is set up: choose one, make one, delete one."""

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
from pages.components.dialogs import ask_for_name, close_dialog, confirm, is_open, open_dialog
from pages.components.outcome import Outcome, make_deletion_outcome
from pages.components.selection import MAX_ID_LENGTH, Choice, choose, get_chosen
from pages.components.text import escape_markdown

_PICKED = "dataset_choice"


def pick_dataset(workspace: Workspace) -> str:
    """Draw the choice of a dataset and what can be done with it as a whole; return its name."""
    present = list_datasets(workspace)
    names = present or (DEFAULT_DATASET,)
    chosen = get_chosen(Choice.DATASET)
    if chosen is None and present:
        choose(Choice.DATASET, choose_default(names))
        st.rerun()  # the sidebar, which was drawn before, is to name it too
    if chosen not in names:
        if chosen is not None:
            st.warning(
                f"There is no dataset {escape_markdown(chosen[:MAX_ID_LENGTH])} here: it may have "
                "been deleted or renamed. This is another one.",
                icon=":material/search_off:",
            )
        chosen = choose_default(names) or DEFAULT_DATASET
        choose(Choice.DATASET, chosen if present else None)
    st.session_state[_PICKED] = chosen
    with st.container(horizontal=True, vertical_alignment="bottom", key="dataset_row"):
        st.selectbox(
            "Dataset",
            names,
            key=_PICKED,
            help="A collection of pictures, sorted into classes. You can have several.",
            on_change=lambda: choose(Choice.DATASET, st.session_state[_PICKED]),
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
        return Outcome(f"The dataset {name.strip()} is ready: add pictures to it.")

    ask_for_name("new_dataset", "Name", "Create", create, hint="such as galaxies")


@st.dialog("Delete this dataset?", icon=":material/delete:", on_dismiss=close_dialog)
def _confirm_deletion(workspace: Workspace, name: str) -> None:
    st.write(
        f"All classes and pictures of **{escape_markdown(name)}** go to the trash. You can bring "
        "them back until the trash is emptied. Models that were trained on it stay."
    )
    if is_in_training(workspace, name):
        st.warning(
            "A training that uses it has not ended yet, and may fail without its pictures.",
            icon=":material/model_training:",
        )

    def delete() -> Outcome:
        entry = delete_dataset(workspace, name)
        choose(Choice.DATASET, None)
        return make_deletion_outcome(workspace, entry)

    confirm("delete_dataset", "Delete", delete)


def is_in_training(workspace: Workspace, name: str) -> bool:
    """Tell whether a training waits for the pictures of a dataset, or reads them."""
    folder = dataset_dir(workspace, name).name
    with suppress(ClusterError):
        return any(
            not run.state.is_over and run.dataset in (name, folder) for run in list_runs(workspace)
        )
    return False
