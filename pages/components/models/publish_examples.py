"""The choice of example pictures for a published model."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cluster_core.data.editing.inspection import clean_file_name
from cluster_core.data.thumbnails import SIDE_PX, ThumbnailCache
from cluster_core.errors import ImageError
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.export.web.page_text import MAX_EXAMPLES
from cluster_core.publishing.examples import list_candidates, list_kinds, render_examples
from cluster_core.publishing.records import PublishedModel
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.staging import stage
from pages.components.picture_input import PICTURE_TYPES
from pages.components.signed_in import get_workspace
from pages.components.upload_limit import show_uploader

_PER_PAGE = 12
_CELL_PX = 120
_PICKED, _PAGE = "publish picked", "publish candidates page"


class Source(StrEnum):
    """Where example pictures come from; the values are the labels of the choice."""

    SAME = "The same as now"
    NONE = "None"
    RENDERED = "A simulated sky"
    UPLOAD = "My files"
    DATASET = "From its dataset"


def choose_examples(
    model: ModelSummary, published: PublishedModel | None
) -> tuple[Source, Sequence[UploadedFile | Path]]:
    """Draw the choice of example pictures.

    Parameters
    ----------
    model : ModelSummary
    published : PublishedModel or None
        The page that is going to be updated, whose examples can be kept.

    Returns
    -------
    source : Source
    chosen : sequence of UploadedFile or Path
        The chosen files; empty if they are rendered later.
    """
    candidates = list_candidates(get_workspace(), model.dataset, model.labels)
    possible = {
        Source.SAME: bool(published and published.examples),
        Source.NONE: True,
        Source.RENDERED: bool(list_kinds(model.labels)),
        Source.UPLOAD: True,
        Source.DATASET: bool(candidates),
    }
    sources = [source for source, is_possible in possible.items() if is_possible]
    source = st.radio(
        "Example pictures, for visitors without their own",
        sources,
        key="publish_source",
        horizontal=True,
    )
    if source is Source.SAME and published:
        return source, published.examples
    if source is Source.NONE:
        st.caption("Without examples, visitors need a picture of their own.")
    if source is Source.RENDERED:
        st.caption(
            "Cluster Lab simulates pictures of " + " and ".join(list_kinds(model.labels)) + "."
        )
    if source is Source.UPLOAD:
        return source, _upload()
    if source is Source.DATASET:
        return source, _pick(candidates)
    return source, ()


@contextmanager
def save_chosen(
    model: ModelSummary, source: Source, chosen: Sequence[UploadedFile | Path]
) -> Iterator[tuple[Path, ...]]:
    """Yield the chosen pictures as files, which are kept until the end of the block.

    Raises
    ------
    OSError
        The workspace cannot be written to.
    """
    with stage(get_workspace()) as folder:
        if source is Source.RENDERED:
            yield render_examples(list_kinds(model.labels), folder)
            return
        paths = []
        for number, picture in enumerate(chosen):
            if isinstance(picture, Path):
                paths.append(picture)
                continue
            paths.append(folder / str(number) / clean_file_name(picture.name))
            paths[-1].parent.mkdir()
            paths[-1].write_bytes(picture.getvalue())
        yield tuple(paths)


def _upload() -> list[UploadedFile]:
    found = show_uploader(
        "publish_examples",
        "publish_files",
        f"Up to {MAX_EXAMPLES} pictures. Everyone with the link can see them.",
        type=PICTURE_TYPES,
        accept_multiple_files=True,
    )
    return found if isinstance(found, list) else []


def _pick(candidates: Sequence[Path]) -> list[Path]:
    """Draw a page of pictures with checkboxes; return all picked ones, in the order of picking."""
    picked: dict[Path, None] = st.session_state.setdefault(_PICKED, {})
    n_pages = -(-len(candidates) // _PER_PAGE)
    page = st.session_state.get(_PAGE, 0) % n_pages
    shown = candidates[page * _PER_PAGE : (page + 1) * _PER_PAGE]
    with CacheFile(get_workspace().bottlenecks) as cache:
        thumbnails = ThumbnailCache(cache).get_many(list(shown))
    with st.container(horizontal=True, vertical_alignment="bottom", key="publish_candidates"):
        for path, thumbnail in zip(shown, thumbnails, strict=True):
            if isinstance(thumbnail, ImageError):
                continue
            with st.container(width=_CELL_PX, gap="xsmall"):
                st.image(thumbnail, width=min(_CELL_PX, SIDE_PX), alt=path.name)
                is_picked = st.checkbox("Show", value=path in picked, key=_key_of(path))
                picked.pop(path, None) if not is_picked else picked.setdefault(path)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{len(picked)} chosen, up to {MAX_EXAMPLES}. Everyone with the link can see them: "
            "leave out people who did not agree to it."
        )
        if n_pages > 1:
            st.button(
                "Other pictures",
                key="publish_other_pictures",
                icon=":material/refresh:",
                on_click=lambda: st.session_state.update({_PAGE: page + 1}),
            )
    return list(picked)


def forget_picked() -> None:
    """Forget the pictures that were picked for an earlier page."""
    st.session_state.pop(_PICKED, None)
    st.session_state.pop(_PAGE, None)


def _key_of(path: Path) -> str:
    name = os.fsencode(f"{path.parent.name}/{path.name}")
    return f"publish_pick_{hashlib.sha1(name, usedforsecurity=False).hexdigest()[:12]}"
