"""Navigation, and the frame around every page."""

import streamlit as st

from pages.components.navigation import list_pages
from pages.components.sidebar import show_sidebar

st.set_page_config(page_title="Cluster Lab", page_icon=":material/auto_awesome:", layout="wide")
page = st.navigation(list_pages())
show_sidebar()
page.run()
