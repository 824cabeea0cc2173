"""What is published of a model: its links, QR code and embedding, and changes to it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime

import segno
import streamlit as st

from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.publishing.records import PublishedModel
from cluster_core.publishing.store import list_published
from pages.components.dialogs import is_open
from pages.components.models.publish_dialog import (
    PUBLISH,
    UNPUBLISH,
    UPDATE,
    ask_to_publish,
    ask_to_unpublish,
    ask_to_update,
    start_dialog,
)
from pages.components.models.published_links import describe_reach, make_frame, make_link
from pages.components.signed_in import get_workspace
from pages.components.text import escape_markdown

_QR_PX = 220


def show_publishing(model: ModelSummary) -> None:
    """Draw the published pages of a model, or a button to publish it."""
    pages = [one for one in list_published(get_workspace()) if one.model_id == model.id]
    for page in pages:
        _show_page(page, model)
    if pages or not model.is_usable:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Publish",
            key="publish",
            icon=":material/public:",
            on_click=start_dialog,
            args=(PUBLISH,),
        )
        st.caption("Makes a web page that anyone with its link can use.")
    if is_open(PUBLISH):
        ask_to_publish(model)


def show_gallery_link(models: Sequence[ModelSummary]) -> None:
    """Draw a link to the gallery, and the pages of models that were deleted since."""
    published = list_published(get_workspace())
    if not published:
        return
    st.link_button("Published models", make_link(), icon=":material/public:")
    known = {model.id for model in models}
    orphans = [page for page in published if page.model_id not in known]
    if orphans:
        with st.expander("Pages of deleted models", icon=":material/public:"):
            for page in orphans:
                _show_page(page, None)


def _show_page(page: PublishedModel, model: ModelSummary | None) -> None:
    link = make_link(page.alias)
    with st.container(border=True, key=f"published_{page.alias}"):
        when = datetime.fromisoformat(page.created)
        st.markdown(
            f":material/public: **{escape_markdown(page.title)}**, published "
            f"{when.day} {when:%b %Y}"
        )
        st.code(link, language=None, wrap_lines=True)
        if warning := describe_reach(link):
            st.caption(f":material/warning: {warning}")
        with st.container(horizontal=True):
            st.link_button("Open", link, icon=":material/open_in_new:")
            _show_changes(page, model)
        _show_sharing(page, link)


def _show_changes(page: PublishedModel, model: ModelSummary | None) -> None:
    if model is not None and model.is_usable:
        st.button(
            "Update",
            key=f"update_{page.alias}",
            icon=":material/sync:",
            on_click=start_dialog,
            args=(UPDATE, page),
        )
        if is_open(f"{UPDATE} {page.alias}"):
            ask_to_update(model, page)
    st.button(
        "Unpublish",
        key=f"unpublish_{page.alias}",
        icon=":material/public_off:",
        on_click=start_dialog,
        args=(UNPUBLISH, page),
    )
    if is_open(f"{UNPUBLISH} {page.alias}"):
        ask_to_unpublish(page)


def _show_sharing(page: PublishedModel, link: str) -> None:
    with st.expander("QR code", icon=":material/qr_code_2:"):
        code = segno.make_qr(link)
        file = io.BytesIO()
        code.save(file, kind="png", scale=10)
        st.image(file.getvalue(), width=_QR_PX, alt=f"QR code of {link}")
        st.download_button(
            "Download the QR code",
            file.getvalue(),
            file_name=f"{page.alias}.png",
            mime="image/png",
            key=f"qr_{page.alias}",
            icon=":material/download:",
            on_click="ignore",
        )
    with st.expander("Show it inside another web page", icon=":material/code:"):
        st.code(make_frame(link, page.title), language="html", wrap_lines=True)
        st.caption(
            "Paste this into the page's HTML. Add &theme=dark after embed=true if it is dark."
        )
