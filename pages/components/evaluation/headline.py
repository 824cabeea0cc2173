"""The headline of an evaluation: the cross-validation, then the test."""

from __future__ import annotations

import streamlit as st

from cluster_core.data.index import Progress
from cluster_core.evaluation.model_evaluation import ModelEvaluation
from cluster_core.evaluation.scores import Metrics
from cluster_core.evaluation.words import (
    CROSS_VALIDATION_OR_TEST,
    NO_TEST_PICTURES,
    describe_forecast,
    describe_test,
    describe_weakest_class,
    explain_cross_validation,
)
from cluster_core.model.bundle.accuracy import describe_accuracy
from cluster_core.training.insight.run_evaluation import evaluate_run
from cluster_core.workspace import Workspace
from pages.components.long_work import Work, is_working, start_work
from pages.components.outcome import Outcome
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

_NO_TEST = (
    f"{NO_TEST_PICTURES} To have a test, raise Test pictures on the Hyperparameters page and train "
    "again."
)
_STOPPED = "Stopped. Click Cross-validate to continue; what was computed so far is kept."


def show_headline(
    workspace: Workspace,
    run_id: str,
    evaluation: ModelEvaluation | None,
    metrics: Metrics | None,
    *,
    has_model: bool,
) -> None:
    """Draw the accuracy on all pictures if it is known, and that of the test.

    Parameters
    ----------
    workspace : Workspace
    run_id : str
    evaluation : ModelEvaluation or None
        None for a run of a version without cross-validation; then a button measures it.
    metrics : Metrics or None
        The test; None without one.
    has_model : bool
        Whether the model is still there: without it, nothing more can be measured.
    """
    validated = evaluation.cross_validation if evaluation else None
    tested = describe_test(metrics) if metrics and metrics.n else _NO_TEST
    if validated is None:
        if metrics and metrics.n:
            st.markdown(f"#### {tested}")
        else:
            st.info(f"{tested} The accuracy is unknown.", icon=":material/help:")
        if evaluation is not None:
            st.caption(f"Not cross-validated: {escape_markdown(evaluation.problem)}")
        elif has_model:
            _show_button(workspace, run_id)
        return
    st.markdown(
        f"#### {describe_accuracy(validated.summary)}",
        help=f"{explain_cross_validation(validated)} The quick layers learn from fewer "
        "pictures than the model, which tends to be slightly better.",
    )
    forecast = describe_forecast(validated)
    weakest = describe_weakest_class(validated.pictures.metrics)
    st.markdown(
        f"- {escape_markdown(weakest)}\n"
        f"- {forecast}\n"
        f"- {'Test pictures: ' if metrics and metrics.n else ''}{tested}"
        + (f" {CROSS_VALIDATION_OR_TEST}" if metrics and metrics.n else "")
    )


def _show_button(workspace: Workspace, run_id: str) -> None:
    def resume(on_progress: Progress) -> Outcome:
        validated = evaluate_run(get_access(), workspace, run_id, on_progress).cross_validation
        if validated is None:
            return Outcome("These pictures cannot be cross-validated.", is_good=False)
        return Outcome(f"Cross-validated {len(validated.pictures):,} pictures.")

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Cross-validate",
            key="cross_validate",
            icon=":material/autorenew:",
            disabled=is_working(),
            on_click=start_work,
            args=(Work("Cross-validating", resume, lambda: Outcome(_STOPPED, is_good=False)),),
        )
        st.caption("Measures the accuracy on all pictures of the dataset, not only on the test's.")
