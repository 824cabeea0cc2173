"""The page Dataset."""

import streamlit as st

st.title("Dataset")
