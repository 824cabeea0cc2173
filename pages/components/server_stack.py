"""What surrounds every request of the app: addresses, log, headers, hosts and metrics."""

from __future__ import annotations

import sys
from collections import Counter

from cluster_core.access import Mode, read_mode
from cluster_core.errors import ClusterError, ConfigError
from cluster_core.server.stack import ServerStack, make_stack
from cluster_core.training.runs import RunState, list_runs
from cluster_core.workspace import Workspace
from pages.components.base_path import get_base_path


def make_app_stack() -> ServerStack:
    """Return the app's middleware, and the route of its metrics if they are on.

    Raises
    ------
    SystemExit
        An environment variable has an invalid value.
    """
    try:
        return make_stack(
            has_visitors=read_mode() is not Mode.OWN_MACHINE,
            count_runs=_count_runs,
            base=get_base_path(),
        )
    except ConfigError as error:  # it would appear as a traceback
        sys.exit(f"Error: {error}")


def _count_runs() -> dict[str, int]:
    """Return the number of trainings in each state."""
    try:
        counts = Counter(run.state for run in list_runs(Workspace.default()))
    except ClusterError:
        return {}
    return {str(state): counts[state] for state in RunState}
