"""The address of a client, which only a configured proxy may name."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from cluster_core.errors import ConfigError

# Addresses or networks of the proxies in front of this server, separated by commas.
PROXIES_VARIABLE = "CLUSTER_LAB_PROXIES"
_IPV6_NETWORK_BITS = 64
# Any of these shows that a request came through a proxy or a tunnel.
_FORWARDING = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"})


def read_proxies() -> tuple[str, ...]:
    """Return the configured proxies, as networks in CIDR notation.

    Raises
    ------
    ConfigError
        One of them is not an address or network.
    """
    found = []
    for text in os.environ.get(PROXIES_VARIABLE, "").split(","):
        if name := text.strip():
            try:
                found.append(str(ipaddress.ip_network(name, strict=False)))
            except ValueError as error:
                raise ConfigError(
                    f"{PROXIES_VARIABLE} names {name!r}, which is not an address or network: "
                    "write it like 10.0.0.1 or 172.16.0.0/12.",
                    field=PROXIES_VARIABLE,
                    received=name,
                    allowed="IP addresses and networks, separated by commas",
                ) from error
    return tuple(found)


class ClientAddressMiddleware:
    """Set the client of each request to its visitor, as named by a configured proxy.

    A forwarding header from any other peer changes nothing.

    Parameters
    ----------
    app : ASGI application
    proxies : iterable of str
        Networks, from `read_proxies`.
    """

    def __init__(self, app: ASGIApp, proxies: Iterable[str] = ()) -> None:
        trusted = list(proxies)
        self._app: ASGIApp = app
        if trusted:
            self._app = ProxyHeadersMiddleware(app, trusted)  # type: ignore[arg-type, assignment]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if client := scope.get("client"):
            # A socket for both protocols writes 127.0.0.1 as ::ffff:127.0.0.1.
            scope["client"] = (_unmap(client[0]), client[1])
        await self._app(scope, receive, send)


def get_client_address(scope: Scope) -> str:
    """Return the address of the visitor who sent a request.

    Parameters
    ----------
    scope : dict
        The request's ASGI scope, below `ClientAddressMiddleware`.

    Returns
    -------
    str
        An IPv4 or IPv6 address, or an empty text if the connection has none.
    """
    client = scope.get("client")
    return _unmap(client[0]) if client else ""


def find_client(scope: Scope) -> str:
    """Return the network address that the requests of a visitor are counted for.

    For IPv6, it is the network of 64 bits: one customer of a provider has at least that many.
    """
    host = get_client_address(scope)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a Unix socket
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _IPV6_NETWORK_BITS), strict=False))
    return host


def is_own_machine(scope: Scope) -> bool:
    """Tell whether a request was sent by a program on this computer, and not through a proxy."""
    return is_direct_from_own_machine(get_client_address(scope), Headers(scope=scope).keys())


def is_direct_from_own_machine(address: str, header_names: Iterable[str]) -> bool:
    """Tell whether an address is this computer's, and no header shows a proxy or a tunnel.

    Parameters
    ----------
    address : str
        Of the connection.
    header_names : iterable of str
        Names of the request's headers.
    """
    try:
        is_loopback = ipaddress.ip_address(_unmap(address)).is_loopback
    except ValueError:
        return False
    return is_loopback and _FORWARDING.isdisjoint(name.lower() for name in header_names)


def is_loopback_name(name: str) -> bool:
    """Tell whether a host name or address can only be this computer's own."""
    lower = name.strip("[]").lower()
    if lower == "localhost" or lower.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(_unmap(lower)).is_loopback
    except ValueError:
        return False


def _unmap(address: str) -> str:
    """Return an IPv4 address that is written as an IPv6 one in its own notation."""
    try:
        mapped = getattr(ipaddress.ip_address(address), "ipv4_mapped", None)
    except ValueError:
        return address
    return str(mapped) if mapped else address
