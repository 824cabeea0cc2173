"""The page Classify."""

import streamlit as st

st.title("Classify")
