"""The first page: what this is, three ways to begin, and where one stands."""

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.workspace import Workspace
from pages.components.demo_dataset import pop_finished_demo, render_samples, start_demo
from pages.components.home.workflow import show_workflow
from pages.components.long_work import continue_work, is_working
from pages.components.navigation import PageFile
from pages.components.outcome import attempt, show_outcome
from pages.components.picture_input import EXAMPLE, FIRST_EXAMPLE
from pages.components.selection import Choice, choose


def show_way(key: str, icon: str, title: str, sentence: str, action: str) -> bool:
    """Draw one way to begin; return whether it was chosen."""
    with st.container(border=True, height="stretch", vertical_alignment="distribute"):
        st.markdown(f"##### :material/{icon}: {title}")
        st.write(sentence)
        return st.button(action, key=key, width="stretch", disabled=is_working())


workspace = Workspace.default()
st.title("Cluster Lab", anchor=False)
st.write(
    "Teach a computer to tell pictures apart: globular or open star cluster, or any classes of "
    "your own. Show it a few dozen pictures of each, and it learns in seconds, on this machine."
)
st.image(render_samples(), width="stretch")
st.caption("A simulated sky, drawn by this program: the network that ships with it grew up on it.")

may_edit = is_allowed(Action.EDIT_DATASETS)
st.subheader(f"{'Three' if may_edit else 'Two'} ways to begin", anchor=False)
ways = st.columns(3 if may_edit else 2)
with ways[0]:
    wants_to_try = show_way(
        "home_try",
        "image_search",
        "Try a picture",
        "The starter model knows star clusters already. Give it a picture, or take an example.",
        "Classify a picture",
    )
wants_sky = False
if may_edit:
    with ways[1]:
        wants_sky = show_way(
            "home_simulated_sky",
            "auto_awesome",
            "Try it with a simulated sky",
            "Renders 80 labelled star clusters in a few seconds, to learn from at once.",
            "Render a sky",
        )
with ways[-1]:
    wants_own = (
        show_way(
            "home_own_pictures",
            "add_photo_alternate",
            "Bring your own pictures",
            "Of anything: stars, cells, leaves. One folder for each class, or a .zip of them.",
            "Set up a dataset",
        )
        if may_edit
        else show_way(
            "home_pictures_here",
            "photo_library",
            "Look at the pictures here",
            "See which pictures there are to learn from on this server, and in which classes.",
            "See the dataset",
        )
    )
if wants_to_try:
    choose(Choice.MODEL, STARTER_ID)
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
