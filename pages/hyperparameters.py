"""The Hyperparameters page: choose a network and settings, and start a training."""

import streamlit as st

from cluster_core.workspace import Workspace
from pages.components.dataset_contents import read_dataset
from pages.components.hyperparameters.architecture_cards import show_architectures
from pages.components.hyperparameters.dataset_choice import choose_dataset
from pages.components.hyperparameters.preset_buttons import show_presets
from pages.components.hyperparameters.start_button import show_start, show_train_at_once
from pages.components.settings_form import (
    init_settings,
    read_config,
    show_seed,
    show_settings,
    show_sky_views,
    show_tensor_name,
)
from pages.components.settings_list import ADVANCED, DISTORTIONS, LEARNING

st.title("Hyperparameters")
workspace = Workspace.default()
init_settings()
image_dir = choose_dataset(workspace)
top = st.container()
show_presets(workspace)
st.subheader("Network")
show_architectures(workspace)
form, start = st.columns([3, 2], gap="large")
with form:
    st.subheader("Learning")
    slots = show_settings(LEARNING, 2)
    slots |= show_seed()
    st.subheader("Distortions")
    st.caption(
        "Get more from the same pictures: the model also learns from altered versions of each one."
    )
    show_sky_views()
    slots |= show_settings(DISTORTIONS, 2)
    with st.expander("Advanced", icon=":material/construction:", key="advanced"):
        slots |= show_settings(ADVANCED, 2)
        slots |= show_tensor_name()
    config = read_config(image_dir, slots) if image_dir else None
if image_dir is not None:
    reading = read_dataset(workspace, image_dir)
    with top:
        show_train_at_once(workspace, config, reading)
    with start:
        show_start(workspace, config, reading)
