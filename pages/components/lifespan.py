"""Start and stop what the server needs beside its pages: the training supervisor."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from cluster_core.access import Action, is_allowed
from cluster_core.errors import ConfigError
from cluster_core.training.jobs.supervisor import start_supervisor
from cluster_core.training.locks import count_trainings_at_once
from cluster_core.workspace import Workspace


def check_environment() -> None:
    """Exit with one line if an environment variable of the server has an invalid value."""
    try:
        count_trainings_at_once()
    except ConfigError as error:  # raised in the lifespan it would be shown as a traceback
        sys.exit(f"Error: {error}")


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Keep a warm worker process while the server runs, where training is allowed."""
    supervisor = start_supervisor(Workspace.default()) if is_allowed(Action.TRAIN) else None
    yield
    if supervisor is not None:
        supervisor.close()
