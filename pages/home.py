"""The Home page: what Cluster Lab does, ways to start, and the progress so far."""

import streamlit as st

from cluster_core.access import Action
from cluster_core.model.bundle.selection import STARTER_ID
from pages.components.demo_dataset import pop_finished_demo, render_samples, start_demo
from pages.components.home.project import show_project
from pages.components.home.workflow import find_default_model, show_workflow
from pages.components.long_work import continue_work, is_working
from pages.components.navigation import PageFile
from pages.components.outcome import attempt, show_outcome
from pages.components.picture_input import EXAMPLE, FIRST_EXAMPLE
from pages.components.selection import Choice, choose
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown
from pages.components.visitor_workspace import show_workspace_note


def show_start_card(key: str, icon: str, title: str, sentence: str, action: str) -> bool:
    """Draw a card for one way to start; return whether its button was clicked."""
    with st.container(border=True, height="stretch", vertical_alignment="distribute"):
        with st.container():  # keeps both at the top of a card that is taller than its text
            st.markdown(f"##### :material/{icon}: {title}")
            st.write(sentence)
        return st.button(action, key=key, width="stretch", disabled=is_working())


workspace = get_workspace()
access = get_access()
st.title("Cluster Lab", anchor=False)
st.write(
    "Teach a computer to recognise what pictures show: globular or open star clusters, or classes "
    "of your own. Give it a few dozen pictures per class. Training takes seconds and runs on this "
    f"{'computer' if access.root is None else 'server'}."
)
if access.root is not None:
    show_workspace_note()
st.image(render_samples(), width="stretch")
st.caption("Pictures of a simulated sky, like those that the Sky network was pretrained on.")

model = find_default_model(workspace)
has_own_model = model is not None and model.id != STARTER_ID
st.subheader("Three ways to start", anchor=False)
columns = st.columns(3)
with columns[0]:
    wants_to_try = show_start_card(
        "home_try",
        "image_search",
        "Try a picture",
        f"Your model **{escape_markdown(model.title)}** is ready to label new pictures."
        if model is not None and has_own_model
        else "The starter model already recognises star clusters. Use your own picture or an "
        "example.",
        "Classify a picture",
    )
with columns[1]:
    wants_sky = show_start_card(
        "home_simulated_sky",
        "auto_awesome",
        "Simulated sky",
        "Creates 80 labelled pictures of star clusters in a few seconds, ready for training. "
        "Some carry captions, as photos on the web do, so that the model learns to ignore text.",
        "Create pictures",
    )
with columns[2]:
    wants_own = show_start_card(
        "home_own_pictures",
        "add_photo_alternate",
        "Your own pictures",
        "Stars, cells, leaves: anything works. Add a folder of pictures for each class, or a .zip.",
        "Set up a dataset",
    )
if wants_to_try:
    choose(Choice.MODEL, model.id if model is not None else STARTER_ID)
    if not has_own_model:
        st.session_state[EXAMPLE] = FIRST_EXAMPLE
    st.switch_page(PageFile.CLASSIFY)
if wants_sky:
    attempt(lambda: start_demo(workspace))
    st.rerun()
if wants_own:
    st.switch_page(PageFile.DATASET)
continue_work()
if pop_finished_demo():
    st.switch_page(PageFile.HYPERPARAMETERS)
show_outcome()
show_workflow(workspace)
if access.allows(Action.SAVE_PROJECT):
    show_project(workspace)
