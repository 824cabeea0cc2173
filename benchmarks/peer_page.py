"""The least that a page with an upload can be: what Streamlit itself takes of the time."""

import streamlit as st

file = st.file_uploader("A picture", accept_multiple_files=True)
if file:
    st.write(f"{file[0].size} bytes")
