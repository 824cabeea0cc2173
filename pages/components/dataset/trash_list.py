"""What was deleted, and can be brought back until the trash is emptied."""

from __future__ import annotations

import streamlit as st

from cluster_core.storage.trash import TrashEntry, empty_trash, list_trash, restore
from cluster_core.workspace import Workspace
from pages.components.dialogs import close_dialog, confirm, is_open, open_dialog
from pages.components.outcome import Outcome, attempt
from pages.components.text import escape_markdown
from pages.components.words import format_time

_MOST_SHOWN = 20


def show_trash(workspace: Workspace) -> None:
    """Draw the trash, folded; nothing where it is empty."""
    entries = list_trash(workspace)
    if not entries:
        return
    with st.expander(f"Trash ({len(entries):,})", icon=":material/delete:", key="trash"):
        for entry in entries[:_MOST_SHOWN]:
            _show_entry(workspace, entry)
        if len(entries) > _MOST_SHOWN:
            st.caption(f"and {len(entries) - _MOST_SHOWN:,} older ones")
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
    def bring_back() -> Outcome:
        restore(workspace, entry.id)
        return Outcome(f"{entry.description}: back again.")

    with st.container(horizontal=True, vertical_alignment="center"):
        files = "1 file" if entry.n_files == 1 else f"{entry.n_files:,} files"
        st.markdown(
            f"{escape_markdown(entry.description)} · {files} · {format_time(entry.created)}",
            width="stretch",
        )
        st.button(
            "Restore",
            key=f"restore_{entry.id}",
            icon=":material/restore_from_trash:",
            on_click=attempt,
            args=(bring_back,),
        )


@st.dialog("Empty the trash?", icon=":material/delete_forever:", on_dismiss=close_dialog)
def _confirm_emptying(workspace: Workspace, n_files: int) -> None:
    st.write(f"{n_files:,} files are deleted for good. Nothing of it can be brought back.")
    confirm(
        "empty_trash",
        "Delete for good",
        lambda: Outcome(f"{empty_trash(workspace):,} files are deleted for good."),
    )
