"""The test pictures a model got wrong, with buttons to correct their labels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cluster_core.data.confirmed_labels import load_confirmed
from cluster_core.data.editing.classes import list_classes
from cluster_core.data.thumbnails import ThumbnailCache
from cluster_core.errors import ClusterError, ImageError
from cluster_core.evaluation.review import FoundPicture, PictureStatus, find_picture
from cluster_core.evaluation.scores import TestedPicture
from cluster_core.model.prediction.words import format_score
from cluster_core.storage.cache_file import CacheFile
from cluster_core.training.runs import load_reviewed
from cluster_core.workspace import Workspace
from pages.components.evaluation.remedies import Suspect, show_remedies
from pages.components.text import escape_markdown

PER_PAGE = 6
COLUMNS = 3
SIDE_PX = 256


@dataclass(frozen=True)
class _Review:
    """What a mistake is reviewed against: the classes, and the labels that were confirmed."""

    workspace: Workspace
    labels: Sequence[str]
    confirmed: frozenset[tuple[str, str]]  # SHA-256 and label


def show_mistakes(
    workspace: Workspace, image_dir: Path, run_id: str, mistakes: Sequence[TestedPicture]
) -> bool:
    """Draw the mistakes in the order given, with their actions.

    Parameters
    ----------
    workspace : Workspace
    image_dir : Path
        The dataset that was learned from.
    run_id : str
    mistakes : sequence of TestedPicture
        Not empty.

    Returns
    -------
    bool
        Whether any of these pictures was moved, edited or deleted since the test.
    """
    labels = list_classes(image_dir) if image_dir.is_dir() else ()
    # Version 0.1 kept confirmed labels with the run, as those of its mistakes.
    of_run = load_reviewed(workspace, run_id)
    confirmed = {(one.sha256, one.label) for one in mistakes if one.sha256 in of_run}
    confirmed |= set(load_confirmed(image_dir).items())
    review = _Review(workspace, labels, frozenset(confirmed))
    found = [find_picture(image_dir, mistake) for mistake in mistakes]
    changed = [picture.status is not PictureStatus.IN_PLACE for picture in found]
    n_reviewed = sum(
        is_changed or (picture.tested.sha256, picture.tested.label) in confirmed
        for picture, is_changed in zip(found, changed, strict=True)
    )
    st.progress(n_reviewed / len(found), f"{n_reviewed} of {len(found)} reviewed")
    shown = found[choose_page(len(found), PER_PAGE, "mistakes_page")]
    for start in range(0, len(shown), COLUMNS):
        row = shown[start : start + COLUMNS]
        for column, picture in zip(st.columns(COLUMNS), row, strict=False):
            with column, st.container(border=True, key=f"mistake_{name_mistake(picture.tested)}"):
                _show_mistake(review, picture)
    return any(changed)


def name_mistake(tested: TestedPicture) -> str:
    """Return the suffix of a picture's widget keys; copies in two classes get different ones."""
    return hashlib.sha256(f"{tested.path}\n{tested.sha256}".encode(errors="replace")).hexdigest()[
        :12
    ]


def show_thumbnail(workspace: Workspace, path: Path | None, caption: str) -> None:
    """Draw a picture of a dataset, or only its caption if it is missing or unreadable."""
    if path is not None:
        try:
            with CacheFile(workspace.bottlenecks) as file:
                st.image(
                    ThumbnailCache(file).get(path, SIDE_PX), escape_markdown(caption), "stretch"
                )
            return
        except (ImageError, ClusterError):
            pass  # moved, deleted or damaged since the test
    st.markdown(f":gray[:material/image_not_supported: {escape_markdown(caption)}]")


def choose_page(n: int, per_page: int, key: str) -> slice:
    """Draw the page buttons if there are several pages; return the slice of the current page.

    Parameters
    ----------
    n, per_page : int
        Number of items, in all and on a page.
    key : str
        Of the widget.
    """
    n_pages = -(-n // per_page)
    page = min(int(st.pagination(n_pages, key=key) or 1), n_pages) if n_pages > 1 else 1
    return slice((page - 1) * per_page, page * per_page)


def _show_mistake(review: _Review, found: FoundPicture) -> None:
    tested = found.tested
    show_thumbnail(review.workspace, found.path, tested.path.name)
    st.markdown(
        f"Class: **{escape_markdown(tested.label)}**. Answer: "
        f"**{escape_markdown(tested.predicted)}** (score {format_score(tested.score)})"
    )
    if found.status is PictureStatus.MOVED:
        st.caption(f":material/check: Moved to {escape_markdown(found.label or '')}.")
    elif found.status is PictureStatus.GONE:
        st.caption(":material/check: No longer in the dataset.")
    elif found.status is PictureStatus.EDITED:
        st.caption(":material/check: The file has changed since the test.")
    elif (tested.sha256, tested.label) in review.confirmed:
        st.caption(":material/check: Label confirmed.")
    elif found.path is not None:
        suspect = Suspect(found.path, tested.sha256, tested.predicted, name_mistake(tested))
        show_remedies(review.workspace, suspect, review.labels)
