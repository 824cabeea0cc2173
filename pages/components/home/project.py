"""Save a whole project as one file, and load such a file."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cluster_core.data.catalog import list_datasets
from cluster_core.data.index import Progress
from cluster_core.errors import ClusterError
from cluster_core.projects.loading import load_project, preview_project, undo_load
from cluster_core.projects.placing import LoadReport
from cluster_core.projects.saving import preview_saving
from cluster_core.projects.words import describe_contents, describe_load
from cluster_core.workspace import Workspace
from pages.components.dialogs import close_dialog, is_open, open_dialog
from pages.components.home.project_files import make_project_address
from pages.components.long_work import Work, is_working, start_work
from pages.components.navigation import PageFile
from pages.components.outcome import Outcome, show_reasons
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown
from pages.components.upload_limit import forget_upload, get_max_upload_mb, show_uploader

_SAVE, _LOAD = "save project", "load project"


def show_project(workspace: Workspace) -> None:
    """Draw the buttons that save and load a project."""
    st.subheader("Your project", anchor=False)
    st.caption(
        "All datasets, labels, models and trainings in one file, as a backup or for another "
        "computer."
    )
    with st.container(horizontal=True, key="project"):
        _show_button("Save project", _SAVE, "download")
        _show_button("Load project", _LOAD, "upload")
    if is_open(_SAVE):
        _ask_what_to_save(workspace)
    if is_open(_LOAD):
        _ask_for_file(workspace)


def _show_button(label: str, dialog: str, icon: str) -> None:
    st.button(
        label,
        key=dialog.replace(" ", "_"),
        icon=f":material/{icon}:",
        on_click=open_dialog,
        args=(dialog,),
        disabled=is_working(),
    )


@st.dialog("Save project", icon=":material/download:", on_dismiss=close_dialog)
def _ask_what_to_save(workspace: Workspace) -> None:
    try:
        names = list_datasets(workspace)
    except ClusterError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    chosen = st.multiselect(
        "Datasets",
        names,
        key="save_datasets",
        placeholder="Everything",
        help="A dataset comes with the models and trainings made from it. Leave this empty for "
        "everything, with the label queues.",
    )
    st.caption(
        "Not in the file: the trash, API keys, visitors' pictures, networks that can be "
        "downloaded again, and what can be computed again."
    )
    try:
        notes = preview_saving(get_access(), workspace, chosen)
    except ClusterError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    if notes:
        with st.expander("What is left out or renamed", icon=":material/info:", expanded=True):
            show_reasons(notes)
    st.link_button(
        "Download",
        make_project_address(get_access(), workspace, chosen),
        type="primary",
        icon=":material/folder_zip:",
    )


@st.dialog("Load project", icon=":material/upload:", on_dismiss=close_dialog)
def _ask_for_file(workspace: Workspace) -> None:
    file = show_uploader(
        "project_upload", "project_zip", "A file that Save project wrote", type=["zip"]
    )
    st.caption(
        f"Files may be up to {get_max_upload_mb()} MB here. For a larger one, run this on the "
        "server: `python -m cluster_core project load FILE.zip`"
    )
    if not isinstance(file, UploadedFile):
        return
    try:
        contents = preview_project(file)
    except ClusterError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    st.info(f"In this file: {describe_contents(contents)}.", icon=":material/folder_zip:")
    if contents.ignored:
        with st.expander("Files that will not be loaded", icon=":material/block:"):
            show_reasons(contents.ignored)
    st.caption(
        "Nothing here is overwritten: what you have already is skipped, and what has the name of "
        "something else gets a new name."
    )
    publishes = False
    if contents.n_pages:
        which = "its page" if contents.n_pages == 1 else f"its {contents.n_pages} pages"
        publishes = st.checkbox(f"Publish {which} here, where everybody can see them")
    if st.button("Load", key="confirm_load_project", type="primary"):
        close_dialog()
        start_work(_make_work(workspace, file, publishes=publishes))
        st.rerun()


def _make_work(workspace: Workspace, file: UploadedFile, *, publishes: bool) -> Work:
    def resume(on_progress: Progress) -> Outcome:
        file.seek(0)
        report = load_project(get_access(), workspace, file, on_progress, publishes=publishes)
        forget_upload(file)
        return _make_outcome(workspace, report)

    return Work("Loading the project", resume, lambda: Outcome("Stopped. Nothing was loaded."))


def _make_outcome(workspace: Workspace, report: LoadReport) -> Outcome:
    def undo() -> Outcome:
        undo_load(get_access(), workspace, report)
        return Outcome("The loaded project is in the trash of the Dataset page.")

    return Outcome(
        describe_load(report),
        remarks=report.notes,
        undo=undo if report.added else None,
        links={"View the dataset": PageFile.DATASET, "See the models": PageFile.MODELS},
    )
