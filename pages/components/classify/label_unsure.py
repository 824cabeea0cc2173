"""Put the pictures that the model was unsure of into a queue on the page Label."""

from __future__ import annotations

import functools
from collections.abc import Callable

import streamlit as st

from cluster_core.access import Action
from cluster_core.answers.room import AnswerRoom
from cluster_core.data.index import Progress
from cluster_core.errors import ClusterError
from cluster_core.labelling.filling import QueueFilling, UnlabelledFile
from cluster_core.labelling.queue import LabelQueue
from cluster_core.labelling.queues import QueueSettings, create_queue
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.sorting.unsure import find_queue_network
from cluster_core.storage.cache_file import CacheFile
from pages.components.classify.redrawing import request_redraw
from pages.components.labelling.new_queue import describe_filling
from pages.components.labelling.opened_queue import show_queue
from pages.components.long_work import Work, start_work
from pages.components.navigation import PageFile
from pages.components.outcome import Outcome, set_outcome
from pages.components.signed_in import get_access, get_workspace

_IS_FILLED = "queue of unsure pictures is filled"


def show_label_unsure(model: ModelSummary, room: AnswerRoom) -> None:
    """Draw the button for the pictures of a room that are unsure and not reviewed."""
    columns = room.tabulate(model.manifest_sha256, model.labels)
    unsure = [int(n) for n in columns.numbers[columns.is_unsure] if int(n) not in room.reviews]
    if not unsure or not get_access().allows(Action.LABEL_QUEUES):
        return

    def label() -> None:
        start_queue(lambda: _create(model, room, unsure))
        request_redraw()

    st.button(
        f"Label the {len(unsure):,} unsure",
        key="label_unsure",
        icon=":material/new_label:",
        help="Puts them into a queue on the page Label, from where they can go into a dataset.",
        on_click=label,
    )


def _create(
    model: ModelSummary, room: AnswerRoom, numbers: list[int]
) -> tuple[LabelQueue, QueueFilling]:
    workspace, access = get_workspace(), get_access()
    network = find_queue_network(workspace, model.id)
    queue = create_queue(
        access, workspace, QueueSettings("Unsure on Classify", model.labels, network)
    )
    files = [
        UnlabelledFile(room.pictures[n].name, functools.partial(room.read_picture, n))
        for n in numbers
    ]
    return queue, QueueFilling(access, queue, files)


def start_queue(create: Callable[[], tuple[LabelQueue, QueueFilling]]) -> None:
    """Create a queue and fill it in a long task; `follow_to_label` opens it afterwards."""
    try:
        queue, filling = create()
    except ClusterError as error:
        set_outcome(Outcome(str(error), is_good=False))
        return
    show_queue(queue.id)

    def resume(on_progress: Progress) -> Outcome:
        with CacheFile(get_workspace().bottlenecks) as cache:
            filling.add_remaining(cache, on_progress)
        st.session_state[_IS_FILLED] = True
        return describe_filling(filling)

    start_work(Work("Adding pictures", resume, lambda: describe_filling(filling)))


def follow_to_label() -> None:
    """Open the page Label once a queue is filled."""
    if st.session_state.pop(_IS_FILLED, False):
        st.switch_page(PageFile.LABEL)
