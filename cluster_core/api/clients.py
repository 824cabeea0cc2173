"""Where a request comes from."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request

_IPV6_NETWORK_BITS = 64
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
# A proxy on this computer sets one of these, and then the request came from elsewhere.
_FORWARDING_HEADERS = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def find_client(request: Request) -> str:
    """Return the network address that requests are counted for.

    For IPv6, it is the network of 64 bits: one customer of a provider has at least that many.
    """
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a Unix socket
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, _IPV6_NETWORK_BITS), strict=False))
    return host


def is_from_this_computer(request: Request) -> bool:
    """Tell whether a program or page on this computer asks, under one of its own names.

    The name matters, because the page of another site can make its own name lead to this computer
    (DNS rebinding) and would then count as coming from here.
    """
    if any(name in request.headers for name in _FORWARDING_HEADERS):
        return False
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    name = request.headers.get("host", "")
    host = name if name.endswith("]") else name.rpartition(":")[0] or name
    return (mapped or address).is_loopback and host.lower() in _LOCAL_NAMES


def is_cross_origin(request: Request) -> bool:
    """Tell whether the page of another site makes a visitor's browser ask."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:  # no page can forge it, but browsers send it to trusted addresses only
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return False
    return origin.partition("://")[2].lower() != request.headers.get("host", "").lower()
