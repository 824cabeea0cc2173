"""The answers of another model than the chosen one, which did not answer these pictures."""

from __future__ import annotations

import streamlit as st

from cluster_core.answers.job_registry import find_job
from cluster_core.answers.room import AnswerRoom
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.workspace import Workspace
from pages.components.classify.answering import AT_ONCE, show_job
from pages.components.classify.kept_answers import show_kept
from pages.components.classify.loaded_models import obtain_predictor
from pages.components.offered_models import list_offered
from pages.components.picture_input import NEWEST, SUPPLIES
from pages.components.selection import Choice, choose, get_chosen
from pages.components.text import escape_markdown

# The room and the model that the visitor said may classify its pictures again.
_AGREED = "classifies again"


def may_answer(model: ModelSummary | None, room: AnswerRoom) -> bool:
    """Return whether a model may classify the pictures of a room without a question.

    No other model than the one before answers thousands of pictures unasked, nor pictures
    whose answers could not be recomputed.
    """
    if model is None:
        return False
    sha256 = model.manifest_sha256
    is_agreed = st.session_state.get(_AGREED) == (room.id, sha256)
    if room.last_model in (None, sha256) or is_agreed:
        return True
    if find_job(Workspace.default(), room.id, sha256) is not None:
        return True
    if _find_visible(room) is None or get_chosen(Choice.MODEL) is None:
        return False
    n_waiting = len(room.list_unanswered(sha256, model.labels))
    return n_waiting <= AT_ONCE or any(st.session_state.get(key) for key in (NEWEST, SUPPLIES))


def show_earlier(chosen: ModelSummary | None, room: AnswerRoom) -> None:
    """Draw the answers of the model that answered last, and offer the chosen one's instead.

    Parameters
    ----------
    chosen : ModelSummary or None
        The model that may not answer without a question; None if it cannot be used.
    room : AnswerRoom
    """
    present = _find_visible(room)
    earlier = present or _remember(room)
    if earlier is not None:
        _describe(earlier, present is not None)
    elif room.last_model is not None:
        st.warning(
            "The model that classified your pictures was changed or deleted.",
            icon=":material/model_training:",
        )
    if chosen is not None:
        _offer(chosen, room)
    if earlier is None:
        return
    st.session_state.pop(NEWEST, None)  # they wait for that click
    job = find_job(Workspace.default(), room.id, earlier.manifest_sha256)
    if job is not None and job.progress.is_active:
        show_job(job)
    is_usable = present is not None and present.is_usable
    show_kept(earlier, obtain_predictor(earlier) if is_usable else None, room)


def _describe(earlier: ModelSummary, is_present: bool) -> None:
    title = f"**{escape_markdown(earlier.title)}**"
    if is_present:
        st.markdown(f"Answers from {title}.")
        return
    models = list_offered()
    fate = "has changed since" if earlier.id in {m.id for m in models} else "is no longer here"
    st.markdown(f"Answers from {title}, which {fate}.")


def _offer(chosen: ModelSummary, room: AnswerRoom) -> None:
    n = len(room.pictures)
    noun = "this picture" if n == 1 else f"all {n:,} pictures"
    if st.session_state.get(SUPPLIES) or _count_unanswered(room):
        noun += ", also the new ones"

    def agree() -> None:
        choose(Choice.MODEL, chosen.id)
        st.session_state[_AGREED] = room.id, chosen.manifest_sha256

    with st.container(horizontal=True, vertical_alignment="center", key="classify_again_row"):
        st.button("Classify again", key="classify_again", icon=":material/refresh:", on_click=agree)
        name = "the starter model" if chosen.id == STARTER_ID else escape_markdown(chosen.title)
        st.caption(f"This classifies {noun} with {name}.", width="content")


def _count_unanswered(room: AnswerRoom) -> int:
    """Return how many pictures the model that answered last has not answered."""
    sha256 = room.last_model or ""
    source = room.sources.get(sha256)
    return 0 if source is None else len(room.list_unanswered(sha256, source.labels))


def _find_visible(room: AnswerRoom) -> ModelSummary | None:
    models = list_offered()
    return next((one for one in models if one.manifest_sha256 == room.last_model), None)


def _remember(room: AnswerRoom) -> ModelSummary | None:
    """Return what a room knows of a model that is gone, or None for one of an earlier version."""
    source = room.sources.get(room.last_model or "")
    return None if source is None else _summarise(room.last_model or "", source)


def _summarise(sha256: str, source: AnswerSource) -> ModelSummary:
    return ModelSummary(
        id=source.id,
        title=source.title,
        created="",
        labels=source.labels,
        architecture="",
        weights_sha256="",
        dataset="",
        n_test=0,
        n_right=0,
        interval=None,
        size_bytes=0,
        is_default=False,
        manifest_sha256=sha256,
        content_sha256="",
        problem="It is no longer here.",
        unsure_below=source.unsure_below,
    )
