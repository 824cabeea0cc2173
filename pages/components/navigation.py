"""The app's pages, in workflow order."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import streamlit as st

from cluster_core.access import Access, Action


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


# What a person must be allowed to do to see a page.
_NEEDED = {
    PageFile.HOME: Action.VIEW_DATASETS,
    PageFile.DATASET: Action.VIEW_DATASETS,
    PageFile.LABEL: Action.LABEL_QUEUES,
    PageFile.HYPERPARAMETERS: Action.VIEW_TRAININGS,
    PageFile.TRAINING: Action.VIEW_TRAININGS,
    PageFile.EVALUATION: Action.EVALUATE,
    PageFile.CLASSIFY: Action.CLASSIFY,
    PageFile.MODELS: Action.VIEW_MODELS,
}


def list_pages(
    access: Access,
    show_front_door: Callable[[], None],
    show_visitor_home: Callable[[], None] | None = None,
) -> list[st.Page]:
    """Return the pages for `st.navigation`.

    Parameters
    ----------
    access : Access
        Who sees them. Home leads those who may not see it to the first page that they may see.
    show_front_door : callable
        Drawn instead of every page that they may not see.
    show_visitor_home : callable, optional
        Drawn instead of Home for a visitor who is offered a workspace.
    """
    seen = [file for file in TITLES if access.allows(_NEEDED[file])]

    def lead_on() -> None:
        if seen:
            st.switch_page(seen[0])
        show_front_door()

    pages = []
    for file, (title, icon) in TITLES.items():
        is_home = file is PageFile.HOME
        if is_home and show_visitor_home:
            pages.append(st.Page(show_visitor_home, title=title, icon=icon, default=True))
        elif file in seen:
            pages.append(st.Page(file, title=title, icon=icon, default=is_home))
        else:
            hidden = st.Page(
                lead_on if is_home else show_front_door,
                title="Cluster Lab",
                url_path=file.removesuffix(".py"),
                default=is_home,
                visibility="hidden",
            )
            pages.append(hidden)
    return pages
