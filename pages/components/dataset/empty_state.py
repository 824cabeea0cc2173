"""What the Dataset page shows while a dataset has no pictures."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cluster_core.sky import DEMO_CLASSES
from pages.components.demo_dataset import CLASSES, start_rendering
from pages.components.outcome import Outcome, attempt

_COUNTS = (20, 40, 100, 300)


def show_empty_state(image_dir: Path) -> None:
    """Draw the introduction and the simulated sky; the caller draws the upload form below.

    Parameters
    ----------
    image_dir : Path
        Where the simulated pictures go.
    """
    st.markdown(
        "This dataset has no pictures yet. Training needs at least two **classes** (the labels "
        "that a model chooses from) with a few dozen pictures each. Add your own pictures below, "
        "or start with simulated ones:"
    )
    with st.container(border=True, key="sky_card"):
        st.markdown("**:material/auto_awesome: Use a simulated sky**")
        st.caption(
            "Cluster Lab simulates star clusters, nebulae and galaxies as a telescope shows them."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            labels = st.multiselect(
                "Classes", list(DEMO_CLASSES), default=CLASSES, key="sky_classes", width=420
            )
            per_class = st.selectbox(
                "Pictures per class", _COUNTS, index=1, key="sky_count", width=160
            )
            st.button(
                "Create pictures",
                key="render_sky",
                type="primary",
                icon=":material/brush:",
                on_click=attempt,
                args=(lambda: _start(image_dir, labels, per_class),),
            )


def _start(image_dir: Path, labels: list[str], per_class: int) -> Outcome | None:
    if len(labels) < 2:  # noqa: PLR2004
        return Outcome("Choose at least two classes: a model needs a choice between labels.", False)
    start_rendering(image_dir, labels, per_class)
    return None
