"""Select, add, rename and delete the classes of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from cluster_core.data.counter_classes import (
    is_counter_name,
    list_counter_classes,
    tick_counter_class,
)
from cluster_core.data.editing.classes import add_class, delete_class, rename_class
from cluster_core.workspace import Workspace
from pages.components.dialogs import NameField, ask_for_name, close_dialog, is_open, open_dialog
from pages.components.outcome import Outcome, attempt, make_deletion_outcome
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

# More classes, or longer names, do not fit into a row of buttons.
_MAX_SEGMENTS = 6
_MAX_SEGMENT_LENGTH = 30
_REQUESTED = "class to show"
_NO_SCORE = (
    "It gets no score of its own: from its pictures, the next training learns to answer none of "
    "these."
)


def choose_shown_class(image_dir: Path, counts: Mapping[str, int]) -> str | None:
    """Draw the control that selects the class to show.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder.
    counts : mapping of str to int
        Pictures per class.

    Returns
    -------
    str or None
        The selected class; None if there are no classes.
    """
    labels = list(counts)
    if not labels:
        return None
    key = shown_key(image_dir)
    requested = st.session_state.pop(_REQUESTED, None)
    if requested in labels:
        st.session_state[key] = requested
    elif st.session_state.get(key) not in labels:
        st.session_state[key] = labels[0]

    def describe(label: str) -> str:
        return f"{label} · {counts.get(label, 0):,}"

    if len(labels) > _MAX_SEGMENTS or any(len(label) > _MAX_SEGMENT_LENGTH for label in labels):
        return st.selectbox(
            "Class", labels, format_func=describe, key=key, persist_state="session", width=420
        )
    return st.segmented_control(
        "Class",
        labels,
        format_func=lambda label: escape_markdown(describe(label)),
        key=key,
        required=True,
        persist_state="session",
    )


def show_class_actions(workspace: Workspace, image_dir: Path, label: str | None) -> None:
    """Draw what adds a class, and renames, deletes or marks the selected one."""
    with st.container(horizontal=True, vertical_alignment="center", key="class_actions"):
        st.button(
            "Add class",
            key="add_class",
            icon=":material/add:",
            on_click=open_dialog,
            args=("add class",),
        )
        if label is not None:
            _show_changes(workspace, image_dir, label)
    if is_open("add class"):
        _ask_for_class(image_dir)
    elif is_open("rename class") and label is not None:
        _ask_for_new_name(image_dir, label)


def _show_changes(workspace: Workspace, image_dir: Path, label: str) -> None:
    st.button(
        "Rename class",
        key="rename_class",
        icon=":material/edit:",
        type="tertiary",
        on_click=open_dialog,
        args=("rename class",),
    )
    st.button(
        "Delete class",
        key="delete_class",
        icon=":material/delete:",
        type="tertiary",
        on_click=attempt,
        args=(lambda: _delete(workspace, image_dir, label),),
    )
    if is_counter_name(label):
        st.caption(f"Pictures of none of the classes. {_NO_SCORE}", width="content")
    else:
        _show_counter_switch(image_dir, label)


def _show_counter_switch(image_dir: Path, label: str) -> None:
    key = f"counter_{image_dir.name}_{label}"
    st.session_state[key] = bool(list_counter_classes(image_dir, [label]))
    st.toggle(
        "None of these",
        key=key,
        help="Turn this on if the class holds other things, such as galaxies where a model tells "
        f"star clusters apart. {_NO_SCORE}",
        on_change=lambda: attempt(lambda: _mark(image_dir, label, st.session_state[key])),
    )


def _mark(image_dir: Path, label: str, is_counter: bool) -> Outcome:
    tick_counter_class(get_access(), image_dir, label, is_counter)
    if is_counter:
        return Outcome(f"{label} now holds pictures of none of the classes. {_NO_SCORE}")
    return Outcome(f"{label} is a class with a score of its own again.")


def shown_key(image_dir: Path) -> str:
    """Return the session key of the class that is shown."""
    return f"class_{image_dir.name}"


def upload_key(image_dir: Path) -> str:
    """Return the session key of the class that new pictures go to."""
    return f"upload_class_{image_dir.name}"


def _select_class(image_dir: Path, label: str) -> None:
    """Select a class for the gallery and the upload form, from the next rerun on."""
    st.session_state[_REQUESTED] = label
    st.session_state[upload_key(image_dir)] = label


def _delete(workspace: Workspace, image_dir: Path, label: str) -> Outcome:
    entry = delete_class(get_access(), workspace, image_dir, label)
    st.session_state.pop(upload_key(image_dir), None)
    return make_deletion_outcome(workspace, entry)


@st.dialog("Add a class", icon=":material/new_label:", on_dismiss=close_dialog)
def _ask_for_class(image_dir: Path) -> None:
    def add(name: str) -> Outcome:
        label = add_class(get_access(), image_dir, name).name
        _select_class(image_dir, label)
        return Outcome(f"Created the class {label}. Now add pictures.")

    field = NameField(
        "class", "What do its pictures show?", "Add", placeholder="for example open clusters"
    )
    ask_for_name(field, add)


@st.dialog("Rename a class", icon=":material/edit:", on_dismiss=close_dialog)
def _ask_for_new_name(image_dir: Path, label: str) -> None:
    def rename(name: str) -> Outcome:
        new = rename_class(get_access(), image_dir, label, name).name
        _select_class(image_dir, new)
        return Outcome(f"Renamed the class {label} to {new}.")

    st.caption("Models that were already trained keep the old name.")
    ask_for_name(NameField("rename_class", "New name", "Rename", value=label), rename)
