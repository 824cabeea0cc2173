"""Where a request comes from."""

from __future__ import annotations

from starlette.requests import Request

from cluster_core.server.client import get_client_address
from cluster_core.server.own_machine import is_at_own_machine


def is_from_this_computer(request: Request) -> bool:
    """Tell whether a program or page at the owner's computer asks, which needs no key."""
    return is_at_own_machine(get_client_address(request.scope), request.headers)


def is_cross_origin(request: Request) -> bool:
    """Tell whether the page of another site makes a visitor's browser ask."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:  # no page can forge it, but browsers send it to trusted addresses only
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return False
    return origin.partition("://")[2].lower() != request.headers.get("host", "").lower()
