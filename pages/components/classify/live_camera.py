"""Answers to the picture of the camera, several times a second."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from cluster_core.errors import ImageError
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.prediction import Verdict
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.words import describe_prediction, format_score
from pages.components.camera.component import show_camera
from pages.components.camera.frames import FrameMessage
from pages.components.classify.loaded_models import obtain_predictor
from pages.components.picture_input import keep_pictures
from pages.components.text import escape_markdown

_ANSWER = "live answer"
_FRAME = "live frame"
_MAX_BARS = 8


@st.fragment
def show_live_camera(model: ModelSummary) -> None:
    """Draw the camera with the answer of a model, which follows what the camera sees."""
    predictor = obtain_predictor(model)
    if predictor is None:
        return

    def take(message: FrameMessage) -> None:
        # Only the newest frame: an answer to an older one would be of no use.
        frame = message.frames[-1] if message.frames else None
        st.session_state[_FRAME] = frame
        answer = None if frame is None else answer_frame(predictor, frame)
        st.session_state[_ANSWER] = answer and {"frame": message.first, **answer}

    show_camera("live", {"mode": "live", "answer": st.session_state.get(_ANSWER)}, take)
    if st.button("Keep this picture", key="keep_live", icon=":material/add_a_photo:"):
        _keep_frame(st.session_state.get(_FRAME))
    title = escape_markdown(model.title)
    st.caption(f"Answered by {title}. What the camera sees is not kept unless you say so.")


def _keep_frame(frame: bytes | None) -> None:
    """Add the frame that was answered last to the pictures below, and redraw the page."""
    if frame is None:
        st.info("Wait until the camera shows an answer.")
        return
    keep_pictures([(f"camera {datetime.now():%Y-%m-%d %H-%M-%S}.jpg", frame)])
    st.rerun()


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
        prediction = predictor.predict_file(data, "The camera picture")
    except ImageError as error:
        return {"sentence": str(error), "note": "", "bars": []}
    best = sorted(list(prediction.scores.items())[:_MAX_BARS])
    bars = [(label, score, format_score(score)) for label, score in best]
    is_none = prediction.verdict is Verdict.NONE_OF_THESE
    note = "Unlike the pictures that the model learned from. Most like:" if is_none else ""
    return {"sentence": describe_prediction(prediction), "note": note, "bars": bars}
