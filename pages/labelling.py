"""The Label page: sort new pictures into classes, the most telling ones first."""

from __future__ import annotations

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.labelling.queue import LabelQueue
from pages.components.labelling.desk import show_desk
from pages.components.labelling.finishing_view import show_finish
from pages.components.labelling.new_queue import show_more_pictures, show_new_queue
from pages.components.labelling.opened_queue import find_guide, open_queue
from pages.components.labelling.progress_view import show_examination
from pages.components.labelling.queue_row import show_queue_row
from pages.components.long_work import continue_work
from pages.components.outcome import show_outcome
from pages.components.signed_in import get_workspace
from pages.components.text import escape_markdown


def show_queue(queue: LabelQueue) -> None:
    """Draw a queue: its pictures one at a time, and what can be done with it."""
    show_queue_row(workspace, queue)
    guide = find_guide(workspace, queue)
    if guide is None:
        st.rerun()  # it was deleted in another tab
    show_examination(queue, guide)
    show_desk(workspace, queue, guide)
    show_finish(workspace, queue)
    with st.expander("Add more pictures", icon=":material/add_photo_alternate:"):
        show_more_pictures(workspace, queue)


st.title("Label")
workspace = get_workspace()
continue_work()
show_outcome()
try:
    opened = open_queue(workspace)
    if opened is None:
        show_new_queue(workspace)
    else:
        show_queue(opened)
except ClusterError as error:
    st.error(escape_markdown(str(error)), icon=":material/error:")
