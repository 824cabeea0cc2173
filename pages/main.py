"""Navigation, and the frame around every page."""

import streamlit as st

st.set_page_config(page_title="Cluster Lab", page_icon=":material/auto_awesome:")
st.navigation([st.Page("home.py", title="Home", icon=":material/home:", default=True)]).run()
