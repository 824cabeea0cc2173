"""Answers to the picture of the camera, several times a second."""

from __future__ import annotations

import streamlit as st

from cluster_core.errors import ImageError
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.prediction import Verdict
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.words import describe_prediction, format_score
from pages.components.camera.component import show_camera
from pages.components.camera.frames import FrameMessage
from pages.components.classify.loaded_models import obtain_predictor
from pages.components.text import escape_markdown

_ANSWER = "live answer"
_MAX_BARS = 8


@st.fragment
def show_live_camera(model: ModelSummary) -> None:
    """Draw the camera with the answer of a model, which follows what the camera sees."""
    predictor = obtain_predictor(model)
    if predictor is None:
        return

    def take(message: FrameMessage) -> None:
        # Only the newest frame: an answer to an older one would be of no use.
        answer = answer_frame(predictor, message.frames[-1]) if message.frames else None
        st.session_state[_ANSWER] = answer and {"frame": message.first, **answer}

    show_camera("live", {"mode": "live", "answer": st.session_state.get(_ANSWER)}, take)
    title = escape_markdown(model.title)
    st.caption(f"Answered by {title}. Nothing that the camera sees is kept.")


def answer_frame(predictor: Predictor, data: bytes) -> dict[str, object]:
    """Return the answer for a frame, as the camera's script draws it.

    Parameters
    ----------
    predictor : Predictor
        The model.
    data : bytes
        The file of the frame.

    Returns
    -------
    dict
        `sentence`; `note`, a smaller sentence, or empty; and `bars`: a label, its score from 0
        to 1 and the score in words for each of the classes with the highest scores, in
        alphabetical order, so that bars stay in place.
    """
    try:
        prediction = predictor.predict_file(data, "The picture of the camera")
    except ImageError as error:
        return {"sentence": str(error), "note": "", "bars": []}
    best = sorted(list(prediction.scores.items())[:_MAX_BARS])
    bars = [(label, score, format_score(score)) for label, score in best]
    is_none = prediction.verdict is Verdict.NONE_OF_THESE
    note = "Unlike the pictures that the model learned from. Most like:" if is_none else ""
    return {"sentence": describe_prediction(prediction), "note": note, "bars": bars}
