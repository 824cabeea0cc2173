"""Who counts as the owner without signing in: people and programs at the server's own computer."""

from __future__ import annotations

import os
from collections.abc import Mapping

from cluster_core.server.client import (
    PROXIES_VARIABLE,
    is_direct_from_own_machine,
    is_loopback_name,
)
from cluster_core.server.hosts import HOSTS_VARIABLE, get_host_name


def is_for_others() -> bool:
    """Tell whether a proxy or a name is configured, through which others reach this server.

    Their requests come from the proxy, which may be on this computer, so nobody is the owner then
    by the address alone.
    """
    return bool(os.environ.get(PROXIES_VARIABLE) or os.environ.get(HOSTS_VARIABLE))


def is_at_own_machine(address: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a request comes from this computer, under one of its own names, and directly.

    The name matters, because the page of another site can make its own name lead to this computer
    (DNS rebinding) and would then count as coming from here.

    Parameters
    ----------
    address : str
        Of the connection.
    headers : mapping of str to str
        Of the request, which finds a name in any case. Without any, nobody is the owner.
    """
    host = headers.get("Host", "").lower()
    # The page of another server on this computer has another port.
    origin = headers.get("Origin", f"http://{host}").lower().partition("://")[2]
    return (
        not is_for_others()
        and is_direct_from_own_machine(address, headers.keys())
        and is_loopback_name(get_host_name(host))
        and origin == host
    )
