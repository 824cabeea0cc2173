"""Pictures from a list of addresses on the web."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.data.editing.changes import add_class, list_classes
from cluster_core.data.editing.confinement import find_class_dir
from cluster_core.data.index import Progress
from cluster_core.data.web.addresses import parse_addresses
from cluster_core.data.web.downloads import download_pictures
from pages.components.long_work import Work, start_work
from pages.components.outcome import Outcome, set_outcome

_MOST_LIST_MB = 1
_LIST = "address_list"


def show_address_list(image_dir: Path, label: str) -> None:
    """Draw the field for addresses and the button that downloads them into a class."""
    if not is_allowed(Action.DOWNLOAD):
        st.info(
            "This server does not download from other servers. Save the pictures on your "
            "computer, then bring them as files.",
            icon=":material/cloud_off:",
        )
        return
    st.text_area(
        "Addresses, one a line",
        key=_LIST,
        height=180,
        placeholder="https://example.org/pictures/m13.jpg",
        persist_state="session",
    )
    st.file_uploader(
        "Or a text file with addresses",
        type=[".txt", ".csv"],
        key="address_file",
        max_upload_size=_MOST_LIST_MB,
        on_change=_take_file,
    )
    # Never disabled: a field tells what was typed only when it is left, by the click itself.
    st.button(
        "Download",
        key="download_addresses",
        type="primary",
        icon=":material/cloud_download:",
        on_click=_begin_download,
        args=(image_dir, label),
    )
    st.caption("Mind whose pictures they are: many may be used for learning, not for publishing.")


def _take_file() -> None:
    file = st.session_state.get("address_file")
    if file is not None:
        st.session_state[_LIST] = file.getvalue().decode("utf-8", "replace")


def _begin_download(image_dir: Path, label: str) -> None:
    addresses = parse_addresses(st.session_state.get(_LIST) or "")
    if not addresses:
        set_outcome(Outcome("There is no address in the list yet: paste some, one a line.", False))
        return

    def go_on(on_progress: Progress) -> Outcome:
        if label not in list_classes(image_dir):
            add_class(image_dir, label)
        folder = find_class_dir(image_dir, label)
        report = download_pictures(addresses, folder, on_progress)
        said = f"Downloaded {len(report.added):,} of {len(addresses):,} pictures to {label}"
        if report.skipped:
            said += f"; {len(report.skipped):,} were there already"
        if report.failed:
            said += f"; {len(report.failed):,} could not be had"
        reasons = [f"{failed.address}: {failed.reason}" for failed in report.failed]
        return Outcome(f"{said}.", bool(report.added or report.skipped), reasons)

    def stop() -> Outcome:
        return Outcome("Stopped: the pictures that had arrived by then are kept.")

    start_work(Work(f"Downloading to {label}", go_on, stop))
