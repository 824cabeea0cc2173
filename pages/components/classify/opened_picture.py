"""One picture of the room in full: what the visitor says, the answer, and what to do with it."""

from __future__ import annotations

import streamlit as st

from cluster_core.answers.room import AnswerRoom
from cluster_core.errors import ImageError
from cluster_core.images import decode_image, is_fits
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.details import shrink_to_show
from cluster_core.model.prediction.predictor import Predictor
from pages.components.classify.answer_actions import show_actions
from pages.components.classify.answered import Answered
from pages.components.classify.explanation import show_explanation
from pages.components.classify.fits_view import show_fits
from pages.components.classify.prediction_view import show_answer, show_words
from pages.components.classify.reviewing import note_drawn, show_review_bar
from pages.components.classify.session_predictions import predict_view
from pages.components.classify.sky_object import show_sky_object
from pages.components.classify.wide_field import Field
from pages.components.classify.wide_field_view import show_wide_field
from pages.components.picture_input import InputPicture, list_input_pictures
from pages.components.text import escape_markdown

_MAGIC_BYTES = 10
_SIDE_PX = 1024


def show_opened(
    model: ModelSummary, predictor: Predictor | None, room: AnswerRoom, one: Answered
) -> None:
    """Draw a picture that has an answer.

    Without a predictor, because the model is gone, only its answer is shown.
    """
    show_review_bar(model, room, one)
    (picture,) = list_input_pictures(room, [one.picture.number])
    try:
        if predictor is None:
            _show_kept_answer(model, picture, one)
        elif is_fits(picture.read()[:_MAGIC_BYTES]):
            show_fits(model, predictor, picture)
        else:
            view = predict_view(model, predictor, picture)
            show_answer(view, picture.name, model)
            note_drawn(one.picture.number)  # the reasons may take seconds
            show_explanation(view, model, predictor)
        if one.answer.prediction is not None:
            show_sky_object(picture, one.answer.prediction)
        if predictor is not None:
            show_wide_field(Field(room, one.picture.number, picture, model), predictor)
    except ImageError as error:
        st.error(escape_markdown(str(error)), icon=":material/broken_image:")
    show_actions(model, room, {one.picture.number})
    note_drawn(one.picture.number)


def _show_kept_answer(model: ModelSummary, picture: InputPicture, one: Answered) -> None:
    pixels = shrink_to_show(decode_image(picture.read(), picture.name), _SIDE_PX)
    left, right = st.columns([2, 3], gap="medium")
    left.image(pixels, caption=escape_markdown(picture.name), width="stretch")
    with right:
        if one.answer.prediction is not None:
            show_words(one.answer.prediction)
        st.caption(f"Answered by {escape_markdown(model.title)}, which is no longer here.")
