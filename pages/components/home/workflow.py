"""Where somebody stands on the way from pictures to a model, and what comes next."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.data.catalog import dataset_dir
from cluster_core.data.editing.changes import list_classes
from cluster_core.errors import ClusterError
from cluster_core.images import has_image_suffix
from cluster_core.model.bundle.library import list_models
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.training.runs import RunState, list_runs
from cluster_core.workspace import Workspace
from pages.components.navigation import PageFile
from pages.components.outcome import join_with_and
from pages.components.selection import get_active_dataset
from pages.components.text import escape_markdown
from pages.components.words import describe_accuracy

ENOUGH_CLASSES = 2


@dataclass(frozen=True)
class Step:
    """One step of the way.

    Attributes
    ----------
    title, sentence : str
        What it is, and how it stands.
    is_done : bool
    page : PageFile
        Where it is done.
    action : str
        What the button says that leads there.
    """

    title: str
    sentence: str
    is_done: bool
    page: PageFile
    action: str


def find_steps(workspace: Workspace) -> list[Step]:
    """Return the steps in order, each as it stands for the dataset that is worked on."""
    return [_find_dataset(workspace), _find_training(workspace), _find_model(workspace)]


def show_workflow(workspace: Workspace) -> None:
    """Draw the steps, and a button for the first that is not done and may be."""
    steps = find_steps(workspace)
    undone = (step for step in steps if not step.is_done)
    due = next(undone, steps[-1]) if is_allowed(Action.TRAIN) else steps[-1]
    st.subheader("Where you stand", anchor=False)
    for column, step in zip(st.columns(len(steps)), steps, strict=True):
        with column, st.container(border=True, height="stretch"):
            icon = ":green[:material/check_circle:]" if step.is_done else ":material/circle:"
            st.markdown(f"{icon} **{step.title}**")
            st.caption(escape_markdown(step.sentence))
            kind: Literal["primary", "secondary"] = "primary" if step is due else "secondary"
            if st.button(step.action, key=f"home_{step.title.lower()}", type=kind):
                st.switch_page(step.page)


def _find_dataset(workspace: Workspace) -> Step:
    title, page = "Pictures", PageFile.DATASET
    way_to_more = "Add pictures" if is_allowed(Action.EDIT_DATASETS) else "See the dataset"
    try:
        name = get_active_dataset(workspace)
        if name is None:
            return Step(title, "There are none yet.", False, page, way_to_more)
        counts = _count_pictures(workspace, name)
    except ClusterError as error:
        return Step(title, str(error), False, page, "See the dataset")
    n_pictures = sum(counts.values())
    classes = "1 class" if len(counts) == 1 else f"{len(counts)} classes"
    sentence = f"{name}: {n_pictures:,} in {classes}."
    is_done = len(counts) >= ENOUGH_CLASSES and all(counts.values())
    empty = [label for label, count in counts.items() if not count]
    if len(counts) >= ENOUGH_CLASSES and n_pictures and empty:
        sentence += f" There are none of {join_with_and(empty)} yet."
    elif not is_done:
        sentence += " It takes two classes, with a few dozen pictures each."
    return Step(title, sentence, is_done, page, "See them" if is_done else way_to_more)


def _count_pictures(workspace: Workspace, name: str) -> dict[str, int]:
    image_dir = dataset_dir(workspace, name)
    counts = {}
    for label in list_classes(image_dir):
        with suppress(OSError):  # deleted since it was listed, perhaps in another tab
            files = (image_dir / label).iterdir()
            counts[label] = sum(has_image_suffix(path) for path in files if path.name[0] != ".")
    return counts


def _find_training(workspace: Workspace) -> Step:
    title = "Training"
    try:
        runs = list_runs(workspace)
    except ClusterError as error:
        return Step(title, str(error), False, PageFile.TRAINING, "See the trainings")
    going_on = next((status for status in runs if not status.state.is_over), None)
    if going_on is not None:
        word = "waits" if going_on.state is RunState.QUEUED else "is going on"
        return Step(title, f"One {word}.", False, PageFile.TRAINING, "Watch it")
    if any(status.bundle for status in runs):
        last = next(status for status in runs if status.bundle)
        sentence = f"The last one was on {last.dataset}."
        if not is_allowed(Action.TRAIN):
            return Step(title, sentence, True, PageFile.TRAINING, "See how it went")
        return Step(title, sentence, True, PageFile.HYPERPARAMETERS, "Train again")
    page = PageFile.HYPERPARAMETERS
    if not is_allowed(Action.TRAIN):
        sentence = "Not on this server: install Cluster Lab on your computer."
        return Step(title, sentence, False, page, "See the settings")
    sentence = "Choose the settings, then let it learn: it takes seconds."
    return Step(title, sentence, False, page, "Choose settings")


def _find_model(workspace: Workspace) -> Step:
    title, page = "Model", PageFile.CLASSIFY
    try:
        model = next(model for model in list_models(workspace) if model.is_default)
    except ClusterError as error:
        return Step(title, str(error), False, PageFile.MODELS, "See the models")
    if model.id == STARTER_ID:
        sentence = "The starter model answers until you have one of your own."
    else:
        sentence = f"{model.title}: {describe_accuracy(model.n_right, model.n_test)}"
    return Step(title, sentence, model.id != STARTER_ID, page, "Label pictures")
