"""Check the server's environment, clean its workspace, and run its training supervisor."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec

import streamlit as st

from cluster_core.access import has_owner
from cluster_core.access.modes import OWNERS_VARIABLE, read_owners
from cluster_core.access.passphrase import check_passphrase_hash
from cluster_core.access.visitor_workspaces import count_visitor_workspaces, list_visitor_workspaces
from cluster_core.answers.job_registry import stop_jobs
from cluster_core.answers.rooms import sweep_rooms
from cluster_core.api.rates import read_rate
from cluster_core.data.archives.interrupted import remove_abandoned_imports
from cluster_core.errors import ConfigError
from cluster_core.model.export.background import sweep_exports
from cluster_core.server.sockets import send_all_at_once
from cluster_core.storage.drafts import remove_all_abandoned_drafts
from cluster_core.training.installed import can_train
from cluster_core.training.jobs.supervisor import start_supervisor
from cluster_core.training.jobs.visitor_runs import sweep_visitor_workspaces
from cluster_core.training.locks import count_trainings_at_once
from cluster_core.workspace import Workspace
from pages.components.upload_limit import limit_uploads

# What Streamlit needs to know about an identity provider.
_PROVIDER_SETTINGS = (
    "redirect_uri",
    "cookie_secret",
    "client_id",
    "client_secret",
    "server_metadata_url",
)


def check_environment() -> None:
    """Exit with a one-line message if an environment variable has an invalid value.

    Raises
    ------
    SystemExit
        A limit, of concurrent trainings, of the REST API or of visitors' workspaces, is invalid;
        or what signing in needs is.
    """
    # Streamlit Community Cloud has settings only there; its entries become environment variables.
    st.secrets.load_if_toml_exists()
    try:
        count_trainings_at_once()
        read_rate()
        count_visitor_workspaces()
        check_passphrase_hash()
        _check_accounts()
    except ConfigError as error:  # raised in the lifespan, it would appear as a traceback
        sys.exit(f"Error: {error}")


def _check_accounts() -> None:
    """Check that those in `CLUSTER_LAB_OWNERS` can sign in."""
    if not read_owners():
        return
    settings = st.secrets.get("auth", {}) if st.secrets.load_if_toml_exists() else {}
    missing = [name for name in _PROVIDER_SETTINGS if not settings.get(name)]
    if missing:
        raise ConfigError(
            f"{OWNERS_VARIABLE} is set, but [auth] in .streamlit/secrets.toml lacks "
            f"{', '.join(missing)}: add what docs/sharing.md shows under Sign in with an account.",
            field=OWNERS_VARIABLE,
            received="no complete [auth]",
            allowed="an identity provider",
        )
    if not (find_spec("authlib") and find_spec("httpx")):
        raise ConfigError(
            f"{OWNERS_VARIABLE} is set, but Authlib and httpx are not installed: run "
            "python -m pip install Authlib httpx",
            field=OWNERS_VARIABLE,
            received="no Authlib or no httpx",
            allowed="Authlib and httpx",
        )


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Clean up after a killed server, and run the training supervisor, where that is allowed."""
    send_all_at_once()
    limit_uploads()
    sweep_rooms(Workspace.default())
    sweep_exports(Workspace.default())
    if has_owner():
        remove_abandoned_imports(Workspace.default())
        remove_all_abandoned_drafts(Workspace.default())
    sweep_visitor_workspaces(Workspace.default())
    for workspace in list_visitor_workspaces(Workspace.default()):
        remove_abandoned_imports(workspace)
        remove_all_abandoned_drafts(workspace)
    trains = (has_owner() or count_visitor_workspaces() > 0) and can_train()
    supervisor = start_supervisor(Workspace.default()) if trains else None
    yield
    stop_jobs()
    if supervisor is not None:
        supervisor.close()
