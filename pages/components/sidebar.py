"""What is being worked on, beside every page."""

from __future__ import annotations

import streamlit as st

from pages.components.selection import Choice, get_chosen
from pages.components.text import escape_markdown


def show_sidebar() -> None:
    """Show the active dataset and model."""
    with st.sidebar:
        for title, choice in (("Dataset", Choice.DATASET), ("Model", Choice.MODEL)):
            st.caption(f"{title}: {escape_markdown(get_chosen(choice) or 'none yet')}")
