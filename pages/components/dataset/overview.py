"""Dataset statistics: counts, sizes, split, unreadable files and the download."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from cluster_core.access import Action
from cluster_core.data.archives.dataset_archive import write_archive
from cluster_core.data.editing.pictures import delete_pictures
from cluster_core.data.index import DatasetIndex, Picture, RejectedFile
from cluster_core.data.splits import FEW_PICTURES, Split
from cluster_core.errors import ClusterError, ConfigError
from cluster_core.training.config import TrainConfig
from cluster_core.training.presets import DEFAULTS
from cluster_core.workspace import Workspace
from pages.components.dataset.gallery import format_bytes
from pages.components.dataset.split_chart import SET_ASIDE, Share, count_shares, draw_shares
from pages.components.dataset_contents import DatasetReading
from pages.components.outcome import attempt, join_with_and, make_deletion_outcome, show_reasons
from pages.components.settings_list import key_of
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

# The server keeps each visitor's download in memory while it is sent.
MAX_DOWNLOAD_BYTES = 250_000_000
_SMALL_PX = 100
# One each for training, validation and the final test.
_MIN_PICTURES = 3
_GOOD_PICTURES = 30
_MIN_CLASSES = 2


def find_split(reading: DatasetReading) -> Split | ClusterError:
    """Return the split under the current settings, or why there is none."""
    names = ("testing_percentage", "validation_percentage")
    shares = {name: st.session_state.get(key_of(name), DEFAULTS[name]) for name in names}
    try:
        try:
            config = TrainConfig(reading.image_dir, **shares)
        except ConfigError:  # the Hyperparameters page shows this error next to the sliders
            config = TrainConfig(reading.image_dir)
        return reading.split(config)
    except ClusterError as error:
        return error


def show_overview(workspace: Workspace, index: DatasetIndex, split: Split | None) -> None:
    """Draw a dataset's statistics, its split chart, its unreadable files and the download."""
    st.markdown(f"**{count_pictures(len(index.all_pictures))}**{_describe_sizes(index)}")
    shares = count_shares(index.counts, split)
    if index.pictures:
        st.altair_chart(draw_shares(shares), key="shares", alt="Pictures per class and use")
    if split is not None:
        uses = [_describe_uses(index.counts, shares), _describe_counter_examples(index, split)]
        st.markdown("\n".join(uses))
        st.caption(
            "The model never learns from the test pictures, so they show how well it does on new "
            "ones. Every class is divided in the same shares, and nearly all pictures keep their "
            "use when you add more. You can change the shares under Hyperparameters."
        )
        for note in split.notes:
            if not note.startswith("Only "):  # shown at the top of the page
                st.markdown(f":material/info: {escape_markdown(note)}")
    _show_rejected(workspace, index.rejected)
    _show_incomplete(workspace, index.incomplete)
    _show_download(index)


def describe_missing(index: DatasetIndex, split: Split | ClusterError) -> str | None:
    """Describe what the dataset lacks for a training.

    Parameters
    ----------
    index : DatasetIndex
    split : Split or ClusterError
        See `find_split`.

    Returns
    -------
    str or None
        One or two sentences; None if a training can start.
    """
    if isinstance(split, Split):
        return None
    if len(index.labels) == 1:
        return (
            f"There is only one class, {index.labels[0]}. Training needs at least two: add a class "
            "and its pictures."
        )
    few = [f"{label} ({count})" for label, count in index.counts.items() if count < _MIN_PICTURES]
    if few:
        can_delete_empty = 0 in index.counts.values() and len(index.labels) > _MIN_CLASSES
        return (
            f"Every class needs at least {_MIN_PICTURES} pictures, better {_GOOD_PICTURES}. "
            f"Add pictures to {join_with_and(few)}"
            + (", or delete a class without pictures." if can_delete_empty else ".")
        )
    return str(split)


def describe_few(counts: Mapping[str, int]) -> str | None:
    """Return a warning about classes with few pictures; None if every class has enough."""
    few = [f"{count} of {label}" for label, count in counts.items() if 0 < count < FEW_PICTURES]
    if not few:
        return None
    return (
        f"Only {join_with_and(few)}. Training works better with {_GOOD_PICTURES} or more per class."
    )


