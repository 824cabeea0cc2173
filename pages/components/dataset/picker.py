"""Choose, create or delete a dataset."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from cluster_core.access import Action
from cluster_core.data.catalog import (
    choose_default,
    create_dataset,
    dataset_dir,
    delete_dataset,
    list_datasets,
)
from cluster_core.data.labels import check_folder_name
from cluster_core.errors import ClusterError, DatasetError
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
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

_KEY, _FIRST = "dataset_choice", "first_dataset"


def pick_dataset(workspace: Workspace) -> str | None:
    """Draw the dataset select box with its actions, or a field that names the first dataset.

    Returns
    -------
    str or None
        The selected dataset, or the name that the first one is to have; None if it has no name.

    Raises
    ------
    DatasetError
        The workspace cannot be listed.
    """
    present = list_datasets(workspace)
    chosen = get_chosen(Choice.DATASET)
    if chosen is None and present:
        choose(Choice.DATASET, choose_default(workspace))
        st.rerun()  # the sidebar was drawn before this choice, and shows it too
    if chosen is not None and chosen not in present:
        instead = " Another dataset is shown instead." if present else ""
        st.warning(
            f'There is no dataset "{escape_markdown(chosen[:MAX_ID_LENGTH])}". It may have '
            f"been deleted or renamed.{instead}",
            icon=":material/search_off:",
        )
        chosen = choose_default(workspace)
        choose(Choice.DATASET, chosen)
    if chosen is None:
        return _name_first(workspace)
    st.session_state[_KEY] = chosen
    with st.container(horizontal=True, vertical_alignment="bottom", key="dataset_row"):
        st.selectbox(
            "Dataset",
            present,
            key=_KEY,
            help="Pictures sorted into classes. You can have several datasets.",
            on_change=lambda: choose(Choice.DATASET, st.session_state[_KEY]),
            width=320,
        )
        if get_access().allows(Action.EDIT_DATASETS):
            _show_actions()
    if is_open("new dataset"):
        _ask_for_name(workspace)
    elif is_open("delete dataset"):
        _confirm_deletion(workspace, chosen)
    return chosen


def _name_first(workspace: Workspace) -> str | None:
    """Ask for the name of the first dataset, which is created when its first picture is added."""
    if not get_access().allows(Action.EDIT_DATASETS):
        return None
    entered = st.text_input(
        "Name of this dataset",
        key=_FIRST,
        placeholder="Empty: named after your folder or .zip",
        help="A dataset is a folder of pictures sorted into classes. You can have several.",
        persist_state="session",
        width=420,
    )
    if not entered:
        return None
    try:
        stored = check_folder_name(entered, "dataset")
        dataset_dir(workspace, stored)
    except DatasetError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None
    return stored


def _show_actions() -> None:
    st.button(
        "New dataset",
        key="new_dataset",
        icon=":material/add:",
        on_click=open_dialog,
        args=("new dataset",),
    )
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
        folder = create_dataset(get_access(), workspace, name)
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
        entry = delete_dataset(get_access(), workspace, name)
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
