"""The Hyperparameters page: choose a network and settings, and start a training."""

import streamlit as st

from pages.components.dataset_contents import read_dataset
from pages.components.hyperparameters.architecture_cards import show_architectures
from pages.components.hyperparameters.dataset_choice import choose_dataset, is_chosen_missing
from pages.components.hyperparameters.preset_buttons import show_presets
from pages.components.hyperparameters.start_button import show_start, show_train_at_once
from pages.components.network_choice import find_trial_split, get_choice, run_trial_if_due
from pages.components.settings_form import (
    init_settings,
    read_config,
    show_seed,
    show_settings,
    show_sky_views,
    show_tensor_name,
)
from pages.components.settings_list import ADVANCED, DISTORTIONS, LEARNING, UNFINISHED
from pages.components.signed_in import get_access, get_workspace
from pages.components.training.classifies_only import show_if_classifies_only

st.title("Hyperparameters")
st.caption("The settings of a training: which pictures it learns from, and how it learns.")
show_if_classifies_only()
workspace = get_workspace()
init_settings()
has_notice = is_chosen_missing(workspace)
image_dir = choose_dataset(workspace)
reading = read_dataset(workspace, image_dir) if image_dir else None
split = find_trial_split(reading) if reading else None
choice = get_choice(workspace, reading, split) if reading and split else None
top = st.container()
show_presets(workspace)
st.subheader("Network")
trial_area = show_architectures(workspace, choice)
form, start = st.columns([3, 2], gap="large")
with form:
    st.subheader("Learning")
    slots = show_settings(LEARNING, 2)
    with st.expander("More settings", icon=":material/tune:", key="advanced"):
        st.markdown("**Altered pictures (distortions)**")
        st.caption("Get more from the same pictures: also learn from altered versions of each one.")
        show_sky_views()
        show_settings(DISTORTIONS, 2)
        st.markdown("**Details**")
        # Visitors may not save unfinished models.
        hidden = () if get_access().root is None else (UNFINISHED,)
        show_settings([one for one in ADVANCED if one.name not in hidden], 2)
        show_seed()
        show_tensor_name()
    # The expander may be closed, so errors in its settings are drawn below it.
    config = read_config(image_dir, slots) if image_dir else None
if reading is not None:
    with top:
        show_train_at_once(workspace, config, reading)
    with start:
        show_start(workspace, config, reading, choice)
    if split is not None:
        # The page is drawn again after a trial, without notices that are shown once.
        run_trial_if_due(workspace, reading, split, trial_area, is_unasked=not has_notice)
