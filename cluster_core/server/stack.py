"""All middleware of a server, in order, from its environment variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.middleware import Middleware
from starlette.routing import Route

from cluster_core.server.client import ClientAddressMiddleware, read_proxies
from cluster_core.server.headers import SecurityHeadersMiddleware, read_frames
from cluster_core.server.hosts import KnownHostMiddleware, read_hosts
from cluster_core.server.log import RequestLogMiddleware, start_log
from cluster_core.server.metrics import CountRuns, Metrics, MetricsMiddleware, MetricsReaders


@dataclass(frozen=True)
class ServerStack:
    """What surrounds the routes of a server.

    Attributes
    ----------
    middleware : list of Middleware
        The first one is the outermost.
    routes : list of Route
        The metrics, if they are on.
    """

    middleware: list[Middleware]
    routes: list[Route]


def make_stack(
    *,
    has_visitors: bool,
    count_runs: CountRuns,
    count_visitor_runs: CountRuns = dict,
    base: str = "",
    innermost: Sequence[Middleware] = (),
) -> ServerStack:
    """Return middleware and routes as the environment variables configure them.

    Parameters
    ----------
    has_visitors : bool
        Whether others than its owner use the server; it then keeps a log unless told otherwise.
    count_runs : callable
        Returns the number of the owner's trainings in each state.
    count_visitor_runs : callable, optional
        Returns the same of all visitors' trainings.
    base : str
        The path that the server is at, such as `/lab`; empty for the root.
    innermost : sequence of Middleware
        What this server needs besides, after all others.

    Returns
    -------
    ServerStack

    Raises
    ------
    ConfigError
        An environment variable has an invalid value.
    """
    readers = MetricsReaders.from_environment()
    middleware = [Middleware(ClientAddressMiddleware, read_proxies())]
    if start_log(has_visitors=has_visitors):
        middleware.append(Middleware(RequestLogMiddleware))
    routes = []
    if readers is not None:
        metrics = Metrics(count_runs, count_visitor_runs)
        middleware.append(Middleware(MetricsMiddleware, metrics))
        routes.append(metrics.make_route(readers, base))
    middleware.append(Middleware(SecurityHeadersMiddleware, read_frames()))
    middleware.append(Middleware(KnownHostMiddleware, read_hosts()))
    return ServerStack([*middleware, *innermost], routes)
