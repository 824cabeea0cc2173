"""Make a queue of unlabelled pictures, and add more pictures to one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cluster_core.data.archives.unsorted import list_packed
from cluster_core.data.catalog import dataset_dir
from cluster_core.data.class_folders import is_system_file
from cluster_core.data.counter_classes import is_counter_name
from cluster_core.data.editing.classes import list_classes
from cluster_core.data.index import Progress
from cluster_core.errors import ClusterError
from cluster_core.labelling.filling import MAX_PICTURES, QueueFilling, UnlabelledFile
from cluster_core.labelling.queue import LabelQueue
from cluster_core.labelling.queues import QueueSettings, create_queue
from cluster_core.model.backbones.registry import EVERYDAY_BACKBONE, SKY_BACKBONE
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.labelling.opened_queue import show_queue
from pages.components.long_work import Work, start_work
from pages.components.outcome import Outcome, clear_outcome, set_outcome
from pages.components.picture_input import PICTURE_TYPES
from pages.components.selection import get_active_dataset
from pages.components.signed_in import get_access
from pages.components.upload_limit import forget_upload, get_max_upload_mb, show_uploader

_CLASSES, _NAME, _NETWORK, _SOURCE = "queue_classes", "queue_name", "queue_network", "queue_source"
_SUBJECTS = {SKY_BACKBONE.name: "The sky", EVERYDAY_BACKBONE.name: "Everyday things"}
_ROUND = "queue uploader round"
_ZIP = ".zip"
_NOTHING_FOUND = "No pictures were added: choose pictures, or a .zip or folder of them."


def show_new_queue(workspace: Workspace) -> None:
    """Draw the form that makes a queue."""
    st.markdown(
        "Add pictures that nobody has sorted yet. Cluster Lab shows them one at a time, starting "
        "with those that teach it most, so that you need to label fewer. You then add the labelled "
        "pictures to a dataset."
    )
    st.session_state.setdefault(_CLASSES, _suggest_classes(workspace))
    classes = st.multiselect(
        "Classes",
        list(dict.fromkeys([*_suggest_classes(workspace), *st.session_state[_CLASSES]])),
        key=_CLASSES,
        accept_new_options=True,
        placeholder="Type a name and press Enter, for example open clusters",
        help="What the pictures can show. Name at least two; you can add more later. Keys 1 to 9 "
        "are in this order.",
        persist_state="session",
        width=620,
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name of this queue",
            key=_NAME,
            placeholder="Pictures",
            persist_state="session",
            width=300,
        )
        network = st.segmented_control(
            "The pictures show",
            list(_SUBJECTS),
            format_func=_SUBJECTS.__getitem__,
            default=None if _NETWORK in st.session_state else SKY_BACKBONE.name,
            required=True,
            key=_NETWORK,
            help="Decides which built-in network compares the pictures with each other.",
            persist_state="session",
        )
    if len(classes) < 2:  # noqa: PLR2004
        st.caption("First name at least two classes.")
        return

    def take(files: Sequence[UnlabelledFile], problems: Sequence[str]) -> None:
        settings = QueueSettings(st.session_state.get(_NAME) or "", classes, str(network))
        try:
            queue = create_queue(get_access(), workspace, settings)
        except ClusterError as error:
            set_outcome(Outcome(str(error), is_good=False))
            return
        show_queue(queue.id)
        _start_filling(workspace, QueueFilling(get_access(), queue, files, problems))

    _show_sources(take, "Make the queue")


def show_more_pictures(workspace: Workspace, queue: LabelQueue) -> None:
    """Draw the uploader that adds pictures to a queue."""

    def take(files: Sequence[UnlabelledFile], problems: Sequence[str]) -> None:
        _start_filling(workspace, QueueFilling(get_access(), queue, files, problems))

    _show_sources(take)


def _suggest_classes(workspace: Workspace) -> list[str]:
    """Return the classes of the active dataset."""
    with suppress(ClusterError):
        if dataset := get_active_dataset(workspace):
            found = list_classes(dataset_dir(workspace, dataset))
            return [label for label in found if not is_counter_name(label)]
    return []


def _show_sources(
    take: Callable[[Sequence[UnlabelledFile], Sequence[str]], None], button: str | None = None
) -> None:
    """Draw the uploader. With a button, files wait until it is clicked."""
    source = st.segmented_control(
        "Where are the pictures?",
        ("Files", "Folder"),
        default="Files",
        required=True,
        key=_SOURCE,
        persist_state="session",
    )
    is_folder = source == "Folder"
    key = f"queue_upload_{source}_{st.session_state.setdefault(_ROUND, 0)}"

    def pass_on() -> None:
        files = st.session_state.get(key) or []
        if files:
            st.session_state[_ROUND] += 1
            found, problems = _list_pictures(files)
            if found:
                take(found, problems)
            else:
                set_outcome(Outcome(_NOTHING_FOUND, is_good=False, reasons=problems))

    show_uploader(
        "queue_upload",
        key,
        "Choose a folder from your computer" if is_folder else "Drop the pictures here",
        on_all_refused=clear_outcome,
        on_change=None if button else pass_on,
        type=[*PICTURE_TYPES, _ZIP],
        accept_multiple_files="directory" if is_folder else True,
    )
    st.caption(
        f"Up to {MAX_PICTURES:,} pictures in a queue, each up to {get_max_upload_mb()} MB; a "
        ".zip of pictures, too. Copies are kept on this server; your own files are not touched."
    )
    if button and st.session_state.get(key):
        st.caption("You can still change the classes and the name above.")
        st.button(
            button, key="make_queue", type="primary", icon=":material/check:", on_click=pass_on
        )


def _list_pictures(
    files: Sequence[UploadedFile],
) -> tuple[list[UnlabelledFile], list[str]]:
    """Return the pictures among uploaded files and in their archives, and what was left out."""
    found: list[UnlabelledFile] = []
    problems: list[str] = []
    for file in files:
        if is_system_file(_get_last(file.name)):
            continue
        if not file.name.lower().endswith(_ZIP):
            found.append(_to_file(file))
            continue
        forget_upload(file)
        try:
            packed, left_out = list_packed(file)
        except ClusterError as error:
            problems.append(f"{_get_last(file.name)}: {error}")
            continue
        found += [UnlabelledFile(one.name, one.read) for one in packed]
        problems += left_out
    return found, problems


def _get_last(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _to_file(file: UploadedFile) -> UnlabelledFile:
    def read() -> bytes:
        data = file.getvalue()
        file.close()  # otherwise thousands of pictures would stay in memory
        return data

    forget_upload(file)
    return UnlabelledFile(file.name, read)


def _start_filling(workspace: Workspace, filling: QueueFilling) -> None:
    def resume(on_progress: Progress) -> Outcome:
        with CacheFile(workspace.bottlenecks) as cache:
            filling.add_remaining(cache, on_progress)
        return describe_filling(filling)

    start_work(Work("Adding pictures", resume, lambda: describe_filling(filling)))


def describe_filling(filling: QueueFilling) -> Outcome:
    """Return the outcome of adding pictures to a queue: how many, and how many were left out."""
    parts = [f"Added {filling.n_added:,} {'picture' if filling.n_added == 1 else 'pictures'}"]
    if filling.n_present:
        parts.append(f"{filling.n_present:,} already there")
    if filling.problems:
        parts.append(f"{len(filling.problems):,} could not be used")
    if filling.n_left:
        parts.append(f"{filling.n_left:,} not added because you clicked Stop")
    is_good = bool(filling.n_added or filling.n_present)
    return Outcome("; ".join(parts) + ".", is_good=is_good, reasons=filling.problems)
