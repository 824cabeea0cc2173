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
from cluster_core.errors import RunError
from cluster_core.images import ImageLimits
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.details import shrink_to_show
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.wide_fields import (
    FIELD_LIMITS,
    FieldSearch,
    describe_cluster,
    draw_field,
    locate_field,
    make_records,
    name_cluster,
    read_field,
    write_table,
)
from pages.components.classify.session_predictions import BoundedCache
from pages.components.long_work import Work, start_work
from pages.components.outcome import Outcome
from pages.components.picture_input import InputPicture
from pages.components.signed_in import get_access

# A search holds a whole picture in memory, so only one runs on the server.
_turn = threading.Lock()
_WAIT_S = 20.0
_VISITOR_LIMITS = ImageLimits(max_pixels=24_000_000, max_file_bytes=100_000_000)
_FOUND = "found in wide fields"
_FIELDS_KEPT = 2
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
    return _get_cache().look_up((picture.id, model.manifest_sha256))


def start_search(
    model: ModelSummary, predictor: Predictor, picture: InputPicture, *, by_catalogue: bool = True
) -> None:
    """Schedule a search, which starts with the next rerun of the page."""
    get_access().require(Action.CLASSIFY)
    is_owner = get_access().allows(Action.EDIT_DATASETS)
    limits = FIELD_LIMITS if is_owner else _VISITOR_LIMITS
    started: list[tuple[FieldSearch, str | None]] = []  # kept while clicks interrupt the search

    def resume(on_progress: Progress) -> Outcome:
        if not _turn.acquire(timeout=_WAIT_S):
            raise RunError(
                "Somebody else is searching a picture on this server: try again in a minute."
            )
        try:
            if not started:
                data = picture.read()
                field = read_field(
                    data, picture.name, predictor.bundle.preprocessing, limits=limits
                )
                field, problem = locate_field(field, data, None)
                search = FieldSearch(predictor, field, by_catalogue=by_catalogue)
                started.append((search, problem))
            search, problem = started[0]
            found = _prepare(search, problem, on_progress)
        finally:
            _turn.release()
        _get_cache().keep((picture.id, model.manifest_sha256), found)
        n = len(found.clusters)
        return Outcome(
            f"Found {n or 'no'} {'cluster' if n == 1 else 'clusters'} in {picture.name}."
        )

    def on_stop() -> Outcome:
        return Outcome(f"The search in {picture.name} was stopped.")

    start_work(Work(f"Searching {picture.name}", resume, on_stop))


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
