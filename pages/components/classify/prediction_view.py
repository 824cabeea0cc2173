"""One answer in full: a sentence, a bar per class, and the picture as the model sees it."""

from __future__ import annotations

import streamlit as st

from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.prediction import Prediction, Verdict
from cluster_core.model.prediction.words import describe_prediction, format_score
from pages.components.classify.session_predictions import PredictionView
from pages.components.text import escape_markdown

MAX_BARS = 12
_N_RESEMBLED = 3
_SEEN_WIDTH_PX = 128
_MS = 1000


def show_answer(
    answer: PredictionView, name: str, model: ModelSummary, heading: str = "####"
) -> None:
    """Draw a picture and the answer side by side, or one below the other on a narrow screen."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        show_picture(answer, name)
    with right:
        show_words(answer.prediction, heading)
        show_who_answered(answer, model)
        show_what_was_seen(answer)


def show_picture(answer: PredictionView, name: str) -> None:
    """Draw the picture with its name below."""
    st.image(answer.picture, caption=escape_markdown(name), width="stretch")


def show_words(prediction: Prediction, heading: str = "####") -> None:
    """Draw the answer as a sentence and one bar per class, highest score first."""
    st.markdown(f"{heading} {escape_markdown(describe_prediction(prediction))}")
    if prediction.warning:
        st.warning(escape_markdown(prediction.warning), icon=":material/broken_image:")
    if prediction.verdict is Verdict.NONE_OF_THESE:
        _show_resemblance(prediction)
        return
    if prediction.verdict is Verdict.UNSURE:
        st.caption("The model is unsure: the picture resembles more than one class.")
    best = list(prediction.scores.items())
    for label, score in best[:MAX_BARS]:
        st.progress(min(1.0, score), text=f"{escape_markdown(label)}: {format_score(score)}")
    if len(best) > MAX_BARS:
        st.caption(f"and {len(best) - MAX_BARS} more classes with lower scores")


def _show_resemblance(prediction: Prediction) -> None:
    """Say what the answer means, which classes are nearest, and what can be done about it."""
    st.write("The picture is unlike those that the model learned from.")
    best = list(prediction.scores.items())[:_N_RESEMBLED]
    named = ", ".join(f"{escape_markdown(label)} {format_score(score)}" for label, score in best)
    st.caption(
        f"Of the model's classes, it most resembles: {named}. These scores only compare the "
        "classes with each other."
    )
    st.caption(
        "If that is wrong, say which class it belongs to and train again with it. To recognise "
        "such pictures, add a class for them to the dataset; to reject them more reliably, add "
        "them to a class named none\\_of\\_these."
    )


def show_who_answered(answer: PredictionView, model: ModelSummary) -> None:
    """Draw which model answered, how long it took, and how new the picture is to the model."""
    st.caption(
        f"Answered by {escape_markdown(model.title)} in {answer.seconds * _MS:.0f} ms. "
        f"{_describe_novelty(answer.prediction)}",
        help=_describe_measuring(answer.prediction),
    )


def _describe_novelty(prediction: Prediction) -> str:
    if prediction.novelty is None:
        return "Novelty: not measured."
    limit = prediction.limits.novel_above
    return f"Novelty {prediction.novelty:.2f}" + (f", limit {limit:.2f}." if limit else ".")


def _describe_measuring(prediction: Prediction) -> str:
    if prediction.novelty is None:
        return (
            "This model cannot tell when a picture shows none of its classes. Train it again to "
            "add this."
        )
    return (
        "How unlike the training pictures this one is, from 0 to 1. Above the limit, the answer "
        "is none of these."
    )


def show_what_was_seen(answer: PredictionView) -> None:
    """Draw the picture as the network sees it: squeezed into a square."""
    st.caption(
        "As the model sees it: the whole picture, squeezed into a square of "
        f"{answer.side_px} by {answer.side_px} pixels."
    )
    st.image(answer.seen, width=_SEEN_WIDTH_PX)
