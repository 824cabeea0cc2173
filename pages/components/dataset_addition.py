"""Add labelled pictures to a dataset: ask which one, then add them with progress and Undo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from cluster_core.answers.adding import Addition, LabelledPicture
from cluster_core.data.index import Progress
from cluster_core.data.labels import check_folder_name
from cluster_core.errors import DatasetError
from cluster_core.storage.cache_file import CacheFile
from pages.components.long_work import Work
from pages.components.outcome import Outcome, join_with_and, make_import_outcome
from pages.components.selection import Choice, choose
from pages.components.text import escape_markdown


def ask_for_target(
    pictures: Sequence[LabelledPicture], names: Sequence[str], suggested: str | None, key: str
) -> str | None:
    """Draw what is going to be added, and a field for the dataset.

    Parameters
    ----------
    pictures : sequence of LabelledPicture
        The pictures to add; at least one.
    names : sequence of str
        The datasets that exist.
    suggested : str or None
        The dataset to offer first.
    key : str
        Key of the field.

    Returns
    -------
    str or None
        The name of the dataset; None until one is chosen, or while it is not valid.
    """
    counts = Counter(picture.label for picture in pictures).most_common()
    parts = [f"{count:,} to {escape_markdown(label)}" for label, count in counts]
    st.write(f"Adds {join_with_and(parts)}. Pictures that are there already are left out.")
    st.session_state.setdefault(key, suggested)
    dataset = st.selectbox(
        "Dataset",
        names,
        index=None,
        key=key,
        accept_new_options=True,
        placeholder="Choose a dataset or type a new name",
        help="Choose a dataset, or type the name of a new one.",
    )
    if not dataset or dataset in names:
        return dataset or None
    try:
        dataset = check_folder_name(dataset, "dataset")
    except DatasetError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None
    st.caption("This is a new dataset.")
    return dataset


def make_addition_work(
    addition: Addition,
    on_added: Callable[[Outcome], Outcome],
    on_taken_back: Callable[[], None] = lambda: None,
) -> Work:
    """Return the task that adds pictures to a dataset, and then chooses it.

    Parameters
    ----------
    addition : Addition
        The pictures and the dataset.
    on_added : callable
        Completes the outcome, which already has an Undo, once any pictures were added.
    on_taken_back : callable, optional
        Called after Undo.
    """

    def resume(on_progress: Progress) -> Outcome:
        with CacheFile(addition.workspace.bottlenecks) as cache:
            addition.batch.store_remaining(cache, on_progress)
        return finish(0)

    def finish(n_stopped: int) -> Outcome:
        outcome = make_import_outcome(addition.batch.report(), n_stopped)
        if not addition.batch.stored:
            addition.discard_empty()
            return outcome
        choose(Choice.DATASET, addition.dataset)
        return on_added(replace(outcome, undo=take_back))

    def on_stop() -> Outcome:
        report = addition.batch.report()
        n_done = sum(report.added.values()) + len(report.rejected)
        return finish(addition.batch.n_pictures - n_done)

    def take_back() -> Outcome:
        entry = addition.take_back()
        on_taken_back()
        noun = "picture" if entry.n_files == 1 else "pictures"
        return Outcome(f"Took {entry.n_files:,} {noun} out of {addition.dataset} again.")

    return Work(f"Adding pictures to {addition.dataset}", resume, on_stop)
