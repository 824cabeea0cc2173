"""What surrounds every request of the app: addresses, log, headers, hosts and metrics."""

from __future__ import annotations

import sys
from collections import Counter

from starlette.middleware import Middleware

from cluster_core.access import Mode, read_mode
from cluster_core.access.visitor_workspaces import count_visitor_workspaces
from cluster_core.errors import ClusterError, ConfigError
from cluster_core.server.file_gate import FileGate, FileGateMiddleware
from cluster_core.server.stack import ServerStack, make_stack
from cluster_core.server.unknown_pages import UnknownPageMiddleware
from cluster_core.training.jobs.visitor_turns import count_visitor_runs
from cluster_core.training.runs import RunState, list_runs
from cluster_core.workspace import Workspace
from pages.components.base_path import get_base_path
from pages.components.navigation import PageFile
from pages.components.return_address import ReturnMiddleware
from pages.components.signed_in import find_request_access


def make_app_stack() -> ServerStack:
    """Return the app's middleware, and the route of its metrics if they are on.

    Raises
    ------
    SystemExit
        An environment variable has an invalid value.
    """
    base = get_base_path()
    try:
        return make_stack(
            has_visitors=read_mode() is not Mode.OWN_MACHINE,
            count_runs=_count_runs,
            count_visitor_runs=_count_visitor_runs,
            base=base,
            innermost=[
                Middleware(FileGateMiddleware, make_file_gate(base)),
                Middleware(ReturnMiddleware),
                Middleware(UnknownPageMiddleware, _list_paths(base)),
            ],
        )
    except ConfigError as error:  # it would appear as a traceback
        sys.exit(f"Error: {error}")


def _list_paths(base: str) -> list[str]:
    """Return the paths of Streamlit's HTML file: Home, the pages, and the file itself."""
    pages = [file.removesuffix(".py") for file in PageFile if file is not PageFile.HOME]
    # The API's page of its description is HTML below a mount, too.
    return [base, *(f"{base}/{page}" for page in ("", *pages, "index.html", "api/v1/docs"))]


def make_file_gate(base: str) -> FileGate:
    """Return the rules for Streamlit's own paths, below the path `base`."""
    return FileGate(
        find_request_access,
        uploads=f"{base}/_stcore/upload_file/",
        reading=(f"{base}/media/", f"{base}/_stcore/metrics"),
    )


def _count_runs() -> dict[str, int]:
    """Return the number of the owner's trainings in each state."""
    try:
        counts = Counter(run.state for run in list_runs(Workspace.default()))
    except ClusterError:
        return {}
    return _name_states(counts)


def _count_visitor_runs() -> dict[str, int]:
    """Return the number of visitors' trainings in each state, if they may train here."""
    if not count_visitor_workspaces():
        return {}
    return _name_states(count_visitor_runs(Workspace.default()))


def _name_states(counts: Counter[RunState]) -> dict[str, int]:
    return {str(state): counts[state] for state in RunState}
