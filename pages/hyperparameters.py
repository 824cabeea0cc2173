"""The page Hyperparameters."""

import streamlit as st

st.title("Hyperparameters")
