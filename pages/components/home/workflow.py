"""The visitor's progress from pictures to a model, and the next step."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from cluster_core.data.catalog import dataset_dir
from cluster_core.data.counter_classes import list_counter_classes
from cluster_core.data.editing.classes import list_classes
from cluster_core.errors import ClusterError
from cluster_core.images import has_image_suffix
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.training.insight.model_accuracy import complete_accuracies
from cluster_core.training.runs import RunState, list_runs
from cluster_core.workspace import Workspace
from pages.components.active_training import find_active_training
from pages.components.navigation import PageFile
from pages.components.outcome import join_with_and
from pages.components.selection import get_active_dataset
from pages.components.text import escape_markdown

MIN_CLASSES = 2


@dataclass(frozen=True)
class Step:
    """One step on the way to a model.

    Attributes
    ----------
    title : str
    sentence : str
        Its current state.
    is_done : bool
    page : PageFile
        The page to do it on.
    action : str
        Label of the button that opens the page.
    """

    title: str
    sentence: str
    is_done: bool
    page: PageFile
    action: str


def find_steps(workspace: Workspace) -> list[Step]:
    """Return the three steps in order, with their state for the active dataset."""
    return [_find_dataset(workspace), _find_training(workspace), _find_model(workspace)]


def show_workflow(workspace: Workspace) -> None:
    """Draw the steps, with a primary button on the next one."""
    steps = find_steps(workspace)
    undone = (step for step in steps if not step.is_done)
    due = next(undone, steps[-1])
    st.subheader("Your progress", anchor=False)
    for column, step in zip(st.columns(len(steps)), steps, strict=True):
        with column, st.container(border=True, height="stretch"):
            icon = ":green[:material/check_circle:]" if step.is_done else ":material/circle:"
            st.markdown(f"{icon} **{step.title}**")
            st.caption(escape_markdown(step.sentence))
            kind: Literal["primary", "secondary"] = "primary" if step is due else "secondary"
            if st.button(step.action, key=f"home_{step.title.lower()}", type=kind):
                st.switch_page(step.page)


def find_default_model(workspace: Workspace) -> ModelSummary | None:
    """Return the model that answers when none is chosen; None if the models cannot be read."""
    with suppress(ClusterError):
        return next(model for model in list_models(workspace) if model.is_default)
    return None


def _find_dataset(workspace: Workspace) -> Step:
    title, page = "Pictures", PageFile.DATASET
    action = "Add pictures"
    try:
        name = get_active_dataset(workspace)
        if name is None:
            return Step(title, "No pictures yet.", False, page, action)
        counts = _count_pictures(workspace, name)
    except ClusterError as error:
        return Step(title, str(error), False, page, "View the dataset")
    n_pictures = sum(counts.values())
    classes = "1 class" if len(counts) == 1 else f"{len(counts)} classes"
    pictures = "1 picture" if n_pictures == 1 else f"{n_pictures:,} pictures"
    sentence = f"{name}: {pictures} in {classes}."
    n_counter = len(list_counter_classes(dataset_dir(workspace, name), counts))
    is_done = len(counts) - n_counter >= MIN_CLASSES and all(counts.values())
    empty = [label for label, count in counts.items() if not count]
    if len(counts) - n_counter >= MIN_CLASSES and n_pictures and empty:
        sentence += f" No pictures of {join_with_and(empty)} yet."
    elif not is_done:
        sentence += " Training needs two classes, with a few dozen pictures each."
    return Step(title, sentence, is_done, page, "View pictures" if is_done else action)


def _count_pictures(workspace: Workspace, name: str) -> dict[str, int]:
    image_dir = dataset_dir(workspace, name)
    counts = {}
    for label in list_classes(image_dir):
        with suppress(OSError):  # deleted since it was listed, for example in another tab
            files = (image_dir / label).iterdir()
            counts[label] = sum(has_image_suffix(path) for path in files if path.name[0] != ".")
    return counts


def _find_training(workspace: Workspace) -> Step:
    title = "Training"
    try:
        runs = list_runs(workspace)
    except ClusterError as error:
        return Step(title, str(error), False, PageFile.TRAINING, "View trainings")
    active = find_active_training(workspace)
    if active is not None:
        is_queued = active.state is RunState.QUEUED
        sentence = "A training is queued." if is_queued else "A training is in progress."
        return Step(title, sentence, False, PageFile.TRAINING, "View progress")
    if any(status.bundle for status in runs):
        last = next(status for status in runs if status.bundle)
        sentence = f"Last training: {last.dataset}."
        return Step(title, sentence, True, PageFile.HYPERPARAMETERS, "Choose settings")
    sentence = "Choose settings and start a training. It takes seconds."
    return Step(title, sentence, False, PageFile.HYPERPARAMETERS, "Choose settings")


def _find_model(workspace: Workspace) -> Step:
    title, page = "Model", PageFile.CLASSIFY
    try:
        model = next(model for model in list_models(workspace) if model.is_default)
    except ClusterError as error:
        return Step(title, str(error), False, PageFile.MODELS, "View models")
    if model.id == STARTER_ID:
        sentence = "The starter model labels pictures until you train your own."
    else:
        (model,) = complete_accuracies(workspace, [model])
        sentence = f"{model.title}. {model.accuracy_sentence}"
    return Step(title, sentence, model.id != STARTER_ID, page, "Classify pictures")
