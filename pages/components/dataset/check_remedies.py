"""What can be done about a finding of a check, with one click each and Undo."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cluster_core.data.declared_groups import mark_same_object, unmark_same_object
from cluster_core.data.editing.pictures import delete_pictures, move_pictures
from cluster_core.data.index import Picture
from cluster_core.errors import DatasetError
from cluster_core.health import Finding, FindingKind, accept_finding, withdraw_acceptance
from cluster_core.workspace import Workspace
from pages.components.outcome import Outcome, attempt, make_deletion_outcome
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

_MOVABLE = (FindingKind.WRONG_LABEL, FindingKind.COPIES_ACROSS, FindingKind.OUTLIER)
_ONE_OBJECT = (FindingKind.COPIES, FindingKind.SERIES)
_REMOVABLE = (
    FindingKind.WRONG_LABEL,
    FindingKind.NOTHING,
    FindingKind.OUTLIER,
    FindingKind.BLURRED,
    FindingKind.TINY,
)


@dataclass(frozen=True)
class Checked:
    """The dataset that was checked.

    Attributes
    ----------
    workspace : Workspace
    image_dir : Path
        The dataset's folder.
    labels : tuple of str
        All classes.
    """

    workspace: Workspace
    image_dir: Path
    labels: tuple[str, ...]


def show_remedies(dataset: Checked, finding: Finding) -> None:
    """Draw the buttons for a finding: move, remove, keep one, one object, it is fine."""
    workspace = dataset.workspace
    key, pictures = finding.key[:12], finding.pictures
    paths = [picture.path for picture in pictures]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if finding.kind in _MOVABLE:
            _show_move(finding, dataset.labels)
        if finding.kind in _REMOVABLE:
            _button("Remove", f"remove_{key}", "delete", lambda: _delete(workspace, paths))
        file = finding.file
        if file is not None and not file.path.is_dir():
            _button("Remove", f"remove_{key}", "delete", lambda: _delete(workspace, [file.path]))
        if finding.kind is FindingKind.COPIES:
            others = _list_smaller(pictures)
            _button(
                "Keep the largest", f"keep_{key}", "filter_1", lambda: _delete(workspace, others)
            )
        if finding.kind in _ONE_OBJECT:
            _button("One object", f"one_{key}", "link", lambda: _mark(pictures))
        _button("It is fine", f"fine_{key}", "check", lambda: _accept(dataset.image_dir, finding))


def show_picture_remedies(workspace: Workspace, finding: Finding, picture: Picture) -> None:
    """Draw the button that removes one picture of several."""
    named = f"{finding.key}{picture.path}".encode(errors="replace")
    digest = hashlib.sha256(named).hexdigest()[:12]
    _button("Remove", f"drop_{digest}", "delete", lambda: _delete(workspace, [picture.path]))


def _button(label: str, key: str, icon: str, act: Callable[[], Outcome]) -> None:
    st.button(label, key=key, icon=f":material/{icon}:", on_click=attempt, args=(act,))


def _show_move(finding: Finding, labels: Sequence[str]) -> None:
    present = {picture.label for picture in finding.pictures}
    options = [label for label in labels if len(present) > 1 or label not in present]
    options.sort(key=lambda label: label != finding.suggested)
    if not options:
        return
    key = finding.key[:12]
    label = st.selectbox(
        "Class to move to",
        options,
        key=f"class_{key}",
        label_visibility="collapsed",
        help="The class to move the picture to.",
        width=240,
    )
    noun = "Move" if len(finding.pictures) == 1 else "Move all"
    _button(
        f"{noun} to {escape_markdown(label)}",
        f"move_{key}",
        "drive_file_move",
        lambda: _move([picture.path for picture in finding.pictures], label),
    )


def _list_smaller(pictures: Sequence[Picture]) -> list[Path]:
    """Return all pictures but the one with the most pixels."""
    largest = max(pictures, key=lambda picture: picture.width_px * picture.height_px)
    return [picture.path for picture in pictures if picture is not largest]


def _delete(workspace: Workspace, paths: Sequence[Path]) -> Outcome:
    return make_deletion_outcome(workspace, delete_pictures(get_access(), workspace, paths))


def _move(paths: Sequence[Path], label: str) -> Outcome:
    image_dir = paths[0].parent.parent
    moving = [path for path in paths if path.parent.name != label]
    report = move_pictures(get_access(), image_dir, moving, label)
    if report.gone:
        raise DatasetError(
            f"{report.gone[0].name} has already been moved or deleted, perhaps in another tab.",
            path=image_dir,
        )
    back: dict[str, list[Path]] = defaultdict(list)
    for before, after in zip(moving, report.moved, strict=True):
        back[before.parent.name].append(after)
    what = moving[0].name if len(moving) == 1 else f"{len(moving)} pictures"

    def undo() -> Outcome:
        for before, after in back.items():
            move_pictures(get_access(), image_dir, after, before)
        return Outcome(f"Moved {what} back.")

    return Outcome(f"Moved {what} to {label}.", undo=undo)


def _mark(pictures: Sequence[Picture]) -> Outcome:
    image_dir = pictures[0].path.parent.parent
    hashes = [picture.sha256 for picture in pictures]
    mark_same_object(get_access(), image_dir, hashes)

    def undo() -> Outcome:
        unmark_same_object(get_access(), image_dir, hashes)
        return Outcome("These pictures no longer count as one object.")

    return Outcome(
        f"{len(pictures):,} pictures count as one object, and stay on one side of a split.",
        undo=undo,
    )


def _accept(image_dir: Path, finding: Finding) -> Outcome:
    accept_finding(get_access(), image_dir, finding)

    def undo() -> Outcome:
        withdraw_acceptance(get_access(), image_dir, finding)
        return Outcome("The finding is open again.")

    return Outcome("Noted that this is fine.", undo=undo)
