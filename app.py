"""Cluster Lab in the browser: `streamlit run app.py`."""

import streamlit as st

from pages.components.error_boundary import show_error

app = st.App("pages/main.py", on_script_error=show_error)
