"""Download the answers as a table, in the formats of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.tables import RoomTable
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.formats import TableFormat

# What each is for, the ending of its file, and its type.
_OTHERS = {
    TableFormat.JSON_LINES: ("JSON lines, for programs", "jsonl", "application/x-ndjson"),
    TableFormat.PARQUET: ("Parquet, for pandas", "parquet", "application/vnd.apache.parquet"),
    TableFormat.VOTABLE: ("VOTable, for TOPCAT", "vot", "application/x-votable+xml"),
    TableFormat.ECSV: ("ECSV, for Astropy", "ecsv", "text/plain"),
}


def show_downloads(model: ModelSummary, room: AnswerRoom) -> None:
    """Draw the buttons that download all answers; a table is made when one is clicked."""
    table = _make_table(model, room)
    st.download_button(
        "Download as CSV",
        partial(table.encode, TableFormat.CSV),
        file_name="answers.csv",
        mime="text/csv",
        key="download_csv",
        icon=":material/download:",
        on_click="ignore",
    )
    with st.popover("Other formats", key="other_formats", type="tertiary"):
        for table_format, (title, ending, mime) in _OTHERS.items():
            st.download_button(
                title,
                partial(table.encode, table_format),
                file_name=f"answers.{ending}",
                mime=mime,
                key=f"download_{table_format}",
                type="tertiary",
                on_click="ignore",
            )


def show_filtered_download(model: ModelSummary, room: AnswerRoom, numbers: Sequence[int]) -> None:
    """Draw the button that downloads these answers only, in their order."""
    names = {number: room.pictures[number].name for number in numbers}
    st.download_button(
        "CSV of this one" if len(numbers) == 1 else f"CSV of these {len(numbers):,}",
        partial(_make_table(model, room).encode, TableFormat.CSV, names),
        file_name="answers, filtered.csv",
        mime="text/csv",
        key="download_filtered",
        icon=":material/filter_alt:",
        on_click="ignore",
    )


def _make_table(model: ModelSummary, room: AnswerRoom) -> RoomTable:
    return RoomTable(room, model.manifest_sha256, AnswerSource.of(model))
