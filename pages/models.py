"""The page Models: those there are, what they can do, and which one answers."""

from datetime import datetime

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.model.bundle.library import list_models
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.workspace import Workspace
from pages.components.model_picker import describe_model_accuracy, join_labels
from pages.components.models.model_card import show_card
from pages.components.models.model_upload import show_upload
from pages.components.navigation import PageFile
from pages.components.outcome import show_outcome
from pages.components.selection import Choice, choose, get_known
from pages.components.text import escape_markdown

PER_PAGE = 10


def show_model(model: ModelSummary, is_open: bool) -> None:
    """Draw one model of the list, with its card where it is open."""
    with st.container(border=True, key=f"model_{model.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape_markdown(model.title)}** {name_badges(model)}", width="stretch")
            st.button(
                "Close" if is_open else "Open",
                key=f"open_{model.id}",
                on_click=choose,
                args=(Choice.MODEL, None if is_open else model.id),
            )
        if not model.problem:
            st.markdown(escape_markdown(describe_model_accuracy(model)))
            st.caption(escape_markdown(describe(model)))
        if is_open:
            show_card(model)


def name_badges(model: ModelSummary) -> str:
    """Return the badges beside a model's title, as Markdown."""
    badges = [":blue-badge[:material/star: default]"] if model.is_default else []
    badges += [":red-badge[:material/error: damaged]"] if model.problem else []
    return " ".join(badges)


def describe(model: ModelSummary) -> str:
    """Return where a model comes from, in a line."""
    parts = [f"Tells apart: {join_labels(model)}"]
    if model.created:
        created = datetime.fromisoformat(model.created)
        parts.append(f"trained {created.day} {created:%b %Y}")
    if model.dataset:
        parts.append(f"on {model.dataset}")
    parts.append(f"network {model.architecture}")
    parts.append(f"{max(1, round(model.size_bytes / 1000)):,} kB")
    return " · ".join(parts)


def choose_page(models: tuple[ModelSummary, ...], opened: str | None) -> tuple[ModelSummary, ...]:
    """Return the models of the page that is shown; the opened one stands on the first."""
    if len(models) <= PER_PAGE:
        return models
    ordered = sorted(models, key=lambda model: model.id != opened)
    page = st.pagination(-(-len(models) // PER_PAGE), key="models_page")
    return tuple(ordered[(page - 1) * PER_PAGE : page * PER_PAGE])


st.title("Models")
show_outcome()
if is_allowed(Action.EDIT_MODELS):
    show_upload()
else:
    st.info(
        "This server lets its visitors look at models, use and download them, but not change them.",
        icon=":material/lock:",
    )
all_models = list_models(Workspace.default())
chosen = get_known(
    Choice.MODEL,
    {model.id for model in all_models},
    lambda name: f"There is no model {name} here, perhaps it was deleted.",
)
for one in choose_page(all_models, chosen):
    show_model(one, one.id == chosen)
if len(all_models) == 1:
    st.write("Models you train appear here.")
    if st.button("Train one", key="to_hyperparameters", icon=":material/model_training:"):
        st.switch_page(PageFile.HYPERPARAMETERS)
