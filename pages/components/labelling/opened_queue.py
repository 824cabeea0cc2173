"""The queue that this tab works on, and what it shows of it."""

from __future__ import annotations

import secrets
import time

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.labelling.guide import Guide, obtain_guide
from cluster_core.labelling.queue import LabelQueue
from cluster_core.labelling.queues import find_queue, list_queues
from cluster_core.workspace import Workspace
from pages.components.selection import MAX_ID_LENGTH, Choice, choose, get_chosen
from pages.components.text import escape_markdown

# Nobody sees a picture and presses a key sooner: such a press was meant for the one before.
LOOK_S = 0.2
_SHOWN_AT = "label shown at"
_QUEUE, _TAB, _SHOWN, _WANTS_NEW = "label queue", "label tab", "label shown", "wants new queue"


def open_queue(workspace: Workspace) -> LabelQueue | None:
    """Return the chosen queue or the newest, with what other tabs decided; None for a new one.

    Raises
    ------
    DatasetError
        The folder of queues cannot be opened.
    """
    present = list_queues(workspace)
    chosen = get_chosen(Choice.QUEUE)
    if chosen is not None and chosen not in present:
        st.warning(
            f'There is no queue "{escape_markdown(chosen[:MAX_ID_LENGTH])}". It may have been '
            "deleted.",
            icon=":material/search_off:",
        )
        show_queue(None)
        chosen = None
    if not present or (chosen is None and st.session_state.get(_WANTS_NEW)):
        return None
    queue: LabelQueue | None = st.session_state.get(_QUEUE)
    wanted = chosen or next(iter(present))
    if queue is None or queue.id != wanted:
        queue = find_queue(workspace, wanted)
        st.session_state[_QUEUE] = queue
    choose(Choice.QUEUE, queue.id)
    queue.refresh()
    return queue


def show_queue(queue_id: str | None) -> None:
    """Show this queue from the next rerun of the page; None asks for a new one."""
    choose(Choice.QUEUE, queue_id)
    st.session_state[_WANTS_NEW] = queue_id is None
    st.session_state.pop(_QUEUE, None)
    st.session_state.pop(_SHOWN, None)


def get_tab() -> str:
    """Return what identifies this tab among those that work on a queue."""
    return str(st.session_state.setdefault(_TAB, secrets.token_hex(8)))


def find_guide(workspace: Workspace, queue: LabelQueue) -> Guide | None:
    """Return the guide of a queue, or None if the queue was deleted."""
    try:
        return obtain_guide(workspace, queue.id)
    except ClusterError:
        return None


def pick_picture(guide: Guide, queue: LabelQueue) -> str | None:
    """Return the hash of the picture to decide about; None if all are decided."""
    before = st.session_state.get(_SHOWN)
    shown = guide.pick(queue, get_tab(), before)
    if shown != before:
        st.session_state[_SHOWN] = shown
        st.session_state[_SHOWN_AT] = time.monotonic()
    return shown


def is_seen(sha256: str) -> bool:
    """Tell whether this picture is shown, and long enough to decide about it."""
    shown_at = st.session_state.get(_SHOWN_AT, 0.0)
    return st.session_state.get(_SHOWN) == sha256 and time.monotonic() - shown_at >= LOOK_S


def show_picture(sha256: str) -> None:
    """Show this picture from the next rerun, if there is no decision about it."""
    st.session_state[_SHOWN] = sha256
