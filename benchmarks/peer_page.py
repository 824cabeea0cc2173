"""The peer: a minimal page with an uploader, to measure the time that Streamlit itself needs."""

import streamlit as st

file = st.file_uploader("A picture", accept_multiple_files=True)
if file:
    st.write(f"{file[0].size} bytes")
