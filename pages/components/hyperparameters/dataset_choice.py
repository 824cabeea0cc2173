"""The choice of the dataset to learn from."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cluster_core.data.catalog import choose_default, dataset_dir, list_datasets
from cluster_core.workspace import Workspace
from pages.components.navigation import PageFile
from pages.components.selection import Choice, choose, get_chosen, get_known


def is_chosen_missing(workspace: Workspace) -> bool:
    """Return whether the chosen dataset does not exist, which `choose_dataset` reports once."""
    chosen = get_chosen(Choice.DATASET)
    return chosen is not None and chosen not in list_datasets(workspace)


def choose_dataset(workspace: Workspace) -> Path | None:
    """Draw the choice of a dataset and return its folder, or None if there are no datasets."""
    names = list_datasets(workspace)
    chosen = get_known(
        Choice.DATASET,
        names,
        lambda name: f'There is no dataset "{name}". It may have been deleted.',
    )
    chosen = chosen or choose_default(workspace)
    if chosen is None:
        st.info(
            "There are no pictures to learn from yet. Add a few dozen per class first.",
            icon=":material/photo_library:",
        )
        _link_to_dataset("Add pictures")
        return None
    choose(Choice.DATASET, chosen)
    st.session_state["hyperparameters_dataset"] = chosen
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Dataset",
            names,
            key="hyperparameters_dataset",
            help="The pictures to learn from.",
            on_change=lambda: choose(Choice.DATASET, st.session_state["hyperparameters_dataset"]),
            width=320,
        )
        _link_to_dataset("View pictures")
    return dataset_dir(workspace, chosen)


def _link_to_dataset(label: str) -> None:
    if st.button(label, key="to_dataset", icon=":material/photo_library:"):
        st.switch_page(PageFile.DATASET)
