"""An example for whoever has no picture at hand: a simulated sky, rendered on the spot."""

from __future__ import annotations

import io

import numpy as np
import streamlit as st
from PIL import Image

from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.words import find_kind, name_one
from cluster_core.sky import DEMO_CLASSES, render_picture
from pages.components.classify.prediction_view import show_picture, show_words
from pages.components.classify.session_predictions import BoundedCache, predict_view
from pages.components.picture_input import EXAMPLE, GivenPicture
from pages.components.text import escape_markdown

_SIDE_PX = 320
_EXAMPLES_KEPT = 20
_ALWAYS = ("globular clusters", "open clusters")
# Of a class with many kinds, those that people know from photographs.
_KNOWN = ("globular_resolved", "globular_core", "open_rich", "open_bright", "open_double")
_MOST_SHOWN = 3


def show_examples(model: ModelSummary, predictor: Predictor) -> None:
    """Draw a picture of each class with its answer, and a way to see others."""
    number = st.session_state[EXAMPLE]
    kinds = list(dict.fromkeys(filter(None, map(find_kind, model.labels))))[:_MOST_SHOWN]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Examples", anchor=False, width="stretch")
        st.button(
            "Show me another",
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
    if not kinds:
        st.info(
            "This model learned classes that the simulated sky does not have, so its answers here "
            "are only for show.",
            icon=":material/info:",
        )
    for column, kind in zip(st.columns(len(kinds) or len(_ALWAYS)), kinds or _ALWAYS, strict=True):
        with column:
            answer = predict_view(model, predictor, _render(kind, number))
            show_picture(answer, f"A simulated sky: {name_one(kind)}")
            show_words(answer.prediction)
    st.caption(
        f"Answered by {escape_markdown(model.title)}. The pictures were drawn by this program: "
        "stars, telescope and camera."
    )


def _render(kind: str, number: int) -> GivenPicture:
    kept: BoundedCache[GivenPicture] = st.session_state.setdefault(
        "examples", BoundedCache(_EXAMPLES_KEPT)
    )
    name = f"example {kind} {number}"
    if found := kept.look_up(name):
        return found
    rng = np.random.default_rng([number, list(DEMO_CLASSES).index(kind)])
    kinds = [name for name in DEMO_CLASSES[kind] if name in _KNOWN] or DEMO_CLASSES[kind]
    sky = render_picture(rng, str(rng.choice(kinds)), _SIDE_PX, _SIDE_PX, is_sent=False)
    file = io.BytesIO()
    Image.fromarray(sky.pixels).save(file, "PNG")
    return kept.keep(name, GivenPicture(name, f"{kind}.png", file.getvalue()))
