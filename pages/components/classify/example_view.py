"""Example pictures for visitors without their own: simulated clusters, rendered on demand."""

from __future__ import annotations

import io

import streamlit as st
from PIL import Image

from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.words import find_kind, name_one
from cluster_core.sky import render_example
from pages.components.classify.prediction_view import show_picture, show_words
from pages.components.classify.session_predictions import BoundedCache, predict_view
from pages.components.picture_input import EXAMPLE, InputPicture
from pages.components.text import escape_markdown

_SIDE_PX = 320
_EXAMPLES_KEPT = 20
_MAX_SHOWN = 3


def list_kinds(model: ModelSummary) -> list[str]:
    """Return the classes of a model that the simulated sky has, by its own names for them."""
    return list(dict.fromkeys(filter(None, map(find_kind, model.labels))))[:_MAX_SHOWN]


def show_examples(model: ModelSummary, predictor: Predictor) -> None:
    """Draw one simulated picture per class with its answer, and a button for more examples.

    Parameters
    ----------
    model : ModelSummary
        A model with classes of the simulated sky; see `list_kinds`.
    predictor : Predictor
        The model, loaded.
    """
    number = st.session_state[EXAMPLE]
    kinds = list_kinds(model)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Examples", anchor=False, width="stretch")
        st.button(
            "Another example",
            key="another_example",
            icon=":material/refresh:",
            on_click=lambda: st.session_state.update({EXAMPLE: number + 1}),
        )
        st.button(
            "Close",
            key="close_example",
            icon=":material/close:",
            on_click=lambda: st.session_state.pop(EXAMPLE, None),
        )
    for column, kind in zip(st.columns(len(kinds)), kinds, strict=True):
        with column:
            answer = predict_view(model, predictor, _render(kind, number))
            show_picture(answer, f"A simulated sky: {name_one(kind)}")
            show_words(answer.prediction)
    st.caption(
        f"Answered by {escape_markdown(model.title)}. Cluster Lab simulated these pictures: the "
        "stars, the telescope and the camera."
    )


def _render(kind: str, number: int) -> InputPicture:
    kept: BoundedCache[InputPicture] = st.session_state.setdefault(
        "examples", BoundedCache(_EXAMPLES_KEPT)
    )
    name = f"example {kind} {number}"
    if found := kept.look_up(name):
        return found
    file = io.BytesIO()
    Image.fromarray(render_example(kind, number, _SIDE_PX).pixels).save(file, "PNG")
    return kept.keep(name, InputPicture(name, f"{kind}.png", file.getvalue))
