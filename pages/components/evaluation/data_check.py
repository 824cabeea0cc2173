"""Whether the pictures behind an evaluation were checked, since its figures depend on them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from cluster_core.data.catalog import list_datasets
from cluster_core.errors import ClusterError
from cluster_core.health import FindingKind, list_open
from cluster_core.workspace import Workspace
from pages.components.dataset.last_check import find_check
from pages.components.dataset.views import VIEW_KEY, DatasetView
from pages.components.dataset_contents import read_dataset
from pages.components.navigation import PageFile
from pages.components.selection import Choice, choose
from pages.components.words import format_time

# Those that make an accuracy wrong; copies do not, since they stay in one fold.
_HARMFUL = (
    FindingKind.COPIES_ACROSS,
    FindingKind.INSEPARABLE,
    FindingKind.WRONG_LABEL,
    FindingKind.SHORTCUT,
    FindingKind.SERIES,
)


def show_data_check(workspace: Workspace, image_dir: Path, dataset: str) -> None:
    """Draw what the last check of the dataset left open, and the way to it.

    Parameters
    ----------
    workspace : Workspace
    image_dir : Path
        The dataset's folder; nothing is drawn if it is gone.
    dataset : str
        Its name.
    """
    if dataset not in list_datasets(workspace):
        return
    check = find_check(image_dir)
    if check is None:
        words = (
            "The pictures were not checked. Wrong labels, and anything but the content that gives "
            "the class away, make these figures too low or too high."
        )
        action = "Check the pictures"
    elif check.content != _find_content(workspace, image_dir):
        words = (
            f"The pictures were checked {format_time(check.made)}, and the dataset has changed "
            "since."
        )
        action = "Check again"
    else:
        still_open = list_open(image_dir, check.report.findings)
        n_harmful = sum(one.kind in _HARMFUL for one in still_open)
        if not n_harmful:
            st.caption(
                ":material/check: The check of the pictures left nothing open that may distort "
                "these figures."
            )
            return
        n_open = len(still_open)
        noun = "thing" if n_open == 1 else "things"
        share = "that" if n_harmful == n_open else f"to look at, of which {n_harmful:,}"
        words = (
            f"The check of the pictures found {n_open:,} {noun} {share} may distort these figures."
        )
        action = "See the check"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/health_and_safety: {words}", width="stretch")
        if st.button(action, key="to_check", icon=":material/arrow_forward:"):
            choose(Choice.DATASET, dataset)
            st.session_state[VIEW_KEY] = DatasetView.CHECK
            st.switch_page(PageFile.DATASET)


def _find_content(workspace: Workspace, image_dir: Path) -> str | None:
    with suppress(ClusterError):
        return read_dataset(workspace, image_dir).content
    return None
