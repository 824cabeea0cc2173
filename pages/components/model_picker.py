"""Which model answers: always in sight, and changed with one click."""

from __future__ import annotations

import streamlit as st

from cluster_core.model.bundle.library import list_models
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.bundle.summaries import STARTER_ACCURACY, ModelSummary
from cluster_core.workspace import Workspace
from pages.components.navigation import PageFile
from pages.components.selection import Choice, choose, get_known
from pages.components.text import escape_markdown
from pages.components.words import describe_accuracy, number_duplicates

MAX_LABELS_SHOWN = 12
_KEY = "model"


def pick_model() -> ModelSummary | None:
    """Draw the choice of a model and return it; None, and its problem, where it is damaged."""
    models = {model.id: model for model in list_models(Workspace.default())}
    default = next(model for model in models.values() if model.is_default)
    chosen = get_known(
        Choice.MODEL,
        models,
        lambda name: (
            f"There is no model {name} here, perhaps it was deleted. "
            f"{escape_markdown(default.title)} answers instead."
        ),
    )
    names = dict(
        zip(models, number_duplicates([_name(model) for model in models.values()]), strict=True)
    )
    st.session_state[_KEY] = chosen or default.id
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Model that answers",
            list(models),
            format_func=names.__getitem__,
            key=_KEY,
            on_change=lambda: choose(Choice.MODEL, st.session_state[_KEY]),
            width=420,
        )
        if st.button("All models", key="to_models", icon=":material/inventory_2:"):
            st.switch_page(PageFile.MODELS)
    model = models[st.session_state[_KEY]]
    if model.problem:
        st.error(escape_markdown(model.problem), icon=":material/error:")
        return None
    st.caption(
        f"It tells apart: {escape_markdown(join_labels(model))}; anything else is called one of "
        f"these. {describe_model_accuracy(model)}"
    )
    return model


def join_labels(model: ModelSummary) -> str:
    """Return a model's classes, with commas between."""
    named = list(model.labels[:MAX_LABELS_SHOWN])
    n_others = len(model.labels) - len(named)
    return ", ".join(named) + (f" and {n_others} more" if n_others else "")


def describe_model_accuracy(model: ModelSummary) -> str:
    """Return how well a model did on pictures it had not seen, in words."""
    if model.id == STARTER_ID:
        return STARTER_ACCURACY
    return f"Test pictures: {describe_accuracy(model.n_right, model.n_test)}"


def _name(model: ModelSummary) -> str:
    notes = ["damaged"] if model.problem else []
    notes += ["default"] if model.is_default else []
    return f"{model.title} ({', '.join(notes)})" if notes else model.title
