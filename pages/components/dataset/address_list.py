"""Download pictures from a list of web addresses into a class."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cluster_core.access import Action
from cluster_core.data.editing.allowed_paths import find_class_dir
from cluster_core.data.editing.classes import add_class, list_classes
from cluster_core.data.index import Progress
from cluster_core.data.web.addresses import parse_addresses
from cluster_core.data.web.downloads import download_pictures
from pages.components.long_work import Work, start_work
from pages.components.outcome import Outcome, set_outcome
from pages.components.signed_in import get_access

_MAX_LIST_MB = 1
_LIST = "address_list"


def show_address_list(image_dir: Path, label: str) -> None:
    """Draw the list of addresses, and the button that downloads them into a class."""
    if not get_access().allows(Action.DOWNLOAD):
        st.info(
            "This server does not download from other websites. Save the pictures on your "
            "computer, then add them under Files.",
            icon=":material/cloud_off:",
        )
        return
    st.text_area(
        "Web addresses of pictures, one per line",
        key=_LIST,
        height=180,
        placeholder="https://example.org/pictures/m13.jpg",
        persist_state="session",
    )
    st.file_uploader(
        "Or upload a text file with addresses",
        type=[".txt", ".csv"],
        key="address_file",
        max_upload_size=_MAX_LIST_MB,
        on_change=_take_file,
    )
    # Never disabled: Streamlit sends the typed text only when the field loses focus, which is the
    # click on this button.
    st.button(
        "Download",
        key="download_addresses",
        type="primary",
        icon=":material/cloud_download:",
        on_click=_start_download,
        args=(image_dir, label),
    )
    st.caption(
        "Check each picture's licence: some allow training a model, but not publishing the picture."
    )


def _take_file() -> None:
    file = st.session_state.get("address_file")
    if file is not None:
        st.session_state[_LIST] = file.getvalue().decode("utf-8", "replace")


def _start_download(image_dir: Path, label: str) -> None:
    addresses = parse_addresses(st.session_state.get(_LIST) or "")
    if not addresses:
        set_outcome(Outcome("The list is empty. Paste web addresses, one per line.", False))
        return

    def resume(on_progress: Progress) -> Outcome:
        if label not in list_classes(image_dir):
            add_class(get_access(), image_dir, label)
        folder = find_class_dir(image_dir, label)
        report = download_pictures(get_access(), addresses, folder, on_progress)
        summary = f"Downloaded {len(report.added):,} of {len(addresses):,} pictures to {label}"
        if report.skipped:
            summary += f"; {len(report.skipped):,} were already there"
        if report.failed:
            summary += f"; {len(report.failed):,} could not be downloaded"
        reasons = [f"{failed.address}: {failed.reason}" for failed in report.failed]
        return Outcome(f"{summary}.", bool(report.added or report.skipped), reasons)

    def on_stop() -> Outcome:
        return Outcome("Stopped. The pictures downloaded so far are kept.")

    start_work(Work(f"Downloading to {label}", resume, on_stop))
