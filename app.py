"""Cluster Lab in the browser: `streamlit run app.py`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.training.supervisor import start_supervisor
from cluster_core.workspace import Workspace
from pages.components.error_boundary import show_error


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Keep a warm worker for as long as the server runs, where training is allowed."""
    supervisor = start_supervisor(Workspace.default()) if is_allowed(Action.TRAIN) else None
    yield
    if supervisor is not None:
        supervisor.close()


app = st.App("pages/main.py", lifespan=lifespan, on_script_error=show_error)
