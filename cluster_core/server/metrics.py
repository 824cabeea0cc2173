"""Figures for Prometheus at `/metrics`: requests, trainings, events and memory. Off by default."""

from __future__ import annotations

import hmac
import ipaddress
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cluster_core.errors import ConfigError
from cluster_core.events import get_counts
from cluster_core.server.client import (
    get_client_address,
    is_loopback_name,
    is_own_machine,
)
from cluster_core.server.hosts import get_host_name
from cluster_core.server.routes import name_route

# Addresses and networks that may read the figures, separated by commas, such as 127.0.0.1.
METRICS_VARIABLE = "CLUSTER_LAB_METRICS"
# Whoever sends this as a bearer token may read them from anywhere.
TOKEN_VARIABLE = "CLUSTER_LAB_METRICS_TOKEN"  # noqa: S105 (a name, not a token)
PATH = "/metrics"
_MIN_TOKEN_LENGTH = 16
_SERVER_ERROR = 500
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})

CountRuns = Callable[[], Mapping[str, int]]


@dataclass(frozen=True)
class MetricsReaders:
    """Who may read the figures.

    Attributes
    ----------
    networks : tuple of IPv4Network or IPv6Network
    token : str
        Empty if no token is accepted.
    """

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    token: str

    @classmethod
    def from_environment(cls) -> MetricsReaders | None:
        """Return who is configured, or None if the figures are off.

        Raises
        ------
        ConfigError
            A network is malformed, or the token is shorter than 16 characters.
        """
        text, token = os.environ.get(METRICS_VARIABLE, ""), os.environ.get(TOKEN_VARIABLE, "")
        if token and len(token) < _MIN_TOKEN_LENGTH:
            raise ConfigError(
                f"{TOKEN_VARIABLE} is too short: use at least {_MIN_TOKEN_LENGTH} characters.",
                field=TOKEN_VARIABLE,
                received="a shorter text",
                allowed=f"at least {_MIN_TOKEN_LENGTH} characters",
            )
        try:
            names = [name.strip() for name in text.split(",") if name.strip()]
            networks = tuple(ipaddress.ip_network(name, strict=False) for name in names)
        except ValueError as error:
            raise ConfigError(
                f"{METRICS_VARIABLE} is {text!r}: write addresses or networks, like 127.0.0.1.",
                field=METRICS_VARIABLE,
                received=text,
                allowed="IP addresses and networks, separated by commas",
            ) from error
        return cls(networks, token) if networks or token else None

    def admit(self, scope: Scope) -> bool:
        """Tell whether the sender of a request may read the figures."""
        sent = Headers(scope=scope).get("authorization", "").encode()
        if self.token and hmac.compare_digest(sent, f"Bearer {self.token}".encode()):
            return True
        try:
            address = ipaddress.ip_address(get_client_address(scope))
        except ValueError:
            return False
        name = get_host_name(Headers(scope=scope).get("host", ""))
        if address.is_loopback and not (is_own_machine(scope) and is_loopback_name(name)):
            return False  # a proxy or tunnel on this computer passed it on, or DNS rebinding
        return any(address in network for network in self.networks)


class Metrics:
    """The figures of this process.

    Parameters
    ----------
    count_runs : callable
        Returns the number of the owner's trainings in each state.
    count_visitor_runs : callable, optional
        Returns the same of all visitors' trainings.
    """

    def __init__(self, count_runs: CountRuns, count_visitor_runs: CountRuns = dict) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter(
            "cluster_lab_requests", "Requests", labels, registry=self._registry
        )
        self._seconds = Histogram(
            "cluster_lab_request_seconds", "Durations", ("route",), registry=self._registry
        )
        self._registry.register(_StateCollector(count_runs, count_visitor_runs))
        ProcessCollector(registry=self._registry)  # memory and processor time, on Linux

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; its method may be any text that a client sent."""
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def make_route(self, readers: MetricsReaders, base: str = "") -> Route:
        """Return the route that shows the figures to their readers, below the path `base`."""

        def show(request: Request) -> Response:
            if not readers.admit(request.scope):
                return PlainTextResponse("These figures are not for you.", 403)
            return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

        return Route(f"{base}{PATH}", show)


class _StateCollector(Collector):
    """Counts trainings and events when the figures are read."""

    def __init__(self, count_runs: CountRuns, count_visitor_runs: CountRuns) -> None:
        self._counts = {
            "cluster_lab_trainings": ("Trainings", count_runs),
            "cluster_lab_visitor_trainings": ("Trainings of visitors", count_visitor_runs),
        }

    def collect(self) -> Iterator[Metric]:
        for name, (words, count) in self._counts.items():
            runs = GaugeMetricFamily(name, words, labels=["state"])
            for state, n_runs in count().items():
                runs.add_metric([state], n_runs)
            yield runs
        events = CounterMetricFamily("cluster_lab_events", "Events", labels=["event"])
        for event, n_events in get_counts().items():
            events.add_metric([event], n_events)
        yield events


class MetricsMiddleware:
    """Count each request; a websocket has no duration, since it lasts as long as a visit.

    Parameters
    ----------
    app : ASGI application
    metrics : Metrics
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s, status = time.perf_counter(), _SERVER_ERROR

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        finally:
            seconds = time.perf_counter() - started_s
            self._metrics.observe(scope["method"], name_route(scope), status, seconds)
