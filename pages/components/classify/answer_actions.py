"""What can be done with the ticked pictures: review, add to a dataset, download, remove."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cluster_core.access import Action
from cluster_core.answers.adding import Addition, list_labelled
from cluster_core.answers.records import Review
from cluster_core.answers.room import AnswerRoom
from cluster_core.data.catalog import dataset_dir, list_datasets
from cluster_core.data.counter_classes import COUNTER_CLASS
from cluster_core.data.editing.classes import list_classes
from cluster_core.data.labels import fold_name
from cluster_core.errors import DatasetError
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.workspace import DATASET_SUFFIX, Workspace
from pages.components.classify.answer_files import make_zip_address
from pages.components.classify.answer_table import SHOWN, TICKED
from pages.components.classify.removal import show_remove
from pages.components.classify.reviewing import (
    ask_for_class,
    list_classes_to_choose,
    mark,
    mark_right,
)
from pages.components.dataset_addition import ask_for_target, make_addition_work
from pages.components.dialogs import close_dialog, confirm, is_open, open_dialog
from pages.components.long_work import Work, start_work
from pages.components.navigation import PageFile
from pages.components.outcome import Outcome
from pages.components.selection import Choice, choose
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown

_TARGET = "add_target"
# The dataset that pictures were last added to.
ADDED_TO = "dataset added to"
_DIALOG = "add answers"


def show_tick_bar(n_shown: int, ticked: set[int]) -> None:
    """Draw the button that ticks every picture in the table, or none."""
    st.button(
        "Untick all" if ticked else f"Tick all {n_shown:,}",
        key="tick_all",
        icon=":material/deselect:" if ticked else ":material/select_all:",
        on_click=lambda: st.session_state.update(
            {TICKED: set() if ticked else set(st.session_state[SHOWN])}
        ),
    )


def show_bulk_review(model: ModelSummary, room: AnswerRoom, ticked: set[int]) -> None:
    """Draw the buttons that review all ticked pictures."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="bulk_review"):
        st.button(
            "Right",
            key="bulk_right",
            icon=":material/check:",
            help="The answers are right. Pictures that you have already reviewed stay as they are.",
            on_click=lambda: mark_right(
                room, ticked, room.tabulate(model.manifest_sha256, model.labels).list_classes()
            ),
        )
        st.button(
            "None of these",
            key="bulk_none",
            icon=":material/block:",
            help="They show something else than the model's classes.",
            on_click=lambda: mark(room, ticked, Review(COUNTER_CLASS)),
        )
        st.button(
            "Don't know",
            key="bulk_unknown",
            icon=":material/question_mark:",
            on_click=lambda: mark(room, ticked, Review(None)),
        )
        st.button(
            "Clear reviews",
            key="bulk_back",
            icon=":material/undo:",
            on_click=lambda: mark(room, ticked, None),
        )
        classes = list_classes_to_choose(model, room)
        ask_for_class("correct_to", "They are", classes, lambda review: mark(room, ticked, review))


def show_actions(model: ModelSummary, room: AnswerRoom, chosen: set[int]) -> None:
    """Draw what can be done with the chosen pictures, at least one."""
    may_add = get_access().allows(Action.EDIT_DATASETS)
    with st.container(horizontal=True, vertical_alignment="bottom", key="answer_actions"):
        if may_add:
            st.button(
                "Add to dataset",
                key="add_to_dataset",
                icon=":material/library_add:",
                on_click=open_dialog,
                args=(_DIALOG,),
            )
        st.link_button(
            "Download sorted",
            make_zip_address(model, room, chosen),
            icon=":material/folder_zip:",
            help="A .zip of your files with one folder per class, by what you say, or else by "
            "the answer.",
        )
        show_remove(room, chosen)
    if may_add and is_open(_DIALOG):
        _ask_for_dataset(model, room, chosen)


@st.dialog("Add to a dataset", icon=":material/library_add:", on_dismiss=close_dialog)
def _ask_for_dataset(model: ModelSummary, room: AnswerRoom, numbers: set[int]) -> None:
    labelled = list_labelled(room, sorted(numbers))
    if n_left := len(numbers) - len(labelled):
        verb, they = ("is", "it is") if n_left == 1 else ("are", "they are")
        st.info(
            f"{n_left:,} of the {len(numbers):,} {'picture' if len(numbers) == 1 else 'pictures'} "
            f"{verb} left out, because you have not said what {they}. To add all, first choose "
            "Right or a class for each."
        )
    if not labelled:
        return
    workspace = get_workspace()
    names = list(list_datasets(workspace))
    suggested = _suggest_dataset(workspace, model, names)
    dataset = ask_for_target(labelled, names, suggested, _TARGET)
    if dataset is None:
        return
    noun = "picture" if len(labelled) == 1 else "pictures"

    def add() -> Outcome:
        addition = Addition(get_access(), workspace, dataset, labelled)
        start_work(_make_work(dataset, addition))
        return Outcome(f"Adding pictures to {dataset} …")

    confirm("add_answers", f"Add {len(labelled):,} {noun}", add)


def _suggest_dataset(workspace: Workspace, model: ModelSummary, names: Sequence[str]) -> str | None:
    """Return the dataset that was added to last, or that of the model if it has its classes."""
    last = st.session_state.get(ADDED_TO)
    if last in names:
        return str(last)
    own = model.dataset.removesuffix(DATASET_SUFFIX)
    if own not in names:
        return None
    try:
        present = {fold_name(label) for label in list_classes(dataset_dir(workspace, own))}
    except DatasetError:
        return None
    return own if {fold_name(label) for label in model.labels} <= present else None


def _make_work(dataset: str, addition: Addition) -> Work:
    def remember(outcome: Outcome) -> Outcome:
        st.session_state[ADDED_TO] = dataset
        return outcome

    def forget() -> None:
        st.session_state.pop(ADDED_TO, None)

    return make_addition_work(addition, remember, forget)


def show_retrain() -> None:
    """Draw the way to a new training, if pictures were added to a dataset from here."""
    dataset = st.session_state.get(ADDED_TO)
    if not dataset or not get_access().allows(Action.TRAIN):
        return
    if st.button(
        f"Retrain with {escape_markdown(dataset)}",
        key="retrain",
        icon=":material/model_training:",
        type="primary",
    ):
        choose(Choice.DATASET, dataset)
        st.switch_page(PageFile.HYPERPARAMETERS)
