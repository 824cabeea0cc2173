"""The search for clusters in one large picture that a session started, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from weakref import WeakValueDictionary

import streamlit as st

from cluster_core.answers.found_fields import FoundField, load_field_result, save_field_result
from cluster_core.answers.room import AnswerRoom
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.wide_fields import is_large
from pages.components.classify.session_predictions import BoundedCache
from pages.components.classify.wide_field_work import FieldTask
from pages.components.picture_input import InputPicture
from pages.components.signed_in import get_access

_FOUND = "found in wide fields"
_SEARCH = "search of a wide field"
_FIELDS_KEPT = 2
_LARGE = "large pictures"
_SIZES_KEPT = 200

_Key = tuple[str, int, str]
# The searches of all sessions, so that one goes on when its page is reloaded.
_running: WeakValueDictionary[_Key, FieldTask] = WeakValueDictionary()


@dataclass(frozen=True)
class Field:
    """A picture of a room in which a model looks for clusters.

    Attributes
    ----------
    room : AnswerRoom
    number : int
        Of the picture.
    picture : InputPicture
        The same picture.
    model : ModelSummary
    """

    room: AnswerRoom
    number: int
    picture: InputPicture
    model: ModelSummary

    @property
    def key(self) -> _Key:
        """What distinguishes it from any other."""
        return self.room.id, self.number, self.model.manifest_sha256


def get_found(field: Field) -> FoundField | None:
    """Return what the last search found, also before the page was reloaded, or None."""
    cache: BoundedCache[FoundField] = st.session_state.setdefault(
        _FOUND, BoundedCache(_FIELDS_KEPT)
    )
    task = get_search(field)
    if task is not None and task.found is not None:
        st.session_state.pop(_SEARCH)
        return cache.keep(field.key, task.found)
    if (known := cache.look_up(field.key)) is not None:
        return known
    found = load_field_result(field.room, field.number, field.model.manifest_sha256)
    return None if found is None else cache.keep(field.key, found)


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


def start_search(field: Field, predictor: Predictor, *, by_catalogue: bool = True) -> None:
    """Search a picture instead of what this session searched before.

    Raises
    ------
    AccessError
        This server does not allow it.
    """
    stop_search()
    keep = partial(save_field_result, field.room, field.number, field.model.manifest_sha256)
    task = FieldTask(get_access(), predictor, field.picture, keep, by_catalogue=by_catalogue)
    _running[field.key] = task
    st.session_state[_SEARCH] = (field.key, task)


def get_search(field: Field) -> FieldTask | None:
    """Return the search of a picture; one of anything else in this session is stopped."""
    key, task = st.session_state.get(_SEARCH, (None, None))
    if key == field.key:
        return task
    stop_search()
    task = _running.get(field.key)
    if task is None or not task.is_running:
        return None
    st.session_state[_SEARCH] = (field.key, task)
    return task


def stop_search() -> None:
    """Stop the search of this session, if there is one."""
    _, task = st.session_state.pop(_SEARCH, (None, None))
    if task is not None:
        task.stop()
