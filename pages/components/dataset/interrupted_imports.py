"""Imports that a stop of the server cut short, each with a button to continue it."""

from __future__ import annotations

from functools import partial

import streamlit as st

from cluster_core.data.archives.dataset_archive import ImportReport
from cluster_core.data.archives.interrupted import (
    InterruptedImport,
    continue_import,
    discard_import,
    list_interrupted_imports,
)
from cluster_core.data.index import Progress
from cluster_core.workspace import Workspace
from pages.components.dataset.overview import count_pictures
from pages.components.long_work import Work, start_work
from pages.components.outcome import Outcome, attempt, make_import_outcome
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown


def show_interrupted_imports(workspace: Workspace) -> None:
    """Draw a warning for each interrupted import of the workspace."""
    for found in list_interrupted_imports(workspace):
        with st.container(
            horizontal=True, vertical_alignment="center", key=f"interrupted_{found.id}"
        ):
            st.warning(
                f"The server stopped while a .zip was added to **{escape_markdown(found.dataset)}**"
                f": {found.n_added:,} of {count_pictures(found.n_added + found.n_waiting)} were "
                "added. Continue to add the others, or discard them.",
                icon=":material/move_to_inbox:",
                width="stretch",
            )
            st.button(
                "Continue",
                key=f"continue_{found.id}",
                type="primary",
                on_click=_continue,
                args=(workspace, found),
            )
            st.button(
                "Discard the others",
                key=f"discard_{found.id}",
                type="tertiary",
                on_click=attempt,
                args=(partial(_discard, workspace, found),),
            )


def _continue(workspace: Workspace, found: InterruptedImport) -> None:
    def resume(on_progress: Progress) -> Outcome:
        return make_import_outcome(
            ImportReport(continue_import(get_access(), workspace, found.id, on_progress), ())
        )

    def on_stop() -> Outcome:
        return Outcome("Stopped. You can continue this import later.", is_good=False)

    start_work(Work(f"Adding pictures to {found.dataset}", resume, on_stop))


def _discard(workspace: Workspace, found: InterruptedImport) -> Outcome:
    discard_import(get_access(), workspace, found.id)
    return Outcome(f"Discarded {count_pictures(found.n_waiting)} of this import.")
