"""Check the server's environment, and start and stop its training supervisor."""

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
    """Exit with a one-line message if an environment variable has an invalid value.

    Raises
    ------
    SystemExit
        The limit of concurrent trainings is invalid.
    """
    try:
        count_trainings_at_once()
    except ConfigError as error:  # raised in the lifespan, it would appear as a traceback
        sys.exit(f"Error: {error}")


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Run the training supervisor while the server runs, where training is allowed."""
    supervisor = start_supervisor(Workspace.default()) if is_allowed(Action.TRAIN) else None
    yield
    if supervisor is not None:
        supervisor.close()
