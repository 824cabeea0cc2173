"""Choose a class of a dataset; add one, rename one, delete one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from cluster_core.data.editing.changes import add_class, delete_class, rename_class
from cluster_core.workspace import Workspace
from pages.components.dialogs import ask_for_name, close_dialog, is_open, open_dialog
from pages.components.outcome import Outcome, attempt, make_deletion_outcome
from pages.components.text import escape_markdown

# More do not fit beside each other.
_MOST_SEGMENTS = 6
_LONGEST_SEGMENT = 30
_WANTED = "class to show"


def choose_shown_class(image_dir: Path, counts: Mapping[str, int]) -> str | None:
    """Draw the choice of the class whose pictures are shown; None where there is no class.

    Parameters
    ----------
    image_dir : Path
    counts : mapping of str to int
        Pictures of each class.
    """
    labels = list(counts)
    if not labels:
        return None
    key = shown_key(image_dir)
    wanted = st.session_state.pop(_WANTED, None)
    if wanted in labels:
        st.session_state[key] = wanted
    elif st.session_state.get(key) not in labels:
        st.session_state[key] = labels[0]

    def describe(label: str) -> str:
        return f"{label} · {counts.get(label, 0):,}"

    if len(labels) > _MOST_SEGMENTS or any(len(label) > _LONGEST_SEGMENT for label in labels):
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
    """Draw the buttons that add, rename and delete a class."""
    with st.container(horizontal=True, key="class_actions"):
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


def shown_key(image_dir: Path) -> str:
    """Return where the session keeps which class of a dataset is shown."""
    return f"class_{image_dir.name}"


def upload_key(image_dir: Path) -> str:
    """Return where the session keeps which class of a dataset new pictures go to."""
    return f"upload_class_{image_dir.name}"


def _turn_to(image_dir: Path, label: str) -> None:
    """Show this class from the next run on, and offer it for new pictures."""
    st.session_state[_WANTED] = label
    st.session_state[upload_key(image_dir)] = label


def _delete(workspace: Workspace, image_dir: Path, label: str) -> Outcome:
    entry = delete_class(workspace, image_dir, label)
    st.session_state.pop(upload_key(image_dir), None)
    return make_deletion_outcome(workspace, entry)


@st.dialog("Add a class", icon=":material/new_label:", on_dismiss=close_dialog)
def _ask_for_class(image_dir: Path) -> None:
    def add(name: str) -> Outcome:
        label = add_class(image_dir, name).name
        _turn_to(image_dir, label)
        return Outcome(f"The class {label} is ready: add pictures to it.")

    ask_for_name("class", "What do its pictures show?", "Add", add, hint="such as open clusters")


@st.dialog("Rename a class", icon=":material/edit:", on_dismiss=close_dialog)
def _ask_for_new_name(image_dir: Path, label: str) -> None:
    def rename(name: str) -> Outcome:
        new = rename_class(image_dir, label, name).name
        _turn_to(image_dir, new)
        return Outcome(f"The class {label} is now called {new}.")

    st.caption("Models trained before keep the old name.")
    ask_for_name("rename_class", "New name", "Rename", rename, value=label)
