"""All answers of the room: a summary, the table or one picture at a time, and what to do next."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from cluster_core.answers.records import KeptAnswer, Review
from cluster_core.answers.room import AnswerRoom
from cluster_core.answers.places import DONT_KNOW
from cluster_core.errors import ImageError
from cluster_core.images import is_fits
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.prediction import Verdict
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.columns import AnswerTable, Column
from cluster_core.model.prediction.tables.csv import write_csv
from pages.components.classify.answer_actions import (
    show_actions,
    show_bulk_review,
    show_retrain,
    show_tick_bar,
)
from pages.components.classify.answer_table import (
    OPENED,
    SHOWN,
    filter_answers,
    list_ticked,
    name_reviewed_class,
    show_table,
)
from pages.components.classify.answering import Answered
from pages.components.classify.explanation import show_explanation
from pages.components.classify.fits_view import show_fits
from pages.components.classify.kept_room import FOLDED
from pages.components.classify.prediction_view import show_answer
from pages.components.classify.redrawing import take_redraw_request
from pages.components.classify.removal import show_clear
from pages.components.classify.reviewing import show_review_bar, show_steps
from pages.components.classify.session_predictions import predict_view
from pages.components.outcome import show_reasons
from pages.components.picture_input import NEWEST, list_input_pictures
from pages.components.text import escape_markdown

_MAGIC_BYTES = 10
_MAX_LABELS_COUNTED = 6
_MAX_PROBLEMS_OPEN = 3


def show_kept(
    model: ModelSummary, predictor: Predictor, room: AnswerRoom, answered: Sequence[Answered]
) -> None:
    """Draw the answers of a room.

    Parameters
    ----------
    model : ModelSummary
        The model that answered.
    predictor : Predictor
        The same model, loaded.
    room : AnswerRoom
    answered : sequence of Answered
        At least one.
    """
    _open_newest(answered)
    refused: set[int] | None = st.session_state.get(FOLDED)
    if refused is None:
        _show_all(model, predictor, room, answered)
    else:
        _show_refused(answered, refused)


def _open_newest(answered: Sequence[Answered]) -> None:
    """Show a single new picture at once; fold earlier answers if nothing new could be read."""
    newest = set(st.session_state.pop(NEWEST, ()))
    if not newest:
        return
    good = [one.picture.number for one in answered if one.answer.prediction]
    new_and_good = [number for number in good if number in newest]
    st.session_state.pop(OPENED, None)
    if not new_and_good:
        st.session_state[FOLDED] = newest
    elif len(newest) == 1:
        st.session_state[OPENED] = new_and_good[0]


def _show_refused(answered: Sequence[Answered], refused: set[int]) -> None:
    """Draw why new pictures were refused, and a button to earlier answers instead of these."""
    problems = [one.answer.problem or "" for one in answered if one.picture.number in refused]
    for problem in problems[:_MAX_PROBLEMS_OPEN]:
        st.error(escape_markdown(problem), icon=":material/broken_image:")
    if len(problems) > _MAX_PROBLEMS_OPEN:
        show_reasons(problems[_MAX_PROBLEMS_OPEN:])
    n_good = sum(one.answer.prediction is not None for one in answered)
    if n_good:
        st.button(
            "Show the earlier answer" if n_good == 1 else f"Show the {n_good:,} earlier answers",
            key="unfold",
            icon=":material/unfold_more:",
            on_click=lambda: st.session_state.pop(FOLDED, None),
        )


@st.fragment
def _show_all(
    model: ModelSummary, predictor: Predictor, room: AnswerRoom, answered: Sequence[Answered]
) -> None:
    """Draw the answers, as a fragment that reruns on its own after a click."""
    if take_redraw_request() or not room.exists():
        st.rerun()  # the whole page
    good = [one for one in answered if one.answer.prediction]
    opened = st.session_state.get(OPENED)
    _show_summary(model, room, answered)
    if opened is None:
        _show_problems([one.answer for one in answered])
    if not good:
        return
    answers = {one.picture.number: one for one in answered}
    if len(good) == 1:
        st.session_state[SHOWN] = [good[0].picture.number]
        _show_opened(model, predictor, room, good[0])
    elif opened in answers and answers[opened].answer.prediction:
        # Frozen while pictures are reviewed, so that none leaves the filter under one's eyes.
        numbers: list[int] = st.session_state.get(SHOWN, [])
        if opened not in numbers:
            numbers = [one.picture.number for one in good]
            st.session_state[SHOWN] = numbers
        show_steps(numbers, opened)
        _show_opened(model, predictor, room, answers[opened])
    else:
        _show_table(model, room, answers, good)


def _show_table(
    model: ModelSummary, room: AnswerRoom, answers: dict[int, Answered], good: Sequence[Answered]
) -> None:
    shown = filter_answers(model, room, good)
    if not shown:
        st.caption("No pictures match these filters.")
        return
    ticked = list_ticked()
    with st.container(horizontal=True, vertical_alignment="center", key="tick_bar"):
        show_tick_bar(len(shown), ticked)
        if ticked:
            st.markdown(f"**{len(ticked):,} ticked**", width="content")
        else:
            st.caption(
                "Click on a row to review it with the keys Y, N, 0 to 9 and the arrows. Tick rows "
                "to review many at once, add them to a dataset or download them sorted."
            )
    if ticked:
        show_bulk_review(model, room, ticked, answers)
        show_actions(model, room, ticked)
    show_table(model, room, shown)


def _show_opened(
    model: ModelSummary, predictor: Predictor, room: AnswerRoom, one: Answered
) -> None:
    show_review_bar(model, room, one)
    (picture,) = list_input_pictures(room, [one.picture.number])
    try:
        if is_fits(picture.read()[:_MAGIC_BYTES]):
            show_fits(model, predictor, picture)
        else:
            view = predict_view(model, predictor, picture)
            show_answer(view, picture.name, model)
            show_explanation(view, model, predictor)
    except ImageError as error:
        st.error(escape_markdown(str(error)), icon=":material/broken_image:")
    show_actions(model, room, {one.picture.number})


def _show_summary(model: ModelSummary, room: AnswerRoom, answered: Sequence[Answered]) -> None:
    found = [one.answer.prediction for one in answered if one.answer.prediction]
    counts = Counter(one.label for one in found if one.verdict is Verdict.LABEL)
    kinds = Counter(one.verdict for one in found)
    n_none, n_unsure = kinds[Verdict.NONE_OF_THESE], kinds[Verdict.UNSURE]
    named = ", ".join(
        f"{escape_markdown(label)} {count}"
        for label, count in counts.most_common(_MAX_LABELS_COUNTED)
    )
    n_bad = len(answered) - len(found)
    n_reviewed = sum(one.picture.number in room.reviews for one in answered)
    parts = [
        named,
        f"none of these {n_none}" if n_none else "",
        f"unsure {n_unsure}" if n_unsure else "",
        f"{n_bad} could not be used" if n_bad else "",
        f"you reviewed {n_reviewed}" if n_reviewed else "",
    ]
    summary = "; ".join(filter(None, parts))
    st.markdown(
        f"**{len(found)} {'picture' if len(found) == 1 else 'pictures'} classified**"
        + (f": {summary}" if summary else "")
    )
    with st.container(horizontal=True, vertical_alignment="center", key="answer_summary"):
        show_retrain()
        st.download_button(
            "Download as CSV",
            lambda: _write_csv(model, room, answered),
            file_name="answers.csv",
            mime="text/csv",
            key="download_csv",
            icon=":material/download:",
            on_click="ignore",
        )
        show_clear(room)


def _write_csv(model: ModelSummary, room: AnswerRoom, answered: Sequence[Answered]) -> bytes:
    """Return the CSV of `python -m cluster_core classify`, and what the visitor says."""
    stream = io.StringIO(newline="")
    write = write_csv(stream, AnswerTable(AnswerSource.of(model), [Column("confirmed")]))
    for one in answered:
        answer, review = one.answer, room.reviews.get(one.picture.number)
        row = FilePrediction(one.picture.name, answer.prediction, answer.problem, answer.cards)
        write(replace(row, more={"confirmed": _name_review(review)}))
    return stream.getvalue().encode("utf-8", "backslashreplace")


def _name_review(review: Review | None) -> str:
    if review is None:
        return ""
    return DONT_KNOW if review.label is None else name_reviewed_class(review.label)


def _show_problems(answers: Sequence[KeptAnswer]) -> None:
    """Draw why files could not be used, and which of several pictures are incomplete."""
    problems = [answer.problem for answer in answers if answer.problem]
    _list_sentences(problems, "1 file could not be used", "{} files could not be used")
    if len(answers) > 1:  # one picture is shown with its warning
        found = [answer.prediction for answer in answers if answer.prediction]
        warnings = [prediction.warning for prediction in found if prediction.warning]
        _list_sentences(warnings, "1 picture is incomplete", "{} pictures are incomplete")


def _list_sentences(sentences: Sequence[str], title_of_one: str, title: str) -> None:
    if not sentences:
        return
    shown = title_of_one if len(sentences) == 1 else title.format(len(sentences))
    is_expanded = len(sentences) <= _MAX_PROBLEMS_OPEN
    with st.expander(shown, icon=":material/broken_image:", expanded=is_expanded):
        st.markdown("\n".join(f"- {escape_markdown(sentence)}" for sentence in sentences))