def count_pictures(count: int) -> str:
    """Return "1 picture", "2 pictures" and so on."""
    return "1 picture" if count == 1 else f"{count:,} pictures"


def _describe_sizes(index: DatasetIndex) -> str:
    pictures = index.all_pictures
    if not pictures:
        return ""
    n_bytes = sum(picture.n_bytes for picture in pictures)
    smallest = min(pictures, key=lambda picture: picture.width_px * picture.height_px)
    largest = max(pictures, key=lambda picture: picture.width_px * picture.height_px)
    sizes = f"{smallest.width_px} × {smallest.height_px} px"
    if (smallest.width_px, smallest.height_px) != (largest.width_px, largest.height_px):
        sizes = f"from {sizes} to {largest.width_px} × {largest.height_px} px"
    summary = f", {sizes}; {format_bytes(n_bytes)} in total."
    n_small = sum(min(p.width_px, p.height_px) < _SMALL_PX for p in pictures)
    if n_small:
        summary += f" {n_small:,} are smaller than {_SMALL_PX} px and show little detail."
    return summary


def _describe_uses(counts: Mapping[str, int], shares: Sequence[Share]) -> str:
    lines = []
    for label, count in counts.items():
        uses = {share.use: share.count for share in shares if share.label == label}
        n_set_aside = uses.pop(SET_ASIDE, 0)
        split = join_with_and([f"{n:,} {use}" for use, n in uses.items()])
        rest = f"; {n_set_aside:,} set aside" if n_set_aside else ""
        lines.append(
            f"- **{escape_markdown(label)}**, {count_pictures(count)}: {split} pictures{rest}"
        )
    return "\n".join(lines)


def _describe_counter_examples(index: DatasetIndex, split: Split) -> str:
    if not index.counter_pictures:
        return ""
    labels = escape_markdown(join_with_and(index.counter_labels))
    n_training, n_test = len(split.counter_training), len(split.counter_testing)
    return (
        f"- **{labels}**, {count_pictures(len(index.counter_pictures))} of none of the classes: "
        f"{n_training:,} training and {n_test:,} test pictures"
    )


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
        _show_deletion(workspace, files, "Delete these files", "delete_rejected")


def _show_incomplete(workspace: Workspace, pictures: Sequence[Picture]) -> None:
    if not pictures:
        return
    counts = Counter(picture.label for picture in pictures)
    where = join_with_and([f"{count:,} in {label}" for label, count in counts.items()])
    verb = "is" if len(pictures) == 1 else "are"
    with st.expander(
        f"{count_pictures(len(pictures))} {verb} cut off or damaged: {escape_markdown(where)}",
        icon=":material/content_cut:",
        key="incomplete",
    ):
        st.caption(
            "Trainings use the part that is there. If you have the whole picture, add it and "
            "delete this one."
        )
        show_reasons([picture.warning for picture in pictures])
        paths = [picture.path for picture in pictures]
        noun = "this picture" if len(paths) == 1 else f"these {len(paths):,} pictures"
        _show_deletion(workspace, paths, f"Delete {noun}", "delete_incomplete")


def _show_deletion(workspace: Workspace, paths: Sequence[Path], title: str, key: str) -> None:
    if paths and get_access().allows(Action.EDIT_DATASETS):
        st.button(
            title,
            key=key,
            icon=":material/delete:",
            on_click=attempt,
            args=(
                lambda: make_deletion_outcome(
                    workspace, delete_pictures(get_access(), workspace, paths)
                ),
            ),
        )


def _show_download(index: DatasetIndex) -> None:
    if not index.all_pictures:
        return
    if sum(picture.n_bytes for picture in index.all_pictures) > MAX_DOWNLOAD_BYTES:
        instead = f": copy the folder {escape_markdown(str(index.image_dir))} instead"
        may_see_path = get_access().allows(Action.EDIT_DATASETS) and get_access().root is None
        st.caption(f"This dataset is too large to download here{instead if may_see_path else ''}.")
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
