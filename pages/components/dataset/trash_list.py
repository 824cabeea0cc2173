"""The trash: restore deleted items, or empty it."""

from __future__ import annotations

import streamlit as st

from cluster_core.storage.trash import TrashEntry, empty_trash, list_trash, restore
from cluster_core.workspace import Workspace
from pages.components.dialogs import close_dialog, confirm, is_open, open_dialog
from pages.components.outcome import Outcome, attempt, make_restoration_outcome
from pages.components.text import escape_markdown
from pages.components.words import format_time

_MAX_SHOWN = 20


def show_trash(workspace: Workspace) -> None:
    """Draw the trash in an expander, unless it is empty.

    Raises
    ------
    ClusterError
        The trash cannot be opened.
    """
    entries = list_trash(workspace)
    if not entries:
        return
    with st.expander(f"Trash ({len(entries):,})", icon=":material/delete:", key="trash"):
        for entry in entries[:_MAX_SHOWN]:
            _show_entry(workspace, entry)
        if len(entries) > _MAX_SHOWN:
            st.caption(f"and {len(entries) - _MAX_SHOWN:,} older entries")
        st.button(
            "Empty the trash",
            key="empty_trash",
            icon=":material/delete_forever:",
            on_click=open_dialog,
            args=("empty trash",),
        )
    if is_open("empty trash"):
        _confirm_emptying(workspace, sum(entry.n_files for entry in entries))


def _show_entry(workspace: Workspace, entry: TrashEntry) -> None:
    def restore_entry() -> Outcome:
        restore(workspace, entry.id)
        return make_restoration_outcome(entry)

    with st.container(horizontal=True, vertical_alignment="center"):
        details = f"{_count_files(entry.n_files)} · {format_time(entry.created)}"
        st.markdown(f"{escape_markdown(entry.description)} · {details}", width="stretch")
        st.button(
            "Restore",
            key=f"restore_{entry.id}",
            icon=":material/restore_from_trash:",
            on_click=attempt,
            args=(restore_entry,),
        )


@st.dialog("Empty the trash?", icon=":material/delete_forever:", on_dismiss=close_dialog)
def _confirm_emptying(workspace: Workspace, n_files: int) -> None:
    st.write(f"This permanently deletes {_count_files(n_files)}. You cannot undo this.")
    confirm(
        "empty_trash",
        "Delete permanently",
        lambda: Outcome(f"Permanently deleted {_count_files(empty_trash(workspace))}."),
    )


def _count_files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
