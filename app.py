"""Cluster Lab in the browser: `streamlit run app.py`."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.errors import ConfigError
from cluster_core.training.jobs.supervisor import start_supervisor
from cluster_core.training.locks import count_trainings_at_once
from cluster_core.workspace import Workspace
from pages.components.error_boundary import show_error


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Keep a warm worker for as long as the server runs, where training is allowed."""
    supervisor = start_supervisor(Workspace.default()) if is_allowed(Action.TRAIN) else None
    yield
    if supervisor is not None:
        supervisor.close()


try:
    count_trainings_at_once()
except ConfigError as error:  # here a sentence, in the lifespan it would be a traceback
    sys.exit(f"Error: {error}")

app = st.App("pages/main.py", lifespan=lifespan, on_script_error=show_error)
