"""Classify the pictures of the room that have no answer yet, with a progress bar and Stop."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import streamlit as st

from cluster_core.answers.records import KeptAnswer, KeptPicture
from cluster_core.answers.room import AnswerRoom
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.storage.mapping import map_images
from pages.components.classify.session_predictions import keep_view, predict_kept
from pages.components.picture_input import STOPPED, list_input_pictures

STOP_FROM = 20
_REDRAW_INTERVAL_S = 0.2


@dataclass(frozen=True)
class Answered:
    """A picture of the room and the answer to it.

    Attributes
    ----------
    picture : KeptPicture
    answer : KeptAnswer
    """

    picture: KeptPicture
    answer: KeptAnswer


def answer_all(model: ModelSummary, predictor: Predictor, room: AnswerRoom) -> list[Answered]:
    """Classify the pictures that have no answer by this model, and return all answers so far.

    A rerun, or a reload of the page, continues with the rest, unless the visitor has stopped it.

    Raises
    ------
    DatasetError
        An answer cannot be kept, for example because another tab cleared the room.
    """
    waiting = _list_waiting(model, room)
    if waiting and not st.session_state.get(STOPPED):
        _classify(model, predictor, room, waiting)
        waiting = []
    if waiting:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(f"Stopped: {len(waiting)} of {len(room.pictures)} pictures have no answer yet.")
            st.button("Continue", key="go_on", on_click=lambda: st.session_state.pop(STOPPED, None))
    found = (
        (picture, room.find_answer(picture.number, model.manifest_sha256, model.labels))
        for picture in room.pictures.values()
    )
    return [Answered(picture, answer) for picture, answer in found if answer is not None]


def _list_waiting(model: ModelSummary, room: AnswerRoom) -> list[int]:
    return [
        number
        for number in room.pictures
        if room.find_answer(number, model.manifest_sha256, model.labels) is None
    ]


def _classify(
    model: ModelSummary, predictor: Predictor, room: AnswerRoom, waiting: Sequence[int]
) -> None:
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, text=_describe_progress(0, len(waiting)))
        if len(waiting) > STOP_FROM:
            st.button("Stop", key="stop", on_click=_stop, icon=":material/stop_circle:")
    drawn_s = time.monotonic()
    pictures = list_input_pictures(room, waiting)
    with closing(map_images(lambda picture: predict_kept(predictor, picture), pictures)) as found:
        numbered = zip(waiting, found, strict=True)
        for done, (number, one) in enumerate(numbered, start=1):
            room.keep_answer(number, model.manifest_sha256, one.answer, model.labels, one.thumbnail)
            if len(pictures) == 1 and one.details is not None:
                keep_view(model, pictures[0], one.details)
            if time.monotonic() - drawn_s > _REDRAW_INTERVAL_S:
                drawn_s = time.monotonic()
                bar.progress(done / len(waiting), text=_describe_progress(done, len(waiting)))
    place.empty()


def _describe_progress(done: int, total: int) -> str:
    return f"Classifying pictures: {done} of {total}"


def _stop() -> None:
    st.session_state[STOPPED] = True
