"""Find the clusters in one large picture, with progress and Stop, one search at a time."""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image

from cluster_core.access import Action
from cluster_core.data.index import Progress
from cluster_core.errors import ClusterError, RunError
from cluster_core.images import ImageLimits
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.details import shrink_to_show
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sky_names.solving import find_solver
from cluster_core.wide_fields import (
    FIELD_LIMITS,
    FieldSearch,
    describe_cluster,
    draw_field,
    is_large,
    locate_field,
    make_records,
    name_cluster,
    read_field,
    write_table,
)
from pages.components.classify.session_predictions import BoundedCache
from pages.components.picture_input import InputPicture
from pages.components.signed_in import get_access

# A search holds a whole picture in memory, so only one runs on the server.
_turn = threading.Lock()
_WAIT_S = 20.0
_VISITOR_LIMITS = ImageLimits(max_pixels=24_000_000, max_file_bytes=100_000_000)
_FOUND = "found in wide fields"
_SEARCHING = "wide field to search"
_PROBLEM = "problem of a wide field"
_FIELDS_KEPT = 2
_LARGE = "large pictures"
_SIZES_KEPT = 200
_CUT_OUT_SIDE_PX = 1024


@dataclass(frozen=True)
class ShownCluster:
    """A cut-out, ready to show.

    Attributes
    ----------
    name, answer : str
        What it is called, and what the model and the catalogue say of it.
    picture : bytes
        A JPEG.
    """

    name: str
    answer: str
    picture: bytes


@dataclass(frozen=True)
class FoundField:
    """What was found in a picture, ready to show.

    Attributes
    ----------
    name : str
        Name of the picture's file.
    drawn : bytes
        The picture with boxes, a JPEG.
    clusters : tuple of ShownCluster
    table : bytes
        The CSV of `python -m cluster_core find`.
    by_catalogue : bool
        Whether the catalogue said where clusters are.
    problem : str or None
        Why the position of the picture is not known.
    """

    name: str
    drawn: bytes
    clusters: tuple[ShownCluster, ...]
    table: bytes
    by_catalogue: bool
    problem: str | None


def get_found(model: ModelSummary, picture: InputPicture) -> FoundField | None:
    """Return what the last search found in a picture with this model, or None."""
    return _get_cache().look_up(make_key(model, picture))


def may_hold_clusters(picture: InputPicture) -> bool:
    """Return whether a picture is large enough to be searched.

    Raises
    ------
    ImageError
        It cannot be read.
    """
    known: BoundedCache[bool] = st.session_state.setdefault(_LARGE, BoundedCache(_SIZES_KEPT))
    found = known.look_up(picture.id)
    return (
        known.keep(picture.id, is_large(picture.read(), picture.name)) if found is None else found
    )


def start_search(model: ModelSummary, picture: InputPicture, *, by_catalogue: bool = True) -> None:
    """Remember that a picture is to be searched, which `continue_search` does.

    Raises
    ------
    AccessError
        This server does not allow it.
    """
    get_access().require(Action.CLASSIFY)
    st.session_state.pop(_PROBLEM, None)
    st.session_state[_SEARCHING] = _Search(make_key(model, picture), by_catalogue)


def continue_search(model: ModelSummary, predictor: Predictor, picture: InputPicture) -> None:
    """Search the picture if that was started, with a progress bar and Stop, and keep the result.

    A click elsewhere, which reruns the page, interrupts the search; the next run goes on with it.
    """
    search: _Search | None = st.session_state.get(_SEARCHING)
    if search is None or search.key != make_key(model, picture):
        return
    area = st.empty()
    with area.container(horizontal=True, vertical_alignment="center", key="searching"):
        bar = st.progress(0.0, text="Reading the picture …", width="stretch")
        st.button("Stop", key="stop_search", icon=":material/stop_circle:", on_click=_stop)

    def on_progress(done: int, total: int) -> None:
        bar.progress(done / max(total, 1), text=f"Looking at parts of it: {done} of {total}")

    try:
        found = search.run(predictor, picture, on_progress)
    except ClusterError as error:
        st.session_state[_PROBLEM] = (search.key, str(error))
    else:
        _get_cache().keep(search.key, found)
    _stop()
    area.empty()


def get_problem(model: ModelSummary, picture: InputPicture) -> str | None:
    """Return why the last search of a picture failed, as a sentence, or None."""
    key, sentence = st.session_state.get(_PROBLEM, (None, None))
    return sentence if key == make_key(model, picture) else None


def make_key(model: ModelSummary, picture: InputPicture) -> tuple[str, str]:
    """Return what the result of a search is kept by."""
    return picture.id, model.manifest_sha256


class _Search:
    """A search that was started in this session."""

    def __init__(self, key: tuple[str, str], by_catalogue: bool) -> None:
        self.key = key
        self._by_catalogue = by_catalogue
        self._started: tuple[FieldSearch, str | None] | None = None  # between interruptions

    def run(self, predictor: Predictor, picture: InputPicture, on_progress: Progress) -> FoundField:
        if not _turn.acquire(timeout=_WAIT_S):
            raise RunError(
                "Somebody else is searching a picture on this server: try again in a minute."
            )
        try:
            if self._started is None:
                self._started = self._start(predictor, picture)
            return _prepare(*self._started, on_progress)
        finally:
            _turn.release()

    def _start(self, predictor: Predictor, picture: InputPicture) -> tuple[FieldSearch, str | None]:
        is_owner = get_access().allows(Action.EDIT_DATASETS)
        limits = FIELD_LIMITS if is_owner else _VISITOR_LIMITS
        data = picture.read()
        field = read_field(data, picture.name, predictor.bundle.preprocessing, limits=limits)
        # A solver takes all of a core for some seconds, which visitors do not get.
        solver = find_solver() if is_owner and self._by_catalogue else None
        field, problem = locate_field(field, data, solver)
        return FieldSearch(predictor, field, by_catalogue=self._by_catalogue), problem


def _stop() -> None:
    st.session_state.pop(_SEARCHING, None)


def _prepare(search: FieldSearch, problem: str | None, on_progress: Progress) -> FoundField:
    clusters, field = search.run(on_progress), search.field
    table = io.StringIO(newline="")
    write_table(table, make_records(field, clusters))
    shown = tuple(
        ShownCluster(
            name_cluster(cluster, number),
            describe_cluster(cluster),
            _encode(shrink_to_show(field.cut_out(cluster.box), _CUT_OUT_SIDE_PX)),
        )
        for number, cluster in enumerate(clusters, start=1)
    )
    drawn = _encode(draw_field(field, clusters))
    csv = table.getvalue().encode("utf-8", "backslashreplace")
    return FoundField(field.name, drawn, shown, csv, search.by_catalogue, problem)


def _get_cache() -> BoundedCache[FoundField]:
    cache: BoundedCache[FoundField] = st.session_state.setdefault(
        _FOUND, BoundedCache(_FIELDS_KEPT)
    )
    return cache


def _encode(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92)
    return file.getvalue()
