"""One answer in full: the sentence, a bar for each class, and what the model saw."""

from __future__ import annotations

import streamlit as st

from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.predictor import Prediction
from cluster_core.model.prediction.words import describe_prediction, format_score, is_sure
from pages.components.classify.session_predictions import PredictionView
from pages.components.text import escape_markdown

BARS_SHOWN = 12
_SEEN_WIDTH_PX = 128
_MS = 1000
_NO_BREAK = "\u00a0"


def show_answer(
    answer: PredictionView, name: str, model: ModelSummary, heading: str = "####"
) -> None:
    """Draw a picture and what a model makes of it, side by side where there is room."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        show_picture(answer, name)
    with right:
        show_words(answer.prediction, heading)
        show_who_answered(answer, model)
        show_what_was_seen(answer)


def show_picture(answer: PredictionView, name: str) -> None:
    """Draw a picture as people see it, with its name below."""
    st.image(answer.picture, caption=escape_markdown(name), width="stretch")


def show_words(prediction: Prediction, heading: str = "####") -> None:
    """Draw the answer as a sentence, and a bar for each class, the likeliest first."""
    sentence = describe_prediction(prediction).replace(" %", _NO_BREAK + "%")
    st.markdown(f"{heading} {escape_markdown(sentence)}")
    if not is_sure(prediction):
        st.caption("The model is unsure: what it saw resembles more than one class.")
    best = list(prediction.scores.items())
    for label, score in best[:BARS_SHOWN]:
        st.progress(min(1.0, score), text=f"{escape_markdown(label)} {format_score(score)}")
    if len(best) > BARS_SHOWN:
        st.caption(f"and {len(best) - BARS_SHOWN} more classes, each less likely")


def show_who_answered(answer: PredictionView, model: ModelSummary) -> None:
    """Name the model, and the time it took."""
    st.caption(
        f"{escape_markdown(model.title)} read and answered it in {answer.seconds * _MS:.0f} ms."
    )


def show_what_was_seen(answer: PredictionView) -> None:
    """Draw the square that the network looked at."""
    st.caption(
        "As the model saw it: the whole picture, squeezed into a square of "
        f"{answer.side_px} by {answer.side_px} pixels."
    )
    st.image(answer.seen, width=_SEEN_WIDTH_PX)
