"""Cluster Lab in the browser: `streamlit run app.py`."""

import streamlit as st

from pages.components.classify.answer_files import list_routes
from pages.components.error_boundary import show_error
from pages.components.lifespan import check_environment, lifespan

check_environment()

app = st.App("pages/main.py", lifespan=lifespan, on_script_error=show_error, routes=list_routes())
