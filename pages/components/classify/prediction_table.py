"""Answers for several pictures: computed with a progress bar, shown as a table."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import streamlit as st

from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.csv import write_predictions_csv
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.words import is_sure
from cluster_core.storage.mapping import map_images
from pages.components.classify.session_predictions import (
    PredictionRow,
    find_row,
    keep_row,
    predict_row,
)
from pages.components.picture_input import STOPPED, InputPicture
from pages.components.text import escape_markdown

STOP_FROM = 20
_REDRAW_INTERVAL_S = 0.2
_COLUMNS_OF_LABELS = 8
_MAX_LABELS_COUNTED = 6
_HIGHEST_SHOWN = 99  # percent: no answer is certain
_ORDERS = {
    "given": "as added",
    "sure": "highest score first",
    "unsure": "lowest score first",
    "class": "by class",
    "name": "by name",
}
Answered = list[tuple[InputPicture, PredictionRow]]


def answer_all(
    model: ModelSummary, predictor: Predictor, pictures: Sequence[InputPicture]
) -> Answered:
    """Classify the pictures that have no answer yet, and return all answers so far.

    A rerun keeps the answers so far and continues with the rest, unless the visitor
    has stopped it.
    """
    waiting = [picture for picture in pictures if find_row(model, picture) is None]
    if waiting and not st.session_state.get(STOPPED):
        _classify(model, predictor, waiting)
        waiting = []
    if waiting:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(f"Stopped: {len(waiting)} of {len(pictures)} pictures have no answer yet.")
            st.button("Continue", key="go_on", on_click=lambda: st.session_state.pop(STOPPED, None))
    found = ((picture, find_row(model, picture)) for picture in pictures)
    return [(picture, answer) for picture, answer in found if answer is not None]


def _classify(model: ModelSummary, predictor: Predictor, waiting: Sequence[InputPicture]) -> None:
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, text=_describe_progress(0, len(waiting)))
        if len(waiting) > STOP_FROM:
            st.button("Stop", key="stop", on_click=_stop, icon=":material/stop_circle:")
    drawn_s = time.monotonic()
    with closing(map_images(lambda picture: predict_row(predictor, picture), waiting)) as found:
        for done, (picture, answer) in enumerate(zip(waiting, found, strict=True), start=1):
            keep_row(model, picture, answer)
            if time.monotonic() - drawn_s > _REDRAW_INTERVAL_S:
                drawn_s = time.monotonic()
                bar.progress(done / len(waiting), text=_describe_progress(done, len(waiting)))
    place.empty()


def _describe_progress(done: int, total: int) -> str:
    return f"Classifying pictures: {done} of {total}"


def _stop() -> None:
    st.session_state[STOPPED] = True


def show_many(model: ModelSummary, answered: Answered) -> InputPicture | None:
    """Draw the table of answers, and return the picture of the selected row, if any."""
    good = [(picture, answer) for picture, answer in answered if answer.prediction]
    bad = [answer for _, answer in answered if answer.problem]
    _show_summary(model, answered)
    _show_problems(bad)
    if not good:
        return None
    shown = _filter(model, good)
    if not shown:
        st.caption("No pictures match these filters.")
        return None
    table = st.dataframe(
        _tabulate(model, [answer for _, answer in shown]),
        key="answers",
        hide_index=True,
        row_height=56,
        height=min(600, 40 + 56 * len(shown)),
        column_config=_configure(model),
        on_select="rerun",
        selection_mode="single-row",
    )
    st.caption("Tick a row to see the full answer.")
    rows = table.selection.rows
    return shown[rows[0]][0] if rows and rows[0] < len(shown) else None


def _show_summary(model: ModelSummary, answered: Answered) -> None:
    found = [answer.prediction for _, answer in answered if answer.prediction]
    counts = Counter(one.label for one in found if is_sure(one))
    n_unsure = len(found) - counts.total()
    summary = ", ".join(
        f"{escape_markdown(label)} {count}"
        for label, count in counts.most_common(_MAX_LABELS_COUNTED)
    )
    n_bad = sum(answer.problem is not None for _, answer in answered)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{len(found)} {'picture' if len(found) == 1 else 'pictures'} classified**"
            + (f": {summary}" if summary else "")
            + (f"; unsure {n_unsure}" if n_unsure else "")
            + (f"; {n_bad} could not be read" if n_bad else ""),
            width="stretch",
        )
        st.download_button(
            "Download as CSV",
            _write_csv(model, answered),
            file_name="answers.csv",
            mime="text/csv",
            key="download_csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _write_csv(model: ModelSummary, answered: Answered) -> bytes:
    """Return the same CSV as `python -m cluster_core classify` writes."""
    stream = io.StringIO(newline="")
    write = write_predictions_csv(stream, AnswerSource.of(model))
    for _, answer in answered:
        write(FilePrediction(Path(answer.name), answer.prediction, answer.problem))
    return stream.getvalue().encode("utf-8", "backslashreplace")


def _show_problems(bad: Sequence[PredictionRow]) -> None:
    if not bad:
        return
    one = "1 file could not be read"
    title = one if len(bad) == 1 else f"{len(bad)} files could not be read"
    with st.expander(title, icon=":material/broken_image:", expanded=len(bad) <= 3):  # noqa: PLR2004
        st.markdown("\n".join(f"- {escape_markdown(answer.problem or '')}" for answer in bad))


def _filter(model: ModelSummary, answered: Answered) -> Answered:
    """Draw the filters and the order, and return the answers that match, in that order."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        labels = st.multiselect(
            "Only these classes",
            model.labels,
            key="only_labels",
            placeholder="all classes",
            width=280,
        )
        low, high = st.slider(
            "Score", 0, 100, (0, 100), step=1, format="%d%%", key="only_scores", width=220
        )
        order = st.selectbox(
            "Order", list(_ORDERS), format_func=_ORDERS.__getitem__, key="order", width=180
        )
    left = [
        (picture, answer)
        for picture, answer in answered
        if answer.prediction
        and (not labels or answer.prediction.label in labels)
        and low <= 100 * answer.prediction.score <= high
    ]
    return sorted(left, key=lambda pair: _rank(pair[1], order)) if order != "given" else left


