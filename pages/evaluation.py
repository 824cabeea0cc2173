"""The page Evaluation."""

import streamlit as st

st.title("Evaluation")
