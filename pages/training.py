"""The page Training."""

import streamlit as st

st.title("Training")
