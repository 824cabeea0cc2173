"""Add pictures to a dataset: from files, a folder, a .zip, the camera or web addresses."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cluster_core.access import Action
from cluster_core.data.archives.dataset_archive import ImportReport, import_archive
from cluster_core.data.index import Progress
from cluster_core.data.labels import check_class_name
from cluster_core.data.uploads import (
    NewPicture,
    PictureBatch,
    assign_labels,
    name_dataset_after,
)
from cluster_core.errors import DatasetError
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.dataset.address_list import show_address_list
from pages.components.dataset.class_actions import shown_key, upload_key
from pages.components.dataset.recorder import show_recorder
from pages.components.long_work import Work, start_work
from pages.components.navigation import PageFile
from pages.components.outcome import Outcome, clear_outcome, make_import_outcome, set_outcome
from pages.components.picture_input import PICTURE_TYPES
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown
from pages.components.upload_limit import forget_upload, get_max_upload_mb, show_uploader

_SOURCES = ("Files", "Folder", "Zip", "Camera", "Addresses")
# Streamlit cannot clear an uploader; a new number in its key replaces it with an empty one.
_ROUND = "uploader round"


def show_upload(
    workspace: Workspace, image_dir: Path, labels: Sequence[str], *, is_named: bool = True
) -> None:
    """Draw the form that adds pictures to a dataset.

    Parameters
    ----------
    workspace : Workspace
    image_dir : Path
        The dataset's folder; created when the first picture is added.
    labels : sequence of str
        The classes of the dataset.
    is_named : bool
        Whether the folder's name was chosen; otherwise a folder of classes or a .zip names it.
    """

    def find_target(upload: str) -> Path:
        return image_dir if is_named else name_dataset_after(workspace, upload)

    access = get_access()
    source = st.segmented_control(
        "Where are the pictures?",
        _SOURCES if access.allows(Action.DOWNLOAD) else _SOURCES[:-1],
        default=_SOURCES[0],
        required=True,
        key="source",
        persist_state="session",
    )
    if access.allows(Action.LABEL_QUEUES) and st.button(
        "Not sorted yet? Label them one at a time",
        key="to_labelling",
        type="tertiary",
        icon=":material/new_label:",
    ):
        st.switch_page(PageFile.LABEL)
    if source == "Zip":
        _show_zip(workspace, find_target)
        return
    label = choose_class(image_dir, labels, is_required=source != "Folder")
    if source == "Folder":
        _show_folder(workspace, find_target, label)
    elif label is None:
        st.caption("First name the class: what do these pictures show?")
    elif source == "Files":
        _show_files(workspace, image_dir, label)
    elif source == "Camera":
        _show_camera(workspace, image_dir, label)
    else:
        show_address_list(image_dir, label)


def choose_class(image_dir: Path, labels: Sequence[str], *, is_required: bool) -> str | None:
    """Draw the field for the class of new pictures.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder.
    labels : sequence of str
        The classes of the dataset.
    is_required : bool
        Whether pictures cannot be added without a class.

    Returns
    -------
    str or None
        An existing or a new class; None if the field is empty or the name cannot be used.
    """
    key = upload_key(image_dir)
    if labels and not st.session_state.get(key):
        shown = st.session_state.get(shown_key(image_dir))
        st.session_state[key] = shown if shown in labels else labels[0]
    entered = st.selectbox(
        "Class of these pictures",
        list(labels),
        index=None,
        key=key,
        accept_new_options=True,
        placeholder="Type a name, for example open clusters",
        help="Choose a class, or type the name of a new one.",
        persist_state="session",
        width=420,
    )
    if not entered:
        if not is_required:
            st.caption("Not needed if the folder has one sub-folder per class.")
        return None
    if entered in labels:
        return str(entered)
    try:
        return check_class_name(entered)
    except DatasetError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None


def start_upload(workspace: Workspace, image_dir: Path, pictures: Sequence[NewPicture]) -> None:
    """Add pictures to a dataset, from the next rerun of the page on."""
    batch = PictureBatch(get_access(), image_dir, pictures)

    def resume(on_progress: Progress) -> Outcome:
        with CacheFile(workspace.bottlenecks) as cache:
            batch.store_remaining(cache, on_progress)
        return make_import_outcome(batch.report())

    def on_stop() -> Outcome:
        report = batch.report()
        n_done = sum(report.added.values()) + len(report.rejected)
        return make_import_outcome(report, n_stopped=batch.n_pictures - n_done)

    start_work(Work("Adding pictures", resume, on_stop))


def _show_files(workspace: Workspace, image_dir: Path, label: str) -> None:
    def take(files: Sequence[UploadedFile]) -> None:
        start_upload(workspace, image_dir, [_to_new_picture(file, label) for file in files])

    _show_uploader(
        "upload_files",
        f"Drop one or more pictures of {escape_markdown(label)} here",
        take,
        type=PICTURE_TYPES,
        accept_multiple_files=True,
    )
    st.caption(f"JPEG, PNG, WebP, TIFF, FITS and many others, up to {get_max_upload_mb()} MB each.")


def _show_folder(
    workspace: Workspace, find_target: Callable[[str], Path], label: str | None
) -> None:
    def take(files: Sequence[UploadedFile]) -> None:
        found = assign_labels([file.name for file in files], label)
        pictures = [
            _to_new_picture(file, its_label)
            for file, its_label in zip(files, found, strict=True)
            if its_label is not None
        ]
        if pictures:
            start_upload(workspace, find_target(pictures[0].name), pictures)
        else:
            set_outcome(Outcome("No pictures were found in that folder.", is_good=False))

    _show_uploader(
        "upload_folder",
        "Choose a folder from your computer",
        take,
        type=PICTURE_TYPES,
        accept_multiple_files="directory",
    )
    st.caption("Sub-folders become classes. If there are none, all pictures go to the class above.")


def _show_zip(workspace: Workspace, find_target: Callable[[str], Path]) -> None:
    def take(files: Sequence[UploadedFile]) -> None:
        file = files[0]

        def resume(on_progress: Progress) -> Outcome:
            content = io.BytesIO(file.getbuffer())
            report: ImportReport = import_archive(
                get_access(),
                # Two steps per picture; visitors count pictures.
                workspace,
                find_target(file.name),
                content,
                lambda done, total: on_progress(done // 2, total // 2),
            )
            return make_import_outcome(report)

        title = f"Adding {file.name}"
        start_work(Work(title, resume, lambda: Outcome("Stopped. Nothing was added.", False)))
        forget_upload(file)

    _show_uploader(
        "upload_zip",
        "Drop a .zip with one folder of pictures per class",
        take,
        type=[".zip"],
    )
    st.caption(
        f"Up to {get_max_upload_mb()} MB. For more, unpack the .zip and choose Folder above."
    )


def _show_camera(workspace: Workspace, image_dir: Path, label: str) -> None:
    if st.toggle("Use the camera", key="camera_on"):
        show_recorder(workspace, image_dir, label)
    else:
        st.caption("Your browser will ask for permission to use the camera.")


def _show_uploader(
    key: str, label: str, take: Callable[[Sequence[UploadedFile]], None], **options: Any
) -> None:
    """Draw an uploader that passes its files to `take` and is then empty again."""
    round_key = f"{key}_{st.session_state.setdefault(_ROUND, 0)}"

    def pass_on() -> None:
        value = st.session_state.get(round_key)
        values = value if isinstance(value, list) else [value]
        files = [file for file in values if isinstance(file, UploadedFile)]
        if files:
            st.session_state[_ROUND] += 1
            take(files)

    show_uploader(key, round_key, label, on_all_refused=clear_outcome, on_change=pass_on, **options)


def _to_new_picture(file: UploadedFile, label: str) -> NewPicture:
    def read() -> bytes:
        data = file.getvalue()
        # Otherwise hundreds of pictures would stay in memory until the session ends.
        file.close()
        return data

    forget_upload(file)
    return NewPicture(label, file.name, read)
