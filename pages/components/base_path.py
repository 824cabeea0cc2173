"""The path that the app is served at."""

from __future__ import annotations

import streamlit as st


def get_base_path() -> str:
    """Return the option `server.baseUrlPath` as a prefix of addresses: `/lab`, or empty."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""
