"""The app's pages, in workflow order."""

from __future__ import annotations

from enum import StrEnum

import streamlit as st


class PageFile(StrEnum):
    """A page's file next to main.py, as `st.switch_page` and `st.page_link` expect it."""

    HOME = "home.py"
    DATASET = "dataset.py"
    LABEL = "labelling.py"
    HYPERPARAMETERS = "hyperparameters.py"
    TRAINING = "training.py"
    EVALUATION = "evaluation.py"
    CLASSIFY = "classify.py"
    MODELS = "models.py"


TITLES = {
    PageFile.HOME: ("Home", ":material/home:"),
    PageFile.DATASET: ("Dataset", ":material/photo_library:"),
    PageFile.LABEL: ("Label", ":material/new_label:"),
    PageFile.HYPERPARAMETERS: ("Hyperparameters", ":material/tune:"),
    PageFile.TRAINING: ("Training", ":material/model_training:"),
    PageFile.EVALUATION: ("Evaluation", ":material/fact_check:"),
    PageFile.CLASSIFY: ("Classify", ":material/image_search:"),
    PageFile.MODELS: ("Models", ":material/inventory_2:"),
}


def list_pages() -> list[st.Page]:
    """Return the pages for `st.navigation`."""
    return [
        st.Page(file, title=title, icon=icon, default=file is PageFile.HOME)
        for file, (title, icon) in TITLES.items()
    ]
