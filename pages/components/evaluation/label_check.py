"""The check of all labels of a dataset, and the pictures that it finds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cluster_core.data.confirmed_labels import load_confirmed
from cluster_core.data.editing.classes import list_classes
from cluster_core.data.index import Progress, scan_dataset
from cluster_core.data.signature import compute_signature
from cluster_core.evaluation.label_doubts import LabelDoubt, check_labels
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.prediction.words import format_score
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.evaluation.mistakes import (
    COLUMNS,
    PER_PAGE,
    choose_page,
    show_thumbnail,
)
from pages.components.evaluation.remedies import Suspect, show_remedies
from pages.components.long_work import Work, is_working, start_work
from pages.components.outcome import Outcome
from pages.components.text import escape_markdown

_KEY = "label check"
_BASIS = (
    "Judged once, in five parts, by this model's network. The mistakes of the cross-validation "
    "above are the mean of several divisions, and the check on the Dataset page leaves copies out "
    "and sees each picture only as it is, so their counts and scores differ somewhat."
)
_STOPPED = "Stopped. Check again to continue; what was computed so far is kept."


@dataclass(frozen=True)
class _Check:
    """The result of a check, and the state of the dataset that it is of."""

    image_dir: Path
    bundle: str
    signature: str
    n_pictures: int
    doubts: tuple[LabelDoubt, ...]


def show_label_check(workspace: Workspace, image_dir: Path, bundle: str) -> bool:
    """Draw the check of all labels: its button, and the pictures that it found.

    Parameters
    ----------
    workspace : Workspace
    image_dir : Path
        The dataset.
    bundle : str
        Folder name of the model whose network is used.

    Returns
    -------
    bool
        Whether any of the pictures it found was moved or deleted since.
    """
    if not image_dir.is_dir():
        return False
    st.subheader("All labels", anchor=False)
    check: _Check | None = st.session_state.get(_KEY)
    if check is None or (check.image_dir, check.bundle) != (image_dir, bundle):
        st.caption(
            "Finds pictures in the wrong class, also among those that the model learned from. The "
            "dataset is divided into five parts, and each part is judged by what can be learned "
            "from the other four."
        )
        _show_button("Check all labels", workspace, image_dir, bundle)
        return False
    has_changed = _show_doubts(workspace, check)
    if compute_signature(image_dir) != check.signature:
        _show_button("Check again", workspace, image_dir, bundle)
    return has_changed


def _show_button(label: str, workspace: Workspace, image_dir: Path, bundle: str) -> None:
    def resume(on_progress: Progress) -> Outcome:
        signature = compute_signature(image_dir)
        with CacheFile(workspace.bottlenecks) as cache:
            index = scan_dataset(image_dir, cache, on_progress)
        model = load_bundle(workspace.bundles / bundle)
        doubts = check_labels(index, model, workspace, on_progress)
        n = len(index.pictures)
        st.session_state[_KEY] = _Check(image_dir, bundle, signature, n, doubts)
        return Outcome(f"Checked the labels of {n:,} pictures.")

    st.button(
        label,
        key="check_labels",
        icon=":material/rule:",
        disabled=is_working(),
        on_click=start_work,
        args=(Work("Checking labels", resume, lambda: Outcome(_STOPPED, is_good=False)),),
    )


def _show_doubts(workspace: Workspace, check: _Check) -> bool:
    """Draw the pictures that are not reviewed yet; return whether any was moved or deleted."""
    there = [doubt for doubt in check.doubts if doubt.picture.path.is_file()]
    confirmed = load_confirmed(check.image_dir)
    left = [one for one in there if confirmed.get(one.picture.sha256) != one.picture.label]
    n_found = len(check.doubts)
    if not n_found:
        st.success(f"Nothing found: all {check.n_pictures:,} labels agree with their pictures.")
        return False
    noun = "picture looks" if n_found == 1 else "pictures look"
    st.caption(
        f"{n_found:,} of {check.n_pictures:,} {noun} like another class, the clearest ones first. "
        f"Not all are mistakes: some pictures are only unusual. {_BASIS}"
    )
    st.progress(1 - len(left) / n_found, f"{n_found - len(left):,} of {n_found:,} reviewed")
    if not left:
        st.success("All of them are reviewed.")
    shown = left[choose_page(len(left), PER_PAGE, "doubts_page")]
    labels = list_classes(check.image_dir)
    for start in range(0, len(shown), COLUMNS):
        row = shown[start : start + COLUMNS]
        for column, doubt in zip(st.columns(COLUMNS), row, strict=False):
            suspect = _name_suspect(doubt)
            with column, st.container(border=True, key=suspect.key):
                show_thumbnail(workspace, suspect.path, suspect.path.name)
                st.markdown(
                    f"Class: **{escape_markdown(suspect.label)}** "
                    f"(score {format_score(doubt.own_score)}). Looks like: "
                    f"**{escape_markdown(doubt.suggested)}** (score {format_score(doubt.score)})"
                )
                show_remedies(workspace, suspect, labels)
    return len(there) < n_found


def _name_suspect(doubt: LabelDoubt) -> Suspect:
    picture = doubt.picture
    digest = hashlib.sha256(f"{picture.path}\n{picture.sha256}".encode(errors="replace"))
    key = f"doubt_{digest.hexdigest()[:12]}"
    return Suspect(picture.path, picture.sha256, doubt.suggested, key)
