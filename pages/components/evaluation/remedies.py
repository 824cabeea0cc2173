"""What can be done about a picture that may be in the wrong class, with one click each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cluster_core.data.confirmed_labels import confirm_label, withdraw_confirmation
from cluster_core.data.editing.pictures import delete_pictures, move_pictures
from cluster_core.errors import DatasetError
from cluster_core.workspace import Workspace
from pages.components.outcome import Outcome, attempt, make_deletion_outcome
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown


@dataclass(frozen=True)
class Suspect:
    """A picture that may be in the wrong class.

    Attributes
    ----------
    path : Path
        The file, in the folder of its class.
    sha256 : str
        Hash of the file, hexadecimal.
    suggested : str
        The class that an answer suggests.
    key : str
        Suffix of the keys of its widgets.
    """

    path: Path
    sha256: str
    suggested: str
    key: str

    @property
    def label(self) -> str:
        """The class that the picture is in."""
        return self.path.parent.name

    @property
    def image_dir(self) -> Path:
        """The dataset's folder."""
        return self.path.parent.parent


def show_remedies(workspace: Workspace, suspect: Suspect, labels: Sequence[str]) -> None:
    """Draw the buttons that move a picture, delete it, or confirm its label.

    Parameters
    ----------
    workspace : Workspace
    suspect : Suspect
    labels : sequence of str
        All classes of the dataset.
    """
    others = [label for label in labels if label != suspect.label]
    others.sort(key=lambda label: label != suspect.suggested)
    if others:
        label = st.selectbox(
            "Correct class",
            others,
            key=f"right_class_{suspect.key}",
            label_visibility="collapsed",
            help="The class to move the picture to.",
        )
        st.button(
            f"Move to {escape_markdown(label)}",
            key=f"move_{suspect.key}",
            icon=":material/drive_file_move:",
            width="stretch",
            on_click=attempt,
            args=(lambda: _move(suspect, label),),
        )
    with st.container(horizontal=True):
        st.button(
            "Remove",
            key=f"remove_{suspect.key}",
            icon=":material/delete:",
            on_click=attempt,
            args=(
                lambda: make_deletion_outcome(
                    workspace, delete_pictures(get_access(), workspace, [suspect.path])
                ),
            ),
        )
        st.button(
            "It is fine",
            key=f"fine_{suspect.key}",
            icon=":material/check:",
            help="The label is correct: count this picture as reviewed.",
            on_click=attempt,
            args=(lambda: _confirm(suspect),),
        )


def _move(suspect: Suspect, label: str) -> Outcome:
    path, before = suspect.path, suspect.label
    moved = _move_one(suspect.image_dir, path, label)

    def undo() -> Outcome:
        _move_one(suspect.image_dir, moved, before)
        return Outcome(f"Moved {path.name} back to {before}.")

    return Outcome(f"Moved {path.name} to {label}.", undo=undo)


def _move_one(image_dir: Path, path: Path, label: str) -> Path:
    report = move_pictures(get_access(), image_dir, [path], label)
    if report.gone:
        raise DatasetError(
            f"{path.name} has already been moved or deleted, perhaps in another tab.",
            path=image_dir,
        )
    (moved,) = report.moved
    return moved


def _confirm(suspect: Suspect) -> Outcome:
    confirm_label(get_access(), suspect.image_dir, suspect.sha256, suspect.label)

    def undo() -> Outcome:
        withdraw_confirmation(get_access(), suspect.image_dir, suspect.sha256)
        return Outcome(f"{suspect.path.name} is no longer confirmed.")

    return Outcome(f"Confirmed that {suspect.path.name} is in the right class.", undo=undo)
