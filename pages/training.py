"""The Training page: the progress and results of trainings."""

import streamlit as st

from cluster_core.errors import ClusterError
from cluster_core.training.runs import list_runs
from pages.components.navigation import PageFile
from pages.components.run_view import show_run
from pages.components.selection import Choice, choose, get_chosen
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown
from pages.components.training.classifies_only import show_if_classifies_only
from pages.components.training.run_table import show_runs
from pages.components.training.tensorboard_link import show_tensorboard

st.title("Training")
show_if_classifies_only()
comparison = None
workspace = get_workspace()
runs = list_runs(workspace)
run_id = get_chosen(Choice.RUN)
if run_id is not None and all(status.id != run_id for status in runs):
    st.warning(
        f'There is no training "{escape_markdown(run_id)}". It may have been deleted. '
        + ("Choose another below." if runs else ""),
        icon=":material/search_off:",
    )
    choose(Choice.RUN, None)
elif run_id is None and runs:
    # An unfinished training first, else the newest.
    run_id = next((status.id for status in runs if not status.state.is_over), runs[0].id)
if not runs:
    st.write(
        "No training has been started in the browser yet. Choose the settings, then click Train."
    )
    if st.button("Choose settings", key="to_hyperparameters", icon=":material/tune:"):
        st.switch_page(PageFile.HYPERPARAMETERS)
elif run_id is not None and any(status.id == run_id for status in runs):
    try:
        comparison = show_run(workspace, run_id)
    except ClusterError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
st.divider()
show_runs(workspace, runs, run_id)
if get_access().root is None:
    show_tensorboard(workspace)
if comparison is not None:
    comparison.run_if_due()
