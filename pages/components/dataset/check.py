"""The Check view of the Dataset page: start a check, and show what it found."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import streamlit as st

from cluster_core.data.index import Progress, scan_dataset
from cluster_core.data.signature import compute_signature
from cluster_core.health import HealthReport, check_health, choose_network, list_open
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.dataset.check_findings import show_findings
from pages.components.dataset.check_remedies import Checked
from pages.components.long_work import Work, is_working, start_work
from pages.components.outcome import Outcome
from pages.components.text import escape_markdown

_DATASETS_IN_MEMORY = 8
_STOPPED = "Stopped. Check again to continue; what was computed so far is kept."


@dataclass(frozen=True)
class _Check:
    """The result of a check, and the state of the dataset that it is of."""

    signature: str
    report: HealthReport


@dataclass
class _LastCheck:
    """The last check of a dataset since the program was started, if there was one."""

    check: _Check | None = None


@st.cache_resource(max_entries=_DATASETS_IN_MEMORY, show_spinner=False)
def _get_last_check(image_dir: str) -> _LastCheck:
    """Return what all sessions share about a dataset, so that a reload does not lose it."""
    return _LastCheck()


def show_check(workspace: Workspace, image_dir: Path, labels: tuple[str, ...]) -> None:
    """Draw the button that checks a dataset, and what the last check found.

    Parameters
    ----------
    workspace : Workspace
    image_dir : Path
        The dataset's folder; it has files.
    labels : tuple of str
        All classes.
    """
    check = _get_last_check(str(image_dir)).check
    if check is None:
        st.markdown(
            "Looks for what would spoil a training or its test: copies, labels that may be wrong, "
            "pictures unlike all others, blurred or empty pictures, files that cannot be used, "
            "classes that cannot be told apart, and anything but the content "
            "that gives the class away, such as size or brightness. Nothing is changed until you "
            "click. This dataset was not checked since the program was started."
        )
        _show_button("Check this dataset", workspace, image_dir, is_first=True)
        return
    findings = list_open(image_dir, check.report.findings)
    n_settled = len(check.report.findings) - len(findings)
    n = check.report.n_pictures
    pictures = "1 picture" if n == 1 else f"{n:,} pictures"
    settled = f" You have settled {n_settled:,}." if n_settled else ""
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
    if compute_signature(image_dir) != check.signature:
        st.caption("The dataset has changed since this check.")
        _show_button("Check again", workspace, image_dir)
    for kind, its in groupby(findings, key=lambda finding: finding.kind):
        show_findings(Checked(workspace, image_dir, labels), kind, tuple(its))


def _show_button(
    label: str, workspace: Workspace, image_dir: Path, *, is_first: bool = False
) -> None:
    def resume(on_progress: Progress) -> Outcome:
        signature = compute_signature(image_dir)
        with CacheFile(workspace.bottlenecks) as cache:
            index = scan_dataset(image_dir, cache, on_progress)
            report = check_health(index, choose_network(index.pictures), cache, on_progress)
        _get_last_check(str(image_dir)).check = _Check(signature, report)
        n = report.n_pictures
        return Outcome(f"Checked {'1 picture' if n == 1 else f'{n:,} pictures'}.")

    st.button(
        label,
        key="check_dataset",
        type="primary" if is_first else "secondary",
        icon=":material/health_and_safety:",
        disabled=is_working(),
        on_click=start_work,
        args=(Work("Checking pictures", resume, lambda: Outcome(_STOPPED, is_good=False)),),
    )
