"""What a dataset comes to: how many pictures, how large, what for, and what could not be read."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.data.archives.dataset_archive import write_archive
from cluster_core.data.editing.changes import delete_pictures
from cluster_core.data.index import DatasetIndex, RejectedFile
from cluster_core.data.splits import FEW_PICTURES, Split
from cluster_core.errors import ClusterError, ConfigError
from cluster_core.training.config import TrainConfig
from cluster_core.training.presets import DEFAULTS
from cluster_core.workspace import Workspace
from pages.components.dataset.gallery import format_bytes
from pages.components.dataset.split_chart import Share, count_shares, draw_shares
from pages.components.dataset_contents import DatasetReading
from pages.components.outcome import attempt, join_with_and, make_deletion_outcome, show_reasons
from pages.components.settings_list import key_of
from pages.components.text import escape_markdown

# The server holds a download in memory while it hands it over, one for each visitor who asks.
MOST_DOWNLOAD_BYTES = 250_000_000
_SMALL_PX = 100
# One to learn from, one to watch it with, one for the final test.
_LEAST_PICTURES = 3
_LEAST_CLASSES = 2


def find_split(reading: DatasetReading) -> Split | ClusterError:
    """Return how the pictures would be used with the settings chosen, or why they cannot be."""
    names = ("testing_percentage", "validation_percentage")
    shares = {name: st.session_state.get(key_of(name), DEFAULTS[name]) for name in names}
    try:
        try:
            config = TrainConfig(reading.image_dir, **shares)
        except ConfigError:  # the Hyperparameters page says so beside the sliders
            config = TrainConfig(reading.image_dir)
        return reading.split(config)
    except ClusterError as error:
        return error


def show_overview(workspace: Workspace, index: DatasetIndex, split: Split | None) -> None:
    """Draw the numbers of a dataset, its chart, and a way to take it home."""
    st.markdown(f"**{count_pictures(len(index.pictures))}**{_describe_sizes(index)}")
    shares = count_shares(index.counts, split)
    if index.pictures:
        st.altair_chart(
            draw_shares(shares), key="shares", alt="Pictures of each class and what for"
        )
    if split is not None:
        st.markdown(_describe_uses(index.counts, shares))
        st.caption(
            "The pictures for the final test are never learned from, so that its result says how "
            "well the model does on new ones. Which is which follows from the file names, and "
            "stays when you add more. Hyperparameters has the shares."
        )
        for note in split.notes:
            if not note.startswith("Only "):  # those stand at the top of the page
                st.markdown(f":material/info: {escape_markdown(note)}")
    _show_rejected(workspace, index.rejected)
    _show_download(index)


def describe_missing(index: DatasetIndex, split: Split | ClusterError) -> str | None:
    """Say what it takes before a training can begin; None where nothing is missing."""
    if isinstance(split, Split):
        return None
    if len(index.labels) == 1:
        return (
            f"There is only one class, {index.labels[0]}, and it takes two to tell apart: add a "
            "class and its pictures."
        )
    few = [f"{label} ({count})" for label, count in index.counts.items() if count < _LEAST_PICTURES]
    if few:
        is_empty_and_spare = 0 in index.counts.values() and len(index.labels) > _LEAST_CLASSES
        return (
            f"Every class needs {_LEAST_PICTURES} pictures or more, and 30 work well. More are "
            f"needed of {join_with_and(few)}"
            + ("; a class without pictures can also be deleted." if is_empty_and_spare else ".")
        )
    return str(split)


def describe_few(counts: Mapping[str, int]) -> str | None:
    """Return the warning that matters; None where every class has pictures enough."""
    few = [f"{count} of {label}" for label, count in counts.items() if 0 < count < FEW_PICTURES]
    if not few:
        return None
    return f"Only {join_with_and(few)}: it can be trained, but 30 or more of each work well."


def count_pictures(count: int) -> str:
    """Return "1 picture" or "2 pictures"."""
    return "1 picture" if count == 1 else f"{count:,} pictures"


def _describe_sizes(index: DatasetIndex) -> str:
    if not index.pictures:
        return ""
    n_bytes = _sum_bytes([picture.path for picture in index.pictures])
    smallest = min(index.pictures, key=lambda picture: picture.width_px * picture.height_px)
    largest = max(index.pictures, key=lambda picture: picture.width_px * picture.height_px)
    sizes = f"{smallest.width_px} x {smallest.height_px} px"
    if (smallest.width_px, smallest.height_px) != (largest.width_px, largest.height_px):
        sizes = f"from {sizes} to {largest.width_px} x {largest.height_px} px"
    said = f", {sizes}; {format_bytes(n_bytes)} in all."
    n_small = sum(min(p.width_px, p.height_px) < _SMALL_PX for p in index.pictures)
    if n_small:
        said += f" {n_small:,} are smaller than {_SMALL_PX} px, which shows a network little."
    return said


def _sum_bytes(paths: Sequence[Path]) -> int:
    total = 0
    for path in paths:
        try:
            total += os.stat(path).st_size  # noqa: PTH116  many: a third faster than Path.stat
        except OSError:  # deleted meanwhile
            continue
    return total


def _describe_uses(counts: Mapping[str, int], shares: Sequence[Share]) -> str:
    lines = []
    for label, count in counts.items():
        uses = [f"{share.count:,} {share.use}" for share in shares if share.label == label]
        lines.append(f"- **{escape_markdown(label)}**, {count:,}: {join_with_and(uses)}")
    return "\n".join(lines)


def _show_rejected(workspace: Workspace, rejected: Sequence[RejectedFile]) -> None:
    if not rejected:
        return
    n = len(rejected)
    counts = Counter(file.label for file in rejected)
    where = join_with_and([f"{count:,} in {label}" for label, count in counts.items()])
    title = "1 file cannot be used" if n == 1 else f"{n:,} files cannot be used"
    with st.expander(
        f"{title}: {escape_markdown(where)}", icon=":material/broken_image:", key="rejected"
    ):
        show_reasons([file.reason for file in rejected])
        files = [file.path for file in rejected if not file.path.is_dir()]
        if files and is_allowed(Action.EDIT_DATASETS):
            st.button(
                "Delete these files",
                key="delete_rejected",
                icon=":material/delete:",
                on_click=attempt,
                args=(lambda: make_deletion_outcome(workspace, delete_pictures(workspace, files)),),
            )


def _show_download(index: DatasetIndex) -> None:
    if not index.pictures:
        return
    if _sum_bytes([picture.path for picture in index.pictures]) > MOST_DOWNLOAD_BYTES:
        where = f": copy the folder {escape_markdown(str(index.image_dir))} instead"
        may_know = is_allowed(Action.EDIT_DATASETS)
        st.caption(f"Too large to download from here{where if may_know else ''}.")
        return
    st.download_button(
        "Download as .zip",
        lambda: _pack(index.image_dir),
        file_name=f"{index.image_dir.name}.zip",
        mime="application/zip",
        key="download_dataset",
        icon=":material/download:",
        on_click="ignore",
    )


def _pack(image_dir: Path) -> bytes:
    target = io.BytesIO()
    write_archive(image_dir, target)
    return target.getvalue()
