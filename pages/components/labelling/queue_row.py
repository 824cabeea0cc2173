"""Choose a queue, add pictures and classes to it, or delete it."""

from __future__ import annotations

from collections import Counter
from functools import partial

import streamlit as st

from cluster_core.labelling.queue import LabelQueue
from cluster_core.labelling.queues import delete_queue, list_queues
from cluster_core.workspace import Workspace
from pages.components.dialogs import (
    NameField,
    ask_for_name,
    close_dialog,
    confirm,
    is_open,
    open_dialog,
)
from pages.components.labelling.opened_queue import show_queue
from pages.components.long_work import is_working
from pages.components.outcome import Outcome, attempt, make_deletion_outcome
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown
from pages.components.words import number_duplicates

_KEY = "queue_choice"
_CLASSES, _DELETE = "label classes", "delete queue"


def show_queue_row(workspace: Workspace, queue: LabelQueue) -> None:
    """Draw the choice of the queue, and the buttons that change it."""
    present = list_queues(workspace)
    names = dict(zip(present, number_duplicates(list(present.values())), strict=True))
    st.session_state[_KEY] = queue.id
    with st.container(horizontal=True, vertical_alignment="bottom", key="queue_row"):
        st.selectbox(
            "Queue",
            list(present),
            format_func=lambda one: names.get(one, one),
            key=_KEY,
            on_change=lambda: show_queue(st.session_state[_KEY]),
            width=260,
        )
        st.button(
            "New queue", key="new_queue", icon=":material/add:", on_click=show_queue, args=(None,)
        )
        _show_dialog_button("Classes", "queue_classes_open", "sell", _CLASSES)
        _show_dialog_button("Delete queue", "delete_queue", "delete", _DELETE)
    if is_open(_CLASSES):
        _edit_classes(queue)
    elif is_open(_DELETE):
        _confirm_deletion(workspace, queue)


def _show_dialog_button(label: str, key: str, icon: str, dialog: str) -> None:
    st.button(
        label,
        key=key,
        icon=f":material/{icon}:",
        type="tertiary",
        disabled=is_working(),
        on_click=open_dialog,
        args=(dialog,),
    )


@st.dialog("Classes", icon=":material/sell:", on_dismiss=close_dialog)
def _edit_classes(queue: LabelQueue) -> None:
    queue.refresh()
    counts = Counter(queue.labelled.values())
    for number, label in enumerate(queue.classes):
        with st.container(horizontal=True, vertical_alignment="center"):
            n = counts[label]
            noun = "picture" if n == 1 else "pictures"
            st.markdown(f"**{escape_markdown(label)}** · {n:,} {noun}", width="stretch")
            st.button(
                "Remove",
                key=f"remove_class_{number}",
                type="tertiary",
                disabled=n > 0,
                help="Only a class without pictures can be removed.",
                on_click=attempt,
                args=(partial(_remove, queue, label),),
            )

    def add(name: str) -> Outcome:
        return Outcome(f"Added the class {queue.add_class(get_access(), name)}.")

    ask_for_name(NameField("label_class", "New class", "Add", placeholder="open clusters"), add)


def _remove(queue: LabelQueue, label: str) -> Outcome:
    queue.remove_class(get_access(), label)
    close_dialog()
    return Outcome(f"Removed the class {label}.")


@st.dialog("Delete this queue?", icon=":material/delete:", on_dismiss=close_dialog)
def _confirm_deletion(workspace: Workspace, queue: LabelQueue) -> None:
    queue.refresh()
    n = len(queue.pictures)
    st.write(
        f"The queue **{escape_markdown(queue.name)}** with {n:,} "
        f"{'picture' if n == 1 else 'pictures'}, {queue.n_labelled:,} of them labelled, goes to "
        "the trash. You can restore it until the trash is emptied. Pictures that were added to a "
        "dataset stay there."
    )

    def delete() -> Outcome:
        entry = delete_queue(get_access(), workspace, queue)
        show_queue(None)
        return make_deletion_outcome(workspace, entry, lambda _: show_queue(queue.id))

    confirm("delete_queue", "Delete", delete)
