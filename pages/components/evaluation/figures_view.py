"""A closer look at an evaluation: figures of each class, curves, calibration and unsure answers."""

from __future__ import annotations

from enum import StrEnum

import streamlit as st

from cluster_core.evaluation.calibration import MIN_PICTURES, Calibration, measure_calibration
from cluster_core.evaluation.cross_validation import CrossValidation
from cluster_core.evaluation.curves import compute_precision_recall, compute_roc
from cluster_core.evaluation.figures import (
    compute_balanced_accuracy,
    compute_class_figures,
    compute_confusion,
    compute_matthews,
)
from cluster_core.evaluation.report.plots import list_classes_drawn
from cluster_core.evaluation.scored_pictures import ScoredPictures
from cluster_core.evaluation.words import describe_forecast
from cluster_core.model.bundle.accuracy import format_share
from pages.components.evaluation.plots import (
    draw_curves,
    draw_learning_curve,
    draw_reliability,
)
from pages.components.evaluation.unsure_slider import show_unsure
from pages.components.text import escape_markdown

PLOT_PX = 460


class View(StrEnum):
    """Parts of the closer look; the values are shown."""

    MORE = "More pictures"
    FIGURES = "Figures"
    ROC = "Found or missed"
    PRECISION = "Precision and recall"
    SCORES = "Scores"
    UNSURE = "Unsure answers"


def show_figures(
    scored: ScoredPictures, validated: CrossValidation | None, model_id: str | None, key: str
) -> None:
    """Draw the choice of a part, and the chosen part.

    Parameters
    ----------
    scored : ScoredPictures
        The pictures to look at.
    validated : CrossValidation or None
        Has the learning curve.
    model_id : str or None
        The model whose limit for unsure answers can be set; None if it was deleted.
    key : str
        Prefix of the keys of all widgets.
    """
    absent = {View.MORE} if validated is None else set()
    absent |= {View.UNSURE} if model_id is None else set()
    views = [view for view in View if view not in absent]
    chosen = st.segmented_control(
        "What to look at", views, key=f"{key}_view", default=views[0], label_visibility="collapsed"
    )
    view = chosen or views[0]
    if view is View.MORE and validated is not None:
        _show_learning_curve(validated, key)
    elif view is View.FIGURES:
        _show_table(scored, key)
    elif view is View.ROC:
        _show_roc(scored, key)
    elif view is View.PRECISION:
        _show_precision(scored, key)
    elif view is View.SCORES:
        _show_scores(scored, key)
    elif model_id is not None:
        is_validated = validated is not None and scored is validated.pictures
        show_unsure(scored, model_id, key, is_validated=is_validated)


def _show_learning_curve(validated: CrossValidation, key: str) -> None:
    st.markdown(describe_forecast(validated))
    if validated.curve.points:
        st.vega_lite_chart(
            spec=draw_learning_curve(validated.curve, validated.n_in_dataset),
            width=PLOT_PX,
            key=f"{key}_learning_curve",
        )
        st.caption(
            "Cross-validated accuracy after learning from a part of the pictures. The forecast is "
            "a power law through the points: an estimate, not a promise. The dots on it are "
            "today's number of pictures and twice as many."
        )


def _show_table(scored: ScoredPictures, key: str) -> None:
    confusion = compute_confusion(scored)
    balanced, matthews = compute_balanced_accuracy(confusion), compute_matthews(confusion)
    figures = compute_class_figures(confusion, scored.labels)
    st.dataframe(
        {
            "Class": [one.label for one in figures],
            "Precision": [format_share(one.precision) for one in figures],
            "Recall": [format_share(one.recall) for one in figures],
            "F1": [format_share(one.f1) for one in figures],
            "Pictures": [one.support for one in figures],
        },
        hide_index=True,
        width="content",
        key=f"{key}_figures",
    )
    st.markdown(
        f"Balanced accuracy **{format_share(balanced)}** · Matthews correlation "
        f"**{'-' if matthews is None else f'{matthews:.2f}'}**"
    )
    st.caption(
        "Precision: how many of the answers are right. Recall: how many of the class are found. "
        "F1: both in one number. Balanced accuracy counts every class equally. Matthews "
        "correlation: 0 is guessing, 1 is perfect. A dash: cannot be computed."
    )


def _show_roc(scored: ScoredPictures, key: str) -> None:
    numbers = list_classes_drawn(scored)
    # Of two classes, the curve of the other one mirrors this one.
    numbers = numbers[:1] if len(scored.labels) == 2 else numbers  # noqa: PLR2004
    curves = list(filter(None, (compute_roc(scored, number) for number in numbers)))
    if not curves:
        st.info("There is nothing to draw: at least two classes need pictures here.")
        return
    titles = ("other pictures called this class", "pictures of the class found")
    spec = draw_curves(curves, *titles, diagonal=True)
    st.vega_lite_chart(spec=spec, width=PLOT_PX, key=f"{key}_roc")
    st.caption(
        "The ROC curve. Further up and left is better. Area 1 is perfect; 0.5, the dashed line, is "
        "guessing."
    )


def _show_precision(scored: ScoredPictures, key: str) -> None:
    numbers = list_classes_drawn(scored)
    curves = list(filter(None, (compute_precision_recall(scored, one) for one in numbers)))
    spec = draw_curves(curves, "recall", "precision", diagonal=False)
    st.vega_lite_chart(spec=spec, width=PLOT_PX, key=f"{key}_precision_recall")
    st.caption(
        "As more pictures of a class are found (recall), fewer of the answers are right "
        "(precision). Further up and right is better; area 1 is perfect."
    )


def _show_scores(scored: ScoredPictures, key: str) -> None:
    kinds: list[tuple[str, Calibration]] = []
    for name, scores in (("before scaling", scored.raw_scores), ("as shown", scored.scores)):
        found = None if scores is None else measure_calibration(scores, scored.classes)
        if found is not None:
            kinds.append((name, found))
    if not kinds:
        st.info(
            f"{len(scored)} pictures are too few to judge scores: it takes {MIN_PICTURES}. Keep "
            "more test pictures, or test the model on another dataset below."
        )
        return
    name, shown = kinds[-1]
    st.markdown(
        f"On average, score and accuracy differ by **{format_share(shown.expected_error)}**."
    )
    st.vega_lite_chart(spec=draw_reliability(kinds), width=PLOT_PX, key=f"{key}_reliability")
    figures = ", ".join(
        f"{escape_markdown(name)} {format_share(one.expected_error)} and {one.brier:.3f}"
        for name, one in kinds
    )
    st.caption(
        "On the dashed line, scores can be taken at their word: 80% of the answers with a score "
        "of 80% are right. Above it, scores are too low, below it too high. The bars are 95% "
        f"intervals. Expected calibration error and Brier score (0 is perfect): {figures}."
    )
