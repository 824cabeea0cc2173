"""Select the model that classifies."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cluster_core.access import Action
from cluster_core.model.bundle.accuracy import ACCURACY_HELP
from cluster_core.model.bundle.summaries import ModelSummary
from pages.components.navigation import PageFile
from pages.components.offered_models import list_offered
from pages.components.selection import Choice, choose, get_known
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown
from pages.components.words import name_network, number_duplicates

MAX_LABELS_SHOWN = 12
_KEY = "model"
_VISITED = "default model of this visit"


def find_default(models: Mapping[str, ModelSummary]) -> ModelSummary:
    """Return the default model, which stays the same while the Classify page is open.

    A training that ends makes its model the default. Without this, it would answer all pictures
    on the Classify page of everybody again.

    Parameters
    ----------
    models : mapping of str to ModelSummary
        The models to choose from, by id; one of them is the default.
    """
    kept = models.get(st.session_state.get(_VISITED, ""))
    return kept or next(model for model in models.values() if model.is_default)


def forget_default() -> None:
    """Follow the default model anew, on another page."""
    st.session_state.pop(_VISITED, None)


def pick_model(notes: DeltaGenerator, last_used: str | None = None) -> ModelSummary | None:
    """Draw the model select box and a summary of the selected model.

    Parameters
    ----------
    notes : DeltaGenerator
        The container that gets warnings, in sight even if the rest is folded.
    last_used : str or None
        The hash of the manifest of the model that is selected if nobody chose another, instead
        of the default.

    Returns
    -------
    ModelSummary or None
        None if the model is damaged or lacks its network; the page then shows why.
    """
    models = {model.id: model for model in list_offered()}
    default = find_default(models)
    st.session_state[_VISITED] = default.id
    default = next((m for m in models.values() if m.manifest_sha256 == last_used), default)
    with notes:
        chosen = get_known(
            Choice.MODEL,
            models,
            lambda name: (
                f'There is no model "{name}". It may have been deleted. '
                f"{escape_markdown(default.title)} is used instead."
            ),
        )
    names = dict(
        zip(models, number_duplicates([_name(model) for model in models.values()]), strict=True)
    )
    st.session_state[_KEY] = chosen or default.id
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Model",
            list(models),
            format_func=names.__getitem__,
            key=_KEY,
            on_change=lambda: choose(Choice.MODEL, st.session_state[_KEY]),
            width=420,
        )
        if get_access().allows(Action.VIEW_MODELS) and st.button(
            "All models", key="to_models", icon=":material/inventory_2:"
        ):
            st.switch_page(PageFile.MODELS)
    model = models[st.session_state[_KEY]]
    if model.problem:
        notes.error(escape_markdown(model.problem), icon=":material/error:")
        return None
    if model.lacks_network:
        with notes:
            _show_missing_network(model)
        return None
    others = (
        "It answers 'none of these' if a picture is unlike those it learned from."
        if model.measures_novelty
        else "It labels every picture as one of them."
    )
    st.caption(
        f"It knows these classes: {escape_markdown(join_labels(model))}. {others} "
        f"{model.accuracy_sentence}",
        help=ACCURACY_HELP if model.accuracy else None,
    )
    return model


def _show_missing_network(model: ModelSummary) -> None:
    st.warning(
        f"This model needs the network {escape_markdown(name_network(model.architecture))}, which "
        "this computer does not have. Get it on the Models page, or choose another model.",
        icon=":material/extension_off:",
    )
    if get_access().allows(Action.VIEW_MODELS) and st.button(
        "Get its network", key="get_network", icon=":material/download:"
    ):
        choose(Choice.MODEL, model.id)
        st.switch_page(PageFile.MODELS)


def join_labels(model: ModelSummary) -> str:
    """Return a model's classes as text, shortened if there are many."""
    shown = list(model.labels[:MAX_LABELS_SHOWN])
    n_others = len(model.labels) - len(shown)
    return ", ".join(shown) + (f" and {n_others} more" if n_others else "")


def _name(model: ModelSummary) -> str:
    notes = ["damaged"] if model.problem else []
    notes += ["needs its network"] if model.lacks_network else []
    notes += ["default"] if model.is_default else []
    return f"{model.title} ({', '.join(notes)})" if notes else model.title
