"""The details of one model: its data, accuracy, settings and actions."""

from __future__ import annotations

import streamlit as st

from cluster_core.access import Action
from cluster_core.data.editing.inspection import clean_file_name
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.archive import export_model, find_portable_network
from cluster_core.model.bundle.card import ModelCard, load_card
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.model.bundle.summaries import MAX_TITLE_LENGTH, ModelSummary
from pages.components.missing_network import show_missing_network
from pages.components.models.api_examples import show_examples
from pages.components.models.exporting import show_exporting
from pages.components.models.model_actions import delete, make_default, rename
from pages.components.models.publishing import show_publishing
from pages.components.navigation import PageFile
from pages.components.selection import Choice, choose
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown
from pages.components.words import name_network

_MAX_CLASSES_SHOWN = 12
# Larger networks are in the file only on request.
_MAX_USUAL_MB = 25


def show_card(model: ModelSummary) -> None:
    """Draw a model's details and the actions on it."""
    if model.problem:
        st.error(escape_markdown(model.problem), icon=":material/error:")
        _show_delete(model)
        return
    try:
        card = load_card(get_workspace(), model.id)
    except ClusterError as error:  # damaged or deleted since it was listed
        st.error(escape_markdown(str(error)), icon=":material/error:")
        _show_delete(model)
        return
    if model.lacks_network:
        show_missing_network(model, get_workspace())
    else:
        _show_actions(model)
    show_download(model)
    access = get_access()
    if access.allows(Action.PUBLISH):
        show_publishing(model)
    if model.is_usable and access.allows(Action.EXPORT_MODELS):
        show_exporting(model)
        show_examples(model)
    _show_facts(model, card)
    if model.id != STARTER_ID:
        _show_rename(model)
    _show_delete(model)


def _show_actions(model: ModelSummary) -> None:
    with st.container(horizontal=True):
        if st.button(
            "Classify with this model",
            key="classify_with",
            type="primary",
            icon=":material/image_search:",
        ):
            choose(Choice.MODEL, model.id)
            st.switch_page(PageFile.CLASSIFY)
        may_evaluate = get_access().allows(Action.EVALUATE)
        if (may_evaluate and model.id != STARTER_ID) and st.button(
            "Evaluation", key="evaluate", icon=":material/fact_check:"
        ):
            choose(Choice.MODEL, model.id)
            choose(Choice.RUN, None)  # the run that trained this model, not the one viewed last
            st.switch_page(PageFile.EVALUATION)
        st.button(
            "Make default",
            key="make_default",
            icon=":material/star:",
            disabled=model.is_default,
            on_click=make_default,
            args=(model,),
        )


def show_download(model: ModelSummary) -> None:
    """Draw the button that downloads a model, and whether to add its network."""
    workspace = get_workspace()  # the button's function runs where no page does
    network = find_portable_network(workspace, model.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        with_network = False
        download = st.container(width="content")
        if network is not None:
            megabytes = network.litert_path.stat().st_size / 1e6
            with_network = st.checkbox(
                f"With its network, {escape_markdown(name_network(network.name))} "
                f"({megabytes:.0f} MB)",
                value=megabytes < _MAX_USUAL_MB,
                key=f"with_network_{model.id}",
                help="A computer without a connection, or that never used this network, can then "
                "use the model.",
                width="content",
            )
        with download:
            st.download_button(
                "Download the model",
                lambda: export_model(workspace, model.id, with_network=with_network),
                file_name=f"{clean_file_name(model.title.replace('/', '_'))}.zip",
                mime="application/zip",
                key="download",
                icon=":material/download:",
                on_click="ignore",
            )


def _show_facts(model: ModelSummary, card: ModelCard) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        if card.counts:
            st.markdown("**Pictures in its dataset**")
            shown = list(card.counts.items())[:_MAX_CLASSES_SHOWN]
            lines = [f"- {escape_markdown(label)}: {count:,}" for label, count in shown]
            st.markdown("\n".join(lines))
        st.caption(
            f"Input size: {card.input_size_px} × {card.input_size_px} px"
            + (", turned and mirrored in all eight ways." if card.uses_sky_views else ".")
        )
    with right:
        if card.confusion and len(model.labels) <= _MAX_CLASSES_SHOWN:
            st.markdown("**Test pictures: class in rows, the model's answer in columns**")
            _show_confusion(model.labels, card)
    if card.settings:
        with st.expander("Training settings", icon=":material/tune:"):
            st.dataframe(
                {"Setting": list(card.settings), "Value": list(card.settings.values())},
                hide_index=True,
                key="settings",
            )


def _show_confusion(labels: tuple[str, ...], card: ModelCard) -> None:
    columns: dict[str, list[object]] = {"is": list(labels)}
    config = {"is": st.column_config.TextColumn("")}
    for number, label in enumerate(labels):
        columns[f"called {number}"] = [row[number] for row in card.confusion]
        config[f"called {number}"] = st.column_config.NumberColumn(label)
    st.dataframe(columns, column_config=config, hide_index=True, key="confusion")


def _show_rename(model: ModelSummary) -> None:
    shown = st.session_state.get("models card")
    if shown != (model.id, model.title) or "title" not in st.session_state:
        st.session_state["models card"] = (model.id, model.title)
        st.session_state["title"] = model.title
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input("Name", max_chars=MAX_TITLE_LENGTH, key="title", width=420)
        st.button(
            "Rename",
            key="rename",
            icon=":material/edit:",
            on_click=rename,
            args=(model, title),
        )


def _show_delete(model: ModelSummary) -> None:
    if model.id == STARTER_ID:
        st.caption("The starter model cannot be renamed or deleted.")
        return
    st.button(
        "Delete",
        key="delete",
        icon=":material/delete:",
        on_click=delete,
        args=(model,),
    )
