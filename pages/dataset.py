"""The Dataset page: view, add and edit the pictures and classes to train on."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cluster_core.access import Action
from cluster_core.data.catalog import dataset_dir
from cluster_core.data.index import DatasetIndex
from cluster_core.data.splits import Split
from cluster_core.data.uploads import UNNAMED_DATASET
from cluster_core.errors import ClusterError
from cluster_core.workspace import Workspace
from pages.components.dataset.check import show_check
from pages.components.dataset.class_actions import choose_shown_class, show_class_actions
from pages.components.dataset.empty_state import show_empty_state
from pages.components.dataset.gallery import show_gallery
from pages.components.dataset.interrupted_imports import show_interrupted_imports
from pages.components.dataset.network_hint import show_network_hint
from pages.components.dataset.overview import (
    count_pictures,
    describe_few,
    describe_missing,
    find_split,
    show_overview,
)
from pages.components.dataset.picker import pick_dataset
from pages.components.dataset.trash_list import show_trash
from pages.components.dataset.upload import show_upload
from pages.components.dataset.views import VIEW_KEY, DatasetView
from pages.components.dataset_contents import DatasetReading, read_dataset
from pages.components.demo_dataset import NAME as SIMULATED_SKY
from pages.components.long_work import continue_work
from pages.components.navigation import PageFile
from pages.components.outcome import show_outcome
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown


def show_summary(reading: DatasetReading, index: DatasetIndex) -> None:
    """Draw the picture count, and either what is missing or a button to the next step."""
    missing = describe_missing(index, find_split(reading))
    n_classes = len(index.labels)
    classes = "1 class" if n_classes == 1 else f"{n_classes} classes"
    n_counter = len(index.counter_pictures)
    counter = f" and {count_pictures(n_counter)} of none of these" if n_counter else ""
    with st.container(horizontal=True, vertical_alignment="center", key="summary"):
        n_pictures = count_pictures(len(index.pictures))
        st.markdown(f"**{n_pictures}** in {classes}{counter}", width="stretch")
        if missing is None and st.button(
            "Next: choose settings",
            key="to_hyperparameters",
            type="primary",
            icon=":material/arrow_forward:",
        ):
            st.switch_page(PageFile.HYPERPARAMETERS)
    if missing is not None:
        st.info(escape_markdown(missing), icon=":material/flag:")
    elif few := describe_few(index.counts):
        st.warning(escape_markdown(few), icon=":material/balance:")
    show_network_hint(default_workspace, reading, find_split(reading))


def show_pictures(workspace: Workspace, image_dir: Path, index: DatasetIndex) -> None:
    """Draw the classes, and the pictures of the selected one."""
    label = choose_shown_class(image_dir, index.all_counts)
    show_class_actions(workspace, image_dir, label)
    if label is not None and (pictures := index.by_class.get(label)):
        show_gallery(workspace, image_dir, tuple(index.all_counts), pictures)
    elif label is not None:
        st.caption(f"The class {escape_markdown(label)} has no pictures yet.")


def show_dataset(workspace: Workspace, reading: DatasetReading, index: DatasetIndex) -> None:
    """Draw the selected view of a dataset that has files."""
    show_summary(reading, index)
    may_check = get_access().allows(Action.EVALUATE)
    view = st.segmented_control(
        "View",
        [one for one in DatasetView if may_check or one is not DatasetView.CHECK],
        default=None if VIEW_KEY in st.session_state else DatasetView.PICTURES,
        required=True,
        key=VIEW_KEY,
        label_visibility="collapsed",
        persist_state="session",
    )
    if view == DatasetView.ADD:
        show_upload(workspace, reading.image_dir, tuple(index.all_counts))
    elif view == DatasetView.CHECK:
        show_check(workspace, reading, index)
    elif view == DatasetView.OVERVIEW:
        split = find_split(reading)
        show_overview(workspace, index, split if isinstance(split, Split) else None)
    else:
        show_pictures(workspace, reading.image_dir, index)


def show_empty_dataset(
    workspace: Workspace, name: str | None, labels: tuple[str, ...] = ()
) -> None:
    """Draw the ways to add the first pictures, to a dataset that need not have a name yet."""
    image_dir = dataset_dir(workspace, name or UNNAMED_DATASET)
    show_empty_state(image_dir if name else dataset_dir(workspace, SIMULATED_SKY))
    st.subheader("Add your own pictures", anchor=False)
    if labels:
        choose_shown_class(image_dir, dict.fromkeys(labels, 0))
    show_upload(workspace, image_dir, labels, is_named=name is not None)


st.title("Dataset")
default_workspace = get_workspace()
chosen = pick_dataset(default_workspace)
chosen_dir = dataset_dir(default_workspace, chosen) if chosen else None
continue_work()
show_outcome()
show_interrupted_imports(default_workspace)
try:
    if chosen_dir is None or not chosen_dir.is_dir():
        show_empty_dataset(default_workspace, chosen)
    else:
        found = read_dataset(default_workspace, chosen_dir)
        if isinstance(found.index, ClusterError):
            raise found.index.with_traceback(None)
        if found.index.all_pictures or found.index.rejected:
            show_dataset(default_workspace, found, found.index)
        else:
            show_empty_dataset(default_workspace, chosen, tuple(found.index.all_counts))
except ClusterError as error:
    st.error(escape_markdown(str(error)), icon=":material/error:")
show_trash(default_workspace)
