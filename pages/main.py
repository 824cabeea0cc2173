"""The app's entry script: page settings, navigation and sidebar around every page."""

from pathlib import Path

import streamlit as st

from cluster_core.access.visitor_workspaces import mark_used
from cluster_core.workspace import Workspace
from pages.components.classify.opened_address import forget_address
from pages.components.front_door import show_front_door
from pages.components.model_picker import forget_default
from pages.components.navigation import list_pages
from pages.components.outcome import clear_outcome
from pages.components.selection import sync_choices
from pages.components.sidebar import show_sidebar
from pages.components.signed_in import get_access
from pages.components.visitor_workspace import offers_workspace, show_visitor_home

# A local file: browsers would fetch an emoji or a Material symbol from a third-party server.
ICON = Path(__file__).with_name("components") / "icon.svg"

st.set_page_config(page_title="Cluster Lab", page_icon=ICON, layout="wide")
sync_choices()
access = get_access()
if access.root is not None:
    mark_used(Workspace(access.root))
visitor_home = show_visitor_home if offers_workspace() else None
page = st.navigation(list_pages(access, show_front_door, visitor_home))
if st.session_state.get("page") != page.url_path:
    st.session_state["page"] = page.url_path
    clear_outcome()  # a message belongs to the page that caused it
    forget_default()
    forget_address()
show_sidebar(access, is_home=not page.url_path)
page.run()
