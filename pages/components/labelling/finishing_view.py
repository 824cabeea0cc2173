"""Add the labelled pictures of a queue to a dataset."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cluster_core.answers.adding import Addition, LabelledPicture
from cluster_core.data.catalog import list_datasets
from cluster_core.labelling.finishing import list_finished
from cluster_core.labelling.queue import LabelQueue
from cluster_core.workspace import Workspace
from pages.components.dataset_addition import ask_for_target, make_addition_work
from pages.components.dialogs import close_dialog, confirm, is_open, open_dialog
from pages.components.long_work import Work, is_working, start_work
from pages.components.navigation import PageFile
from pages.components.outcome import Outcome
from pages.components.signed_in import get_access

_DIALOG, _TARGET = "finish queue", "finish_target"
_LAST = "datasets that queues went to"
_LINKS = {"Open the dataset": PageFile.DATASET, "Train a model with it": PageFile.HYPERPARAMETERS}


def show_finish(workspace: Workspace, queue: LabelQueue) -> None:
    """Draw the button that adds the labelled pictures to a dataset."""
    st.button(
        "Finish: add the labelled pictures to a dataset",
        key="finish_queue",
        icon=":material/library_add:",
        disabled=is_working(),
        help="The queue stays as it is, so that you can go on labelling later.",
        on_click=open_dialog,
        args=(_DIALOG,),
    )
    if is_open(_DIALOG):
        _ask_for_dataset(workspace, queue)


@st.dialog("Add to a dataset", icon=":material/library_add:", on_dismiss=close_dialog)
def _ask_for_dataset(workspace: Workspace, queue: LabelQueue) -> None:
    queue.refresh()
    pictures = list_finished(queue)
    if not pictures:
        st.info("No picture has a class yet: label some first.")
        return
    names = list(list_datasets(workspace))
    # Not the dataset last opened, which may be about something else.
    last = st.session_state.get(_LAST, {}).get(queue.id)
    dataset = ask_for_target(pictures, names, last if last in names else None, _TARGET)
    if dataset is None:
        return
    noun = "picture" if len(pictures) == 1 else "pictures"

    def add() -> Outcome:
        st.session_state.setdefault(_LAST, {})[queue.id] = dataset
        start_work(_make_work(workspace, dataset, pictures))
        return Outcome(f"Adding pictures to {dataset} …")

    confirm("finish", f"Add {len(pictures):,} {noun}", add)


def _make_work(workspace: Workspace, dataset: str, pictures: list[LabelledPicture]) -> Work:
    def add_links(outcome: Outcome) -> Outcome:
        sentence = f"{outcome.sentence} They went to the dataset {dataset}."
        return replace(outcome, sentence=sentence, links=_LINKS)

    return make_addition_work(
        Addition(get_access(), workspace, dataset, pictures, "Label"), add_links
    )
