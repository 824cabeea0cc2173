"""The answers of a room in one line, as a table to download, and the files without an answer."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cluster_core.access import Action
from cluster_core.answers.answering import Answerer
from cluster_core.answers.job_registry import find_job, obtain_job
from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.selecting import Reviewed, Selection, select_answers
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.workspace import Workspace
from pages.components.classify.answer_actions import show_retrain
from pages.components.classify.answer_downloads import show_downloads
from pages.components.classify.answer_table import show_only
from pages.components.classify.answered import find_answered
from pages.components.classify.label_unsure import show_label_unsure
from pages.components.classify.redrawing import request_redraw
from pages.components.classify.removal import show_clear
from pages.components.outcome import MAX_REASONS
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

_MAX_LABELS_COUNTED = 6
_MAX_PROBLEMS_OPEN = 3
_COUNT_INTERVAL_S = 2.0


def show_summary(model: ModelSummary, predictor: Predictor | None, room: AnswerRoom) -> None:
    """Draw how many pictures got which answer, and what can be done with all of them."""
    n_drawn = len(room.tabulate(model.manifest_sha256, model.labels))
    job = find_job(Workspace.default(), room.id, model.manifest_sha256)
    is_active = job is not None and job.progress.is_active
    interval_s = _COUNT_INTERVAL_S if is_active else None
    st.fragment(_show_counts, run_every=interval_s)(model, room, n_drawn, is_active)
    if not is_active:
        _show_names(model, room)
    with st.container(horizontal=True, vertical_alignment="center", key="answer_summary"):
        show_retrain()
        show_downloads(model, room)
        show_label_unsure(model, room)
        if predictor is not None:
            _show_naming(Answerer(model, predictor), room)
        show_clear(room)


def _show_counts(model: ModelSummary, room: AnswerRoom, n_drawn: int, is_active: bool) -> None:
    """Draw the counts, again and again while a job runs, and how many the table lacks."""
    room.refresh()
    columns = room.tabulate(model.manifest_sha256, model.labels)
    counts, n_unsure, n_none = columns.count_verdicts()
    best = sorted(counts.items(), key=lambda one: -one[1])[:_MAX_LABELS_COUNTED]
    n_bad = len(columns.problems)
    n_reviewed = len({*columns.numbers.tolist(), *columns.problems} & room.reviews.keys())
    parts = [
        ", ".join(f"{escape_markdown(label)} {count:,}" for label, count in best),
        f"none of these {n_none:,}" if n_none else "",
        f"unsure {n_unsure:,}" if n_unsure else "",
        f"{n_bad:,} could not be used" if n_bad else "",
        f"you reviewed {n_reviewed:,}" if n_reviewed else "",
    ]
    summary = "; ".join(filter(None, parts))
    st.markdown(
        f"**{len(columns):,} {'picture' if len(columns) == 1 else 'pictures'} classified"
        f"{' so far' if is_active else ''}**" + (f": {summary}" if summary else "")
    )
    if n_new := len(columns) - n_drawn:
        with st.container(horizontal=True, vertical_alignment="center", key="new_answers"):
            verb = "is" if n_new == 1 else "are"
            st.caption(f"{n_new:,} of them {verb} not in the table yet.", width="content")
            if st.button("Show them", key="show_new", icon=":material/refresh:", type="tertiary"):
                st.rerun()


def _show_names(model: ModelSummary, room: AnswerRoom) -> None:
    """Draw how many objects are named, with the way to those that the model contradicts."""
    if not room.objects:
        return
    columns = room.tabulate(model.manifest_sha256, model.labels)
    chosen = Selection(reviewed=Reviewed.CONTRADICTED)
    n_contradicted = len(select_answers(columns, room, chosen))
    n_named = sum(bool(known.name) for known in room.objects.values())
    said = f"{n_named:,} of {len(room.pictures):,} named"
    with st.container(horizontal=True, vertical_alignment="center", key="names"):
        if not n_contradicted:
            st.caption(f"{said}.", width="content")
            return
        verb = "answer disagrees" if n_contradicted == 1 else "answers disagree"
        st.caption(f"{said}; {n_contradicted:,} {verb} with the catalogue.", width="content")
        st.button(
            "Show it" if n_contradicted == 1 else f"Show these {n_contradicted:,}",
            key="show_contradicted",
            type="tertiary",
            icon=":material/filter_alt:",
            on_click=show_only,
            args=(Reviewed.CONTRADICTED,),
        )


def _show_naming(answerer: Answerer, room: AnswerRoom) -> None:
    """Draw the button that names the objects in all pictures, if some have not been asked."""
    access = get_access()
    if not access.allows(Action.SOLVE) or room.objects.keys() >= room.pictures.keys():
        return

    job = find_job(Workspace.default(), room.id, answerer.model.manifest_sha256)
    if job is not None and job.names_wanted and job.progress.is_active:
        return

    def start() -> None:
        obtain_job(Workspace.default(), room.id, answerer).name_objects(access)
        request_redraw()

    st.button(
        "Name the objects",
        key="name_objects",
        icon=":material/stars:",
        help="Finds out which object each picture shows: from its header, its file name or, if a "
        "program that recognises star patterns is installed, its stars. This takes up to a few "
        "seconds per picture.",
        on_click=start,
    )


def show_problems(model: ModelSummary, room: AnswerRoom) -> None:
    """Draw why files could not be used, and which of several pictures are incomplete."""
    columns = room.tabulate(model.manifest_sha256, model.labels)
    problems = list_problems(model, room, columns.problems[:MAX_REASONS])
    n_problems = len(columns.problems)
    _list_sentences(problems, n_problems, ("1 file", "files"), "could not be used")
    if len(columns) + n_problems > 1:  # one picture is shown with its warning
        answers = [find_answered(model, room, n) for n in columns.warned[:MAX_REASONS]]
        found = [one.answer.prediction for one in answers if one and one.answer.prediction]
        warnings = [prediction.warning for prediction in found]
        verb = "is incomplete" if len(columns.warned) == 1 else "are incomplete"
        _list_sentences(warnings, len(columns.warned), ("1 picture", "pictures"), verb)


def list_problems(model: ModelSummary, room: AnswerRoom, numbers: Sequence[int]) -> list[str]:
    """Return why these files could not be used."""
    answers = [find_answered(model, room, number) for number in numbers]
    return [one.answer.problem for one in answers if one and one.answer.problem]


def _list_sentences(
    sentences: Sequence[str], n_all: int, nouns: tuple[str, str], verb: str
) -> None:
    """Draw the first sentences of many."""
    if not sentences:
        return
    one, several = nouns
    title = f"{one if n_all == 1 else f'{n_all:,} {several}'} {verb}"
    is_expanded = n_all <= _MAX_PROBLEMS_OPEN
    lines = [f"- {escape_markdown(sentence)}" for sentence in sentences]
    if n_all > len(sentences):
        lines.append(f"- and {n_all - len(sentences):,} more")
    with st.expander(title, icon=":material/broken_image:", expanded=is_expanded):
        st.markdown("\n".join(lines))
