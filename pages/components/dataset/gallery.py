"""A paged gallery of a class: view, select, move and delete pictures."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from cluster_core.data.editing.pictures import delete_pictures, move_pictures
from cluster_core.data.index import Picture
from cluster_core.data.thumbnails import SIDE_PX, ThumbnailCache
from cluster_core.errors import ClusterError, ImageError
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.outcome import Outcome, attempt, make_deletion_outcome
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

PER_PAGE = 24
_CELL_PX = 166
_LARGE_PX = 700
_MAX_NAME_LENGTH, _HEAD_LENGTH, _TAIL_LENGTH = 20, 8, 11
_TARGET = "move_to"
_CHANGED = "gallery changed"
_KB, _MB = 1_000, 1_000_000


@st.fragment
def show_gallery(
    workspace: Workspace, image_dir: Path, labels: Sequence[str], pictures: Sequence[Picture]
) -> None:
    """Draw the pictures of one class, as a fragment that reruns on its own.

    Parameters
    ----------
    workspace : Workspace
    image_dir : Path
        The dataset's folder.
    labels : sequence of str
        All classes of the dataset.
    pictures : sequence of Picture
        The pictures of the class, at least one, in the order of the gallery.
    """
    if st.session_state.pop(_CHANGED, False):
        st.rerun()  # the whole page, because counts and classes changed too
    n_pages = -(-len(pictures) // PER_PAGE)
    label = pictures[0].label
    cells = st.container()
    number = 1
    if n_pages > 1:
        number = st.pagination(n_pages, key=f"gallery_page_{_shorten_key(label)}")
    number = min(number, n_pages)
    shown = pictures[(number - 1) * PER_PAGE : number * PER_PAGE]
    with cells:
        _show_actions(workspace, image_dir, labels, shown)
        _show_cells(workspace, shown)
        if n_pages > 1:
            first = (number - 1) * PER_PAGE + 1
            last = first - 1 + len(shown)
            st.caption(
                f"Page {number:,} of {n_pages:,}: pictures {first:,} to {last:,} of "
                f"{len(pictures):,}"
            )


def key_of(path: Path) -> str:
    """Return the widget key of a picture's checkbox."""
    return f"pick_{_shorten_key(f'{path.parent.name}/{path.name}')}"


def _shorten_key(name: str) -> str:
    """Return a short hash of a name, which may hold any characters."""
    return hashlib.sha1(os.fsencode(name), usedforsecurity=False).hexdigest()[:12]


def _show_actions(
    workspace: Workspace, image_dir: Path, labels: Sequence[str], shown: Sequence[Picture]
) -> None:
    selected = [p.path for p in shown if st.session_state.get(key_of(p.path))]
    others = [label for label in labels if label != shown[0].label]
    with st.container(horizontal=True, vertical_alignment="bottom", key="gallery_actions"):
        st.button(
            "Clear selection" if selected else "Select all on this page",
            key="pick_all",
            icon=":material/deselect:" if selected else ":material/select_all:",
            on_click=_select,
            args=(shown, not selected),
        )
        if not selected:
            st.caption("Select pictures to move them to another class or delete them.")
            return
        noun = "1 picture" if len(selected) == 1 else f"{len(selected)} pictures"
        if others:
            st.selectbox("Move to", others, key=_TARGET, label_visibility="collapsed", width=240)
            st.button(
                f"Move {noun}",
                key="move_pictures",
                icon=":material/drive_file_move:",
                on_click=lambda: _change(lambda: _move(image_dir, selected)),
            )
        st.button(
            f"Delete {noun}",
            key="delete_pictures",
            icon=":material/delete:",
            on_click=lambda: _change(
                lambda: make_deletion_outcome(
                    workspace, delete_pictures(get_access(), workspace, selected)
                )
            ),
        )


def _change(act: Callable[[], Outcome]) -> None:
    attempt(act)
    st.session_state[_CHANGED] = True


def _select(shown: Sequence[Picture], is_selected: bool) -> None:
    for picture in shown:
        st.session_state[key_of(picture.path)] = is_selected


def _move(image_dir: Path, paths: Sequence[Path]) -> Outcome:
    target = st.session_state[_TARGET]
    source = paths[0].parent.name
    report = move_pictures(get_access(), image_dir, paths, target)
    summary = f"Moved {len(report.moved)} of {len(paths)} pictures from {source} to {target}"
    if report.gone:
        summary += "; the others no longer exist"

    def undo() -> Outcome:
        back = move_pictures(get_access(), image_dir, report.moved, source)
        return Outcome(f"Moved {len(back.moved)} pictures back to {source}.")

    return Outcome(f"{summary}.", bool(report.moved), undo=undo if report.moved else None)


def _show_cells(workspace: Workspace, shown: Sequence[Picture]) -> None:
    with CacheFile(workspace.bottlenecks) as cache:
        thumbnails = ThumbnailCache(cache).get_many([picture.path for picture in shown])
    # Cells of fixed width wrap; columns would be stacked on a phone.
    with st.container(horizontal=True, vertical_alignment="bottom", key="gallery"):
        for picture, thumbnail in zip(shown, thumbnails, strict=True):
            with st.container(width=_CELL_PX, gap="xsmall"):
                _show_cell(workspace, picture, thumbnail)


def _show_cell(workspace: Workspace, picture: Picture, thumbnail: bytes | ImageError) -> None:
    name = picture.path.name
    # Keep the end: it often differs, and holds the file type.
    short = (
        name if len(name) <= _MAX_NAME_LENGTH else f"{name[:_HEAD_LENGTH]}…{name[-_TAIL_LENGTH:]}"
    )
    if isinstance(thumbnail, ImageError):
        st.caption(f":material/broken_image: {escape_markdown(str(thumbnail))}")
    else:
        st.image(thumbnail, width=SIDE_PX, alt=name)
    st.checkbox(escape_markdown(short), key=key_of(picture.path))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption(f"{picture.width_px} × {picture.height_px}", width="content")
        if st.button(
            "Enlarge",
            key=f"enlarge_{_shorten_key(str(picture.path))}",
            type="tertiary",
            icon=":material/zoom_in:",
        ):
            _enlarge(workspace, picture)


@st.dialog("Picture", width="large", icon=":material/image:")
def _enlarge(workspace: Workspace, picture: Picture) -> None:
    try:
        with CacheFile(workspace.bottlenecks) as cache:
            large = ThumbnailCache(cache).get(picture.path, _LARGE_PX)
        n_bytes = picture.path.stat().st_size
    except (ClusterError, OSError):
        st.error("This picture was deleted or cannot be read.")
        return
    st.image(large, caption=escape_markdown(picture.path.name), width="content")
    st.caption(
        f"{escape_markdown(picture.label)} · {picture.width_px} × {picture.height_px} px · "
        f"{format_bytes(n_bytes)}"
    )


def format_bytes(n_bytes: int) -> str:
    """Return a file size in kB or MB."""
    if n_bytes >= _MB:
        return f"{n_bytes / _MB:,.1f} MB"
    return f"{max(1, round(n_bytes / _KB)):,} kB"
