"""How other programs use a model: examples to copy, with this server's address."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import streamlit as st

from cluster_core.api.examples import KEY_PLACEHOLDER, make_examples
from cluster_core.api.routes import PREFIX
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.server.client import is_loopback_name

_OWN = "http://localhost:8501/"


def show_examples(model: ModelSummary) -> None:
    """Draw a program in each language that labels pictures with a model."""
    # The browser's own address: only that tells how this server is reached from outside.
    address = urljoin(st.context.url or _OWN, PREFIX.lstrip("/"))
    with st.expander("Use it from other programs", icon=":material/terminal:"):
        needs_key = not is_loopback_name(urlsplit(address).hostname or "")
        programs = make_examples(address, model.id, needs_key=needs_key)
        for tab, (language, program) in zip(st.tabs(list(programs)), programs.items(), strict=True):
            is_shell = language == "curl"
            tab.code(program, language="bash" if is_shell else language.lower(), wrap_lines=True)
        st.caption(
            f"{KEY_PLACEHOLDER} is an API key, which the owner of this server makes under API keys "
            "below."
            if needs_key
            else "On this computer no API key is needed. Programs elsewhere need one."
        )
        st.link_button("Description of the API", f"{address}/docs", icon=":material/menu_book:")
