"""How to begin where a dataset has no pictures yet."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cluster_core.sky import DEMO_CLASSES
from pages.components.demo_dataset import CLASSES, start_rendering
from pages.components.outcome import Outcome, attempt

_COUNTS = (20, 40, 100, 300)


def show_empty_state(image_dir: Path) -> None:
    """Draw the ways to begin; own pictures can be added right below."""
    st.markdown(
        "This dataset has no pictures yet. It takes two or more **classes**, which are the "
        "answers the computer is to choose from, and a few dozen pictures of each. Add your own "
        "below (one by one, a folder, or a .zip), or begin without any:"
    )
    with st.container(border=True, key="sky_card"):
        st.markdown("**:material/auto_awesome: Try it with a simulated sky**")
        st.caption("This program draws star clusters, nebulae and galaxies as a telescope does.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            labels = st.multiselect(
                "Classes", list(DEMO_CLASSES), default=CLASSES, key="sky_classes", width=420
            )
            per_class = st.selectbox(
                "Pictures of each", _COUNTS, index=1, key="sky_count", width=160
            )
            st.button(
                "Draw them",
                key="render_sky",
                type="primary",
                icon=":material/brush:",
                on_click=attempt,
                args=(lambda: _begin(image_dir, labels, per_class),),
            )


def _begin(image_dir: Path, labels: list[str], per_class: int) -> Outcome | None:
    if len(labels) < 2:  # noqa: PLR2004
        return Outcome(
            "Choose two classes or more: with one there is nothing to tell apart.", False
        )
    start_rendering(image_dir, labels, per_class)
    return None
