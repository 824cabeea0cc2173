"""The Models page: list, compare, add, rename, delete and choose models."""

from datetime import datetime

import streamlit as st

from cluster_core.access import Action
from cluster_core.model.bundle.accuracy import ACCURACY_HELP
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.publishing.store import list_published
from cluster_core.training.insight.model_accuracy import complete_accuracies
from cluster_core.workspace import DATASET_SUFFIX
from pages.components.active_training import show_way_to_a_model
from pages.components.model_picker import join_labels
from pages.components.models.api_keys import show_api_keys
from pages.components.models.model_card import show_card
from pages.components.models.model_upload import show_upload
from pages.components.models.publish_dialog import end_publishing
from pages.components.models.publishing import show_gallery_link
from pages.components.offered_models import list_offered
from pages.components.outcome import show_outcome
from pages.components.selection import Choice, choose, get_known
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown
from pages.components.words import name_network

PER_PAGE = 10


def show_model(model: ModelSummary, is_open: bool, is_published: bool) -> None:
    """Draw one model of the list, with its details if it is open."""
    with st.container(border=True, key=f"model_{model.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{escape_markdown(model.title)}** {format_badges(model, is_published)}",
                width="stretch",
            )
            st.button(
                "Close" if is_open else "Open",
                key=f"open_{model.id}",
                on_click=choose,
                args=(Choice.MODEL, None if is_open else model.id),
            )
        if not model.problem:
            st.markdown(model.accuracy_sentence, help=ACCURACY_HELP if model.accuracy else None)
            st.caption(escape_markdown(describe(model)))
        elif not is_open:
            st.caption(escape_markdown(model.problem))
        if model.lacks_network and not is_open:
            st.caption("It cannot be used yet: open it to get its network.")
        if is_open:
            show_card(model)


def format_badges(model: ModelSummary, is_published: bool) -> str:
    """Return the badges next to a model's title, as Markdown."""
    badges = [":blue-badge[:material/star: default]"] if model.is_default else []
    badges += [":green-badge[:material/public: published]"] if is_published else []
    badges += [":red-badge[:material/error: damaged]"] if model.problem else []
    if model.lacks_network:
        badges += [":orange-badge[:material/extension_off: needs its network]"]
    return " ".join(badges)


def describe(model: ModelSummary) -> str:
    """Return a model's classes, origin, network and size in one line."""
    parts = [f"Classes: {join_labels(model)}"]
    origin = "trained"
    if model.created:
        created = datetime.fromisoformat(model.created)
        origin += f" {created.day} {created:%b %Y}"
    if model.dataset:
        origin += f" on {model.dataset.removesuffix(DATASET_SUFFIX)}"
    if model.created or model.dataset:
        parts.append(origin)
    parts.append(f"network {name_network(model.architecture)}")
    parts.append(f"{max(1, round(model.size_bytes / 1000)):,}\u00a0kB")
    return " · ".join(parts)


def choose_page(models: tuple[ModelSummary, ...], opened: str | None) -> tuple[ModelSummary, ...]:
    """Draw the page numbers, and return the models of the selected page.

    An opened model moves to the first page, so that a link to it shows it.
    """
    if len(models) <= PER_PAGE:
        return models
    ordered = sorted(models, key=lambda model: model.id != opened)
    page = st.pagination(-(-len(models) // PER_PAGE), key="models_page")
    return tuple(ordered[(page - 1) * PER_PAGE : page * PER_PAGE])


st.title("Models")
end_publishing()
show_outcome()
access = get_access()
if access.allows(Action.IMPORT_MODELS):
    show_upload()
all_models = complete_accuracies(get_workspace(), list_models(get_workspace()))
chosen = get_known(
    Choice.MODEL,
    {model.id for model in list_offered()},
    lambda name: f'There is no model "{name}". It may have been deleted.',
)
if access.allows(Action.PUBLISH):
    show_gallery_link(all_models)
published = {page.model_id for page in list_published(get_workspace())}
for listed in choose_page(all_models, chosen):
    show_model(listed, listed.id == chosen, listed.id in published)
if access.allows(Action.MANAGE_KEYS):
    show_api_keys()
if len(all_models) == 1:
    st.write("Models that you train appear here.")
    show_way_to_a_model(get_workspace(), "Train a model", "model_training")
