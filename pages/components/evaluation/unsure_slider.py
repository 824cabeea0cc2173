"""The slider for the score below which answers are unsure, with what it buys."""

from __future__ import annotations

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.evaluation.coverage import compute_coverage
from cluster_core.evaluation.scored_pictures import ScoredPictures
from cluster_core.evaluation.words import describe_coverage
from cluster_core.model.bundle.accuracy import format_share
from cluster_core.model.bundle.collection import set_unsure_below
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import STARTER_ID, model_dir
from cluster_core.workspace import Workspace
from pages.components.evaluation.plots import draw_coverage
from pages.components.outcome import Outcome, attempt
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown

_PLOT_PX = 460
_VALIDATED = (
    "Based on the scores of the cross-validation, by quick last layers: this model's own scores "
    "may be somewhat higher or lower."
)
_OWN = "Based on this model's scores of these pictures."
_REJECTED = 'That it answers some pictures "none of these" is not taken into account.'


def show_unsure(scored: ScoredPictures, model_id: str, key: str, *, is_validated: bool) -> None:
    """Draw the slider, the coverage and accuracy it gives, and the button that keeps it.

    Parameters
    ----------
    scored : ScoredPictures
        The pictures that coverage and accuracy are counted on.
    model_id : str
        The model.
    key : str
        Prefix of the keys of all widgets.
    is_validated : bool
        Whether the scores are from a cross-validation, not from the model.
    """
    slider = f"{key}_unsure_{model_id}"
    workspace = get_workspace()
    try:
        kept = load_bundle(model_dir(workspace, model_id)).unsure_below
    except ClusterError as error:
        st.info(escape_markdown(str(error)))
        return
    st.session_state.setdefault(slider, round(100 * kept))
    percent = st.slider(
        "Unsure below",
        0,
        100,
        format="%d%%",
        key=slider,
        help="Answers with a lower score are called unsure. Higher: fewer answers, and more of "
        "them right.",
        width=_PLOT_PX,
    )
    value = percent / 100
    coverage = compute_coverage(scored.best_scores, scored.is_right, value)
    st.markdown(describe_coverage(coverage))
    st.caption(f"{_VALIDATED if is_validated else _OWN} {_REJECTED}")
    st.vega_lite_chart(spec=draw_coverage(scored, value), width=_PLOT_PX, key=f"{key}_coverage")
    if model_id == STARTER_ID:
        return
    st.button(
        f"Keep {percent}% for this model",
        key=f"{key}_keep_unsure",
        icon=":material/save:",
        disabled=percent == round(100 * kept),
        on_click=_keep,
        args=(workspace, model_id, value, kept, slider),
    )


def _keep(workspace: Workspace, model_id: str, value: float, before: float, slider: str) -> None:
    def undo() -> Outcome:
        set_unsure_below(get_access(), workspace, model_id, before)
        st.session_state[slider] = round(100 * before)
        return Outcome(f"Answers of this model are unsure below {format_share(before)} again.")

    def keep() -> Outcome:
        set_unsure_below(get_access(), workspace, model_id, value)
        return Outcome(
            f"Answers of this model below {format_share(value)} are now unsure.", undo=undo
        )

    attempt(keep)