def _rank(answer: PredictionRow, order: str) -> tuple[str, float]:
    assert answer.prediction is not None
    score = answer.prediction.score
    if order == "class":
        return answer.prediction.label, -score
    if order == "name":
        return answer.name.casefold(), -score
    return "", score if order == "unsure" else -score


def _tabulate(model: ModelSummary, answers: Sequence[PredictionRow]) -> dict[str, list[Any]]:
    found = [answer.prediction for answer in answers if answer.prediction]
    columns: dict[str, list[Any]] = {
        "picture": [answer.thumbnail for answer in answers],
        "answer": [one.label if is_sure(one) else f"unsure, perhaps {one.label}" for one in found],
        "sure": [min(_HIGHEST_SHOWN, 100 * one.score) for one in found],
    }
    for number, label in _columns(model):
        columns[f"score {number}"] = [100 * one.scores[label] for one in found]
    columns["file"] = [answer.name for answer in answers]
    return columns


def _columns(model: ModelSummary) -> list[tuple[int, str]]:
    """Return the classes that get a score column; with two classes, one score says it all."""
    return list(enumerate(model.labels[:_COLUMNS_OF_LABELS])) if len(model.labels) > 2 else []  # noqa: PLR2004


def _configure(model: ModelSummary) -> dict[str, Any]:
    config: dict[str, Any] = {
        "picture": st.column_config.ImageColumn("Picture", width=70),
        "file": st.column_config.TextColumn("File", width="medium"),
        "answer": st.column_config.TextColumn("Answer", width="medium"),
        "sure": st.column_config.ProgressColumn(
            "Score", format="%.0f%%", min_value=0, max_value=100, width=120
        ),
    }
    for number, label in _columns(model):
        config[f"score {number}"] = st.column_config.NumberColumn(label, format="%.0f%%")
    return config
