"""Where a request comes from."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request

from cluster_core.server.client import get_client_address, is_loopback_name, is_own_machine
from cluster_core.server.hosts import get_host_name

_IPV6_NETWORK_BITS = 64


def find_client(request: Request) -> str:
    """Return the network address that requests are counted for.

    For IPv6, it is the network of 64 bits: one customer of a provider has at least that many.
    """
    host = get_client_address(request.scope)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a Unix socket
        return host
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _IPV6_NETWORK_BITS), strict=False))
    return host


def is_from_this_computer(request: Request) -> bool:
    """Tell whether a program or page on this computer asks, under one of its own names.

    The name matters, because the page of another site can make its own name lead to this computer
    (DNS rebinding) and would then count as coming from here.
    """
    name = get_host_name(request.headers.get("host", ""))
    return is_own_machine(request.scope) and is_loopback_name(name)


def is_cross_origin(request: Request) -> bool:
    """Tell whether the page of another site makes a visitor's browser ask."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:  # no page can forge it, but browsers send it to trusted addresses only
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return False
    return origin.partition("://")[2].lower() != request.headers.get("host", "").lower()
