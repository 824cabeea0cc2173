"""The search for clusters in one large picture that a session started, and what it found."""

from __future__ import annotations

import streamlit as st

from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.wide_fields import is_large
from pages.components.classify.session_predictions import BoundedCache
from pages.components.classify.wide_field_work import FieldTask, FoundField
from pages.components.picture_input import InputPicture
from pages.components.signed_in import get_access

_FOUND = "found in wide fields"
_SEARCH = "search of a wide field"
_FIELDS_KEPT = 2
_LARGE = "large pictures"
_SIZES_KEPT = 200

_Key = tuple[str, str]


def get_found(model: ModelSummary, picture: InputPicture) -> FoundField | None:
    """Return what the last search found in a picture with this model, or None."""
    cache: BoundedCache[FoundField] = st.session_state.setdefault(
        _FOUND, BoundedCache(_FIELDS_KEPT)
    )
    key, task = _make_key(model, picture), get_search(model, picture)
    if task is not None and task.found is not None:
        st.session_state.pop(_SEARCH)
        return cache.keep(key, task.found)
    return cache.look_up(key)


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


def start_search(
    model: ModelSummary, predictor: Predictor, picture: InputPicture, *, by_catalogue: bool = True
) -> None:
    """Search a picture instead of what this session searched before.

    Raises
    ------
    AccessError
        This server does not allow it.
    """
    stop_search()
    task = FieldTask(get_access(), predictor, picture, by_catalogue=by_catalogue)
    st.session_state[_SEARCH] = (_make_key(model, picture), task)


def get_search(model: ModelSummary, picture: InputPicture) -> FieldTask | None:
    """Return the search of a picture with this model; one of anything else is stopped."""
    key, task = st.session_state.get(_SEARCH, (None, None))
    if key == _make_key(model, picture):
        return task
    stop_search()
    return None


def stop_search() -> None:
    """Stop the search of this session, if there is one."""
    _, task = st.session_state.pop(_SEARCH, (None, None))
    if task is not None:
        task.stop()


def _make_key(model: ModelSummary, picture: InputPicture) -> _Key:
    return picture.id, model.manifest_sha256
