"""Why a model answered as it did: a heat map, and the most similar training pictures."""

from __future__ import annotations

import io

import numpy as np
import streamlit as st
from PIL import Image

from cluster_core.access import Action
from cluster_core.data.catalog import dataset_dir
from cluster_core.data.index import Picture
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.explanation.heat_map import HeatMap, compute_heat_map
from cluster_core.model.explanation.overlay import draw_overlay
from cluster_core.model.explanation.similar import (
    SimilaritySearch,
    choose_suspect,
)
from cluster_core.model.explanation.training_pictures import find_training_pictures
from cluster_core.model.prediction.prediction import Verdict
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.workspace import DATASET_SUFFIX, Workspace
from pages.components.classify.session_predictions import PredictionView
from pages.components.dataset_contents import read_dataset
from pages.components.evaluation.mistakes import show_thumbnail
from pages.components.offered_models import find_home
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown

_SEARCH = "similarity search"
_WIDTH_PX = 150


def show_explanation(answer: PredictionView, model: ModelSummary, predictor: Predictor) -> None:
    """Draw a switch, and below it, once it is on, the reasons for an answer."""
    if not st.toggle(
        "Why this answer?",
        key="why",
        help="Shows which parts of the picture speak for a class, and the pictures from the "
        "training that are most similar to it.",
    ):
        return
    seen = np.asarray(Image.open(io.BytesIO(answer.seen)))
    _show_heat_map(answer, seen, model, predictor)
    # A dataset of one's own may have the name of another person's, whose model this is.
    is_own = find_home(model) == get_workspace()
    if is_own and get_access().allows(Action.VIEW_DATASETS):
        _show_similar(answer, seen, model, predictor)


def _show_heat_map(
    answer: PredictionView, seen: np.ndarray, model: ModelSummary, predictor: Predictor
) -> None:
    labels = list(answer.prediction.scores)  # highest score first
    left, right = st.columns([2, 3], gap="medium")
    label = right.selectbox("Show what speaks for", labels, key="why_label")
    bar = left.empty()

    def on_progress(done: int, total: int) -> None:  # ends here if the switch is turned off
        bar.progress(done / total, f"Covering the parts of the picture: {done} of {total}")

    try:
        with left, st.spinner("Measuring the parts of the picture …"):
            found = compute_heat_map(predictor.bundle, seen, label, find_home(model), on_progress)
    except ClusterError as error:
        right.info(escape_markdown(str(error)), icon=":material/info:")
        return
    bar.empty()
    picture = np.asarray(Image.open(io.BytesIO(answer.picture)).convert("RGB"))
    left.image(draw_overlay(picture, found.evidence), width="stretch")
    right.caption(_describe(found))
    if answer.prediction.verdict is Verdict.NONE_OF_THESE:
        right.caption("This explains the scores, not why the picture is none of these.")


def _describe(found: HeatMap) -> str:
    rows, columns = found.evidence.shape
    name = escape_markdown(found.label)
    colours = f":orange[Orange] parts speak for {name}, :blue[blue] ones against it."
    if found.is_exact:
        return (
            f"{colours} This is exact (the parts add up to the model's evidence) but coarse: "
            f"{rows} × {columns} parts, each of which also reflects its surroundings."
        )
    return (
        f"{colours} An estimate: each of {rows} × {columns} parts was covered in turn, to see how "
        "much the answer depends on it."
    )


def _show_similar(
    answer: PredictionView, seen: np.ndarray, model: ModelSummary, predictor: Predictor
) -> None:
    st.markdown("**Most similar training pictures**")
    workspace = get_workspace()
    try:
        found = _obtain_search(workspace, model, predictor)
        if found is None:
            st.caption(
                "The starter model learned from a simulated sky, so there are no photos to show."
                if model.id == STARTER_ID
                else "The dataset that this model learned from is not here: it was renamed or "
                "deleted, or the model was trained elsewhere."
            )
            return
    except ClusterError as error:
        st.info(escape_markdown(str(error)), icon=":material/info:")
        return
    search, is_exact = found
    similar = search.find(seen)
    suspect = choose_suspect(similar, answer.prediction.label)
    with st.container(horizontal=True):
        for one in similar:
            with st.container(width=_WIDTH_PX):
                caption = f"{one.picture.path.name}: {one.picture.label}, {one.similarity:.0%}"
                show_thumbnail(workspace, one.picture.path, caption)
    st.caption(
        "100% means the same picture. The percentages only rank the training pictures by what the "
        "network sees in them: even a picture that is none of these has a most similar one."
    )
    if suspect is not None:
        st.caption(
            f"If the answer is wrong, look at **{escape_markdown(suspect.picture.path.name)}** "
            "first: it is the most similar picture with the label "
            f"{escape_markdown(answer.prediction.label)}."
        )
    if not is_exact:
        st.caption("The dataset has changed since the training: these pictures are in it today.")


def _obtain_search(
    workspace: Workspace, model: ModelSummary, predictor: Predictor
) -> tuple[SimilaritySearch, bool] | None:
    """Return a search over the pictures that a model learned from, or None if there are none.

    Also return whether these are exactly the pictures of the training. The last search is kept in
    the session until the model or a file of the dataset changes.
    """
    name = model.dataset.removesuffix(DATASET_SUFFIX)
    if name == model.dataset:  # a folder outside the workspace, or none
        return None
    image_dir = dataset_dir(workspace, name)
    if not image_dir.is_dir():
        return None
    reading = read_dataset(workspace, image_dir)
    if isinstance(reading.index, ClusterError):
        return None
    key = (model.manifest_sha256, reading.signature)
    kept = st.session_state.get(_SEARCH)
    if kept is None or kept[0] != key:
        training = find_training_pictures(predictor.bundle, reading.index)
        if not training.pictures:
            return None
        search = _read_training_pictures(workspace, predictor, training.pictures)
        kept = (key, search, training.is_exact)
        st.session_state[_SEARCH] = kept
    return kept[1:]


def _read_training_pictures(
    workspace: Workspace, predictor: Predictor, pictures: tuple[Picture, ...]
) -> SimilaritySearch:
    """Return a search; draw its progress while features are computed that no cache has."""
    text = "Reading the training pictures …"
    bar = st.progress(0.0, text)

    def on_progress(done: int, total: int) -> None:
        bar.progress(done / total, text)

    search = SimilaritySearch(predictor.bundle, pictures, workspace, on_progress)
    bar.empty()
    return search
