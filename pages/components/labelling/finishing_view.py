"""Add the labelled pictures of a queue to a dataset."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import streamlit as st

from cluster_core.answers.adding import Addition, LabelledPicture
from cluster_core.data.catalog import list_datasets
from cluster_core.data.index import Progress
from cluster_core.data.labels import check_folder_name
from cluster_core.errors import DatasetError
from cluster_core.labelling.finishing import list_finished
from cluster_core.labelling.queue import LabelQueue
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.dialogs import close_dialog, confirm, is_open, open_dialog
from pages.components.long_work import Work, is_working, start_work
from pages.components.navigation import PageFile
from pages.components.outcome import Outcome, join_with_and, make_import_outcome
from pages.components.selection import Choice, choose
from pages.components.text import escape_markdown

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
    counts = Counter(picture.label for picture in pictures).most_common()
    parts = [f"{count:,} to {escape_markdown(label)}" for label, count in counts]
    st.write(f"Adds {join_with_and(parts)}. Pictures that are there already are left out.")
    names = list(list_datasets(workspace))
    # Not the dataset last opened, which may be about something else.
    last = st.session_state.get(_LAST, {}).get(queue.id)
    st.session_state.setdefault(_TARGET, last if last in names else None)
    dataset = st.selectbox(
        "Dataset",
        names,
        index=None,
        key=_TARGET,
        accept_new_options=True,
        placeholder="Choose a dataset or type a new name",
        help="Choose a dataset, or type the name of a new one.",
    )
    if not dataset:
        return
    if dataset not in names:
        try:
            dataset = check_folder_name(dataset, "dataset")
        except DatasetError as error:
            st.error(escape_markdown(str(error)), icon=":material/error:")
            return
        st.caption("This is a new dataset.")
    noun = "picture" if len(pictures) == 1 else "pictures"

    def add() -> Outcome:
        st.session_state.setdefault(_LAST, {})[queue.id] = dataset
        start_work(_make_work(workspace, dataset, pictures))
        return Outcome(f"Adding pictures to {dataset} …")

    confirm("finish", f"Add {len(pictures):,} {noun}", add)


def _make_work(workspace: Workspace, dataset: str, pictures: list[LabelledPicture]) -> Work:
    addition = Addition(workspace, dataset, pictures, "Label")

    def resume(on_progress: Progress) -> Outcome:
        with CacheFile(workspace.bottlenecks) as cache:
            addition.batch.store_remaining(cache, on_progress)
        return finish(0)

    def finish(n_stopped: int) -> Outcome:
        outcome = make_import_outcome(addition.batch.report(), n_stopped)
        if not addition.batch.stored:
            addition.discard_empty()
            return outcome
        choose(Choice.DATASET, dataset)
        sentence = f"{outcome.sentence} They went to the dataset {dataset}."
        return replace(outcome, sentence=sentence, undo=take_back, links=_LINKS)

    def on_stop() -> Outcome:
        report = addition.batch.report()
        n_done = sum(report.added.values()) + len(report.rejected)
        return finish(addition.batch.n_pictures - n_done)

    def take_back() -> Outcome:
        entry = addition.take_back()
        noun = "picture" if entry.n_files == 1 else "pictures"
        return Outcome(f"Took {entry.n_files:,} {noun} out of {dataset} again.")

    return Work(f"Adding pictures to {dataset}", resume, on_stop)
