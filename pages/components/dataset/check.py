"""The Check view of the Dataset page: start a check, and show what it found."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import streamlit as st

from cluster_core.data.index import DatasetIndex, Progress, scan_dataset
from cluster_core.health import KeptCheck, check_health, choose_network, list_open
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.dataset.check_findings import show_findings
from pages.components.dataset.check_remedies import Checked
from pages.components.dataset.last_check import find_check, save_check
from pages.components.dataset_contents import DatasetReading
from pages.components.long_work import Work, is_working, start_work
from pages.components.outcome import Outcome
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown
from pages.components.words import format_time

_STOPPED = "Stopped. Check again to continue; what was computed so far is kept."


def show_check(workspace: Workspace, reading: DatasetReading, index: DatasetIndex) -> None:
    """Draw the button that checks a dataset, and what the last check found.

    Parameters
    ----------
    workspace : Workspace
    reading : DatasetReading
    index : DatasetIndex
        The dataset as it is now; it has files.
    """
    image_dir = reading.image_dir
    check = find_check(image_dir)
    if check is None:
        st.markdown(
            "Looks for what would spoil a training or its test: copies, labels that may be wrong, "
            "pictures unlike all others, blurred or empty pictures, files that cannot be used, "
            "classes that cannot be told apart, and anything but the content "
            "that gives the class away, such as size or brightness. Nothing is changed until you "
            "click."
        )
        _show_button("Check this dataset", workspace, image_dir, is_due=True)
        return
    _show_date(workspace, reading, check)
    findings = list_open(image_dir, check.report.findings)
    n_settled = len(check.report.findings) - len(findings)
    n = check.report.n_pictures
    pictures = "1 picture" if n == 1 else f"{n:,} pictures"
    # Of this check alone: a new one no longer finds what was moved or removed.
    noun = "other" if n_settled == 1 else "others"
    settled = f" You have settled {n_settled:,} {noun} that this check found." if n_settled else ""
    if findings:
        noun = "thing" if len(findings) == 1 else "things"
        st.markdown(
            f"**{len(findings):,} {noun} to look at** among {pictures}, the most harmful "
            f"first. Not all are mistakes.{settled}"
        )
    elif n_settled:
        st.success(f"All {n_settled:,} findings are settled.", icon=":material/check:")
    else:
        st.success(f"Nothing found among {pictures}.", icon=":material/check:")
    for note in check.report.notes:
        st.caption(f":material/info: {escape_markdown(note)}")
    for kind, its in groupby(findings, key=lambda finding: finding.kind):
        show_findings(Checked(workspace, image_dir, tuple(index.all_counts)), kind, tuple(its))


def _show_date(workspace: Workspace, reading: DatasetReading, check: KeptCheck) -> None:
    """Draw when the check was made, and a button if the pictures have changed since."""
    made = f"Checked {format_time(check.made)}."
    if reading.content == check.content:
        st.caption(made)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{made} The dataset has changed since: check again.", width="content")
        _show_button("Check again", workspace, reading.image_dir, is_due=False)


def _show_button(label: str, workspace: Workspace, image_dir: Path, *, is_due: bool) -> None:
    def resume(on_progress: Progress) -> Outcome:
        with CacheFile(workspace.bottlenecks) as cache:
            index = scan_dataset(image_dir, cache, on_progress)
            report = check_health(index, choose_network(index.pictures), cache, on_progress)
        problem = save_check(get_access(), index, report)
        n = report.n_pictures
        done = f"Checked {'1 picture' if n == 1 else f'{n:,} pictures'}."
        return Outcome(f"{done} {problem}".rstrip(), is_good=not problem)

    st.button(
        label,
        key="check_dataset",
        type="primary" if is_due else "secondary",
        icon=":material/health_and_safety:",
        disabled=is_working(),
        on_click=start_work,
        args=(Work("Checking pictures", resume, lambda: Outcome(_STOPPED, is_good=False)),),
    )
