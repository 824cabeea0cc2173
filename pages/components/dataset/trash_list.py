"""The trash: restore deleted items, or empty it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cluster_core.model.bundle.discarding import discard_trash
from cluster_core.storage.trash import TrashEntry, list_trash, restore
from cluster_core.workspace import Workspace
from pages.components.dialogs import close_dialog, confirm, is_open, open_dialog
from pages.components.outcome import Outcome, attempt, make_restoration_outcome
from pages.components.signed_in import get_access
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
        _confirm_emptying(workspace, entries)


def _show_entry(workspace: Workspace, entry: TrashEntry) -> None:
    def restore_entry() -> Outcome:
        restore(get_access(), workspace, entry.id)
        return make_restoration_outcome(entry)

    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            escape_markdown(_describe(entry)),
            width="stretch",
            help=escape_markdown(entry.problem) if entry.problem else None,
        )
        st.button(
            "Restore",
            key=f"restore_{entry.id}",
            icon=":material/restore_from_trash:",
            disabled=entry.problem is not None,
            on_click=attempt,
            args=(restore_entry,),
        )


@st.dialog("Empty the trash?", icon=":material/delete_forever:", on_dismiss=close_dialog)
def _confirm_emptying(workspace: Workspace, entries: Sequence[TrashEntry]) -> None:
    chosen = _choose_unreadable([entry for entry in entries if entry.problem])
    deleted = [entry for entry in entries if not entry.problem or entry.id in chosen]
    if not deleted:
        st.caption("Choose what to delete.")
        return
    n_files = sum(entry.n_files for entry in deleted)
    st.write(f"This permanently deletes {_count_files(n_files)}. You cannot undo this.")
    confirm(
        "empty_trash",
        "Delete permanently",
        lambda: Outcome(
            f"Permanently deleted {_count_files(discard_trash(get_access(), workspace, chosen))}."
        ),
    )


def _choose_unreadable(entries: Sequence[TrashEntry]) -> list[str]:
    """Let the visitor choose unreadable entries to delete; return their ids."""
    if not entries:
        return []
    names = {entry.id: f"{_describe(entry)} · {entry.id}" for entry in entries}
    st.caption(escape_markdown(entries[0].problem or ""))
    return st.multiselect(
        "Unreadable entries are kept, except these:",
        list(names),
        format_func=names.__getitem__,
        placeholder="Choose entries to delete",
        key="unreadable_trash",
    )


def _describe(entry: TrashEntry) -> str:
    """Return what was deleted, how many files, and when."""
    return f"{entry.description} · {_count_files(entry.n_files)} · {format_time(entry.created)}"


def _count_files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
