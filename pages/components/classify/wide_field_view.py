"""Offer to find the clusters in a large picture, and show them."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath

import streamlit as st

from cluster_core.answers.found_fields import FoundField
from cluster_core.model.prediction.predictor import Predictor
from pages.components.classify.wide_field import (
    Field,
    get_found,
    get_search,
    may_hold_clusters,
    start_search,
    stop_search,
)
from pages.components.picture_input import keep_pictures
from pages.components.text import escape_markdown

_POLL_S = 0.5
_CARD_WIDTH_PX = 160
_MAX_CARDS = 60


def show_wide_field(field: Field, predictor: Predictor) -> None:
    """Draw a button that starts a search, and below it what the last one found.

    Nothing is drawn below a small picture.

    Raises
    ------
    ImageError
        The picture cannot be read.
    """
    search = get_search(field)  # also ends the search of another picture
    if not may_hold_clusters(field.picture):
        return
    if search is not None and search.is_running:
        _show_running(field)
        return
    if search is not None and search.problem:
        st.error(escape_markdown(search.problem), icon=":material/error:")
    found = get_found(field)
    start = partial(start_search, field, predictor)
    with st.container(horizontal=True, vertical_alignment="center", key="wide_field"):
        st.button(
            "Find clusters in this picture" if found is None else "Search again",
            key="find_clusters",
            icon=":material/travel_explore:",
            help="For a picture of a large part of the sky: each cluster in it becomes a picture "
            "of its own, with its own answer.",
            on_click=start,
        )
        if found is not None and found.by_catalogue:
            st.button(
                "Search for others",
                key="find_others",
                icon=":material/search:",
                help="Search for parts that look like clusters, without the catalogue.",
                on_click=partial(start, by_catalogue=False),
            )
        if found is not None and found.clusters:
            _show_actions(found)
    if found is not None:
        _show_found(found)


@st.fragment(run_every=_POLL_S)
def _show_running(field: Field) -> None:
    """Draw how far the search has got, until it ends."""
    search = get_search(field)
    if search is None or not search.is_running:
        st.rerun()
    text = "Reading the picture …"
    if search.n_parts:
        text = f"Searching the picture: part {search.n_done} of {search.n_parts}"
    with st.container(horizontal=True, vertical_alignment="center", key="searching"):
        st.progress(search.n_done / max(search.n_parts, 1), text=text, width="stretch")
        st.button("Stop", key="stop_search", icon=":material/stop_circle:", on_click=stop_search)


def _show_actions(found: FoundField) -> None:
    if st.button(
        "Add to my pictures",
        key="keep_cut_outs",
        icon=":material/add_photo_alternate:",
        help="Puts each cluster into the table of this page, where you can review it, add it to a "
        "dataset or download it.",
    ):
        stem = PurePath(found.name).stem
        keep_pictures((f"{stem} {each.name}.jpg", each.picture) for each in found.clusters)
        st.rerun()
    st.download_button(
        "Download the list",
        found.table,
        file_name="clusters.csv",
        mime="text/csv",
        key="download_clusters",
        icon=":material/download:",
        on_click="ignore",
    )


def _show_found(found: FoundField) -> None:
    n = len(found.clusters)
    noun = "cluster" if n == 1 else "clusters"
    if found.by_catalogue:
        said = f"{n or 'No'} {noun} of the catalogue in this part of the sky"
    else:
        said = (
            f"{n or 'No'} {'part looks like a cluster' if n == 1 else 'parts look like clusters'}"
        )
    st.markdown(f"**{said}.**")
    if found.problem and not found.by_catalogue:
        st.caption(escape_markdown(found.problem))
    st.image(found.drawn, width="stretch")
    with st.container(horizontal=True, key="cut_outs"):
        for each in found.clusters[:_MAX_CARDS]:
            with st.container(width=_CARD_WIDTH_PX):
                st.image(each.picture, width="stretch")
                st.markdown(f"**{escape_markdown(each.name)}**")
                st.caption(escape_markdown(each.answer))
    if n > _MAX_CARDS:
        st.caption(f"and {n - _MAX_CARDS} more in the list")
