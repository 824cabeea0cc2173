"""Dialogs that publish a model, update its page, and unpublish it."""

from __future__ import annotations

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.model.bundle.summaries import MAX_TITLE_LENGTH, ModelSummary
from cluster_core.model.export.web.page_text import MAX_DESCRIPTION_LENGTH, PageText
from cluster_core.publishing.aliases import MAX_ALIAS_LENGTH, is_alias, make_alias
from cluster_core.publishing.records import PublishedModel
from cluster_core.publishing.store import (
    find_published,
    publish,
    republish,
    unpublish,
)
from cluster_core.publishing.suggestions import suggest_alias, suggest_title
from cluster_core.storage.safe_moves import explaining_disk_errors
from pages.components.dialogs import close_dialog, confirm, open_dialog
from pages.components.models.publish_examples import choose_examples, forget_picked, save_chosen
from pages.components.models.published_links import make_link
from pages.components.outcome import Outcome, make_deletion_outcome, set_outcome
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown

PUBLISH, UPDATE, UNPUBLISH = "publish", "update page", "unpublish"
# Which page the last run warned of, and the outcome once a page is published.
_WARNED, _ENDED = "publish_warned", "publish_ended"


def start_dialog(name: str, published: PublishedModel | None = None) -> None:
    """Open one of the dialogs, with the texts of a published page filled in."""
    forget_picked()
    for key in [key for key in st.session_state if str(key).startswith("publish_")]:
        del st.session_state[key]
    if published:
        st.session_state["publish_title"] = published.title
        st.session_state["publish_description"] = published.description
        st.session_state["publish_link"] = published.link
    open_dialog(name if published is None else f"{name} {published.alias}")


def end_publishing() -> None:
    """Close the dialog that has published a page, and show its outcome."""
    if ended := st.session_state.get(_ENDED):
        set_outcome(ended[0])
        close_dialog()
        del st.session_state[_ENDED]


@st.dialog("Publish this model", width="medium", icon=":material/public:", on_dismiss=close_dialog)
def ask_to_publish(model: ModelSummary) -> None:
    """Draw the dialog that publishes a model under a new link."""
    st.write(
        "Makes a web page that anyone with the link can open. It answers in the visitor's browser: "
        "their pictures stay on their device."
    )
    _show_form(model, None)


@st.dialog(
    "Update the published page?", width="medium", icon=":material/sync:", on_dismiss=close_dialog
)
def ask_to_update(model: ModelSummary, published: PublishedModel) -> None:
    """Draw the dialog that replaces what a link shows."""
    st.write(
        f"Visitors of {escape_markdown(make_link(published.alias))} get the new page at their next "
        "visit, with this model as it is now."
    )
    _show_form(model, published)


@st.dialog("Unpublish this page?", icon=":material/public_off:", on_dismiss=close_dialog)
def ask_to_unpublish(published: PublishedModel) -> None:
    """Draw the dialog that ends a publication."""
    st.write(
        f"The links to {escape_markdown(published.title)} stop working, also where it is embedded. "
        "Anyone who opened the page keeps a copy until they open it again with a connection. "
        "The model itself is kept. You can undo this."
    )

    def act() -> Outcome:
        workspace = get_workspace()
        entry = unpublish(get_access(), workspace, published.alias)
        return make_deletion_outcome(workspace, entry)

    confirm("unpublish", "Unpublish", act)


def _show_form(model: ModelSummary, published: PublishedModel | None) -> None:
    st.session_state.setdefault("publish_title", suggest_title(model))
    title = st.text_input("Title", max_chars=MAX_TITLE_LENGTH, key="publish_title")
    description = st.text_area(
        "Description",
        max_chars=MAX_DESCRIPTION_LENGTH,
        key="publish_description",
        placeholder="What it tells apart, and which pictures it is for",
        height=100,
    )
    link = st.text_input(
        "Link to your own page (optional)", key="publish_link", placeholder="https://…"
    )
    source, chosen = choose_examples(model, published)
    is_warned = True
    if published is None:
        alias, published, is_warned = _choose_alias(title)
    else:
        alias = published.alias
    act = republish if published and is_warned else publish
    access = get_access()
    # A click meanwhile interrupts this run at the next use of Streamlit, so the outcome goes to
    # a list that the next run finds.
    ended: list[Outcome] = st.session_state.setdefault(_ENDED, [])
    button = "Publish" if published is None else "Update"
    is_possible = is_alias(alias)
    pressed = st.button(button, key="confirm_publish", type="primary", disabled=not is_possible)
    if pressed and not ended:
        with st.spinner("Building the page …"):
            try:
                with (
                    explaining_disk_errors("The page could not be built", get_workspace().root),
                    save_chosen(model, source, chosen) as examples,
                ):
                    page = PageText(title, description, examples, link.strip())
                    act(access, get_workspace(), model.id, page, alias)
            except ClusterError as error:
                st.error(escape_markdown(str(error)), icon=":material/error:")
                return
            what = "Updated" if act is republish else "Published"
            ended.append(Outcome(f'{what} "{page.title}". Its link is below.'))
    if ended:
        st.rerun()  # see end_publishing


def _choose_alias(title: str) -> tuple[str, PublishedModel | None, bool]:
    """Draw the field for the alias.

    Returns
    -------
    alias : str
    published : PublishedModel or None
        What is published under it already.
    is_warned : bool
        Whether the run before had warned of that, so that the owner has seen it.
    """
    workspace = get_workspace()
    alias = st.text_input(
        "Name in the link",
        value=suggest_alias(workspace, title),
        max_chars=MAX_ALIAS_LENGTH,
        key=f"publish_alias_{title}",
    )
    if is_alias(alias):
        st.caption(f"Link: {escape_markdown(make_link(alias))}")
    else:
        st.error(
            f"Use lower-case letters a to z, digits and single hyphens, at most "
            f"{MAX_ALIAS_LENGTH}: such as {make_alias(alias)}.",
            icon=":material/error:",
        )
    published = find_published(workspace, alias)
    warning = (alias, published.content_id) if published else None
    is_warned = st.session_state.get(_WARNED) == warning
    st.session_state[_WARNED] = warning
    if published:
        st.warning(
            f"This link shows {escape_markdown(published.title)} already. If you go on, it will "
            "show this model instead.",
            icon=":material/sync:",
        )
    return alias, published, is_warned
