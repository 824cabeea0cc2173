"""Who uses the page, and what they may do."""

from __future__ import annotations

import os

import streamlit as st

from cluster_core.access import TENSORBOARD_VARIABLE, Access, Action, Mode, has_sign_in, read_mode
from cluster_core.access.modes import read_owners
from cluster_core.access.tokens import is_valid
from cluster_core.server.client import is_direct_from_own_machine, is_loopback_name
from cluster_core.server.hosts import get_host_name

COOKIE = "cluster_lab_session"
SIGNED_OUT = Access(
    "signed out",
    frozenset(),
    "You may not {action} here before you sign in: open the start page and sign in.",
)
STRANGER = Access(
    "stranger",
    frozenset(),
    "You may not {action} from another computer, because this server is its owner's own. The "
    "owner can set up sign-in, or a demo for visitors.",
)


def get_access() -> Access:
    """Return what the person who uses the present page may do.

    It is found anew at each call: a sign-in ends while its tab is open.
    """
    mode = read_mode()
    if (has_sign_in() and is_signed_in()) or (mode is Mode.OWN_MACHINE and is_on_own_machine()):
        owner = Access.owner()
        may_run_tensorboard = os.environ.get(TENSORBOARD_VARIABLE) == "1"
        return owner if may_run_tensorboard else owner.without(Action.RUN_TENSORBOARD)
    return {
        Mode.DEMO: Access.visitor(),
        Mode.SHARED: SIGNED_OUT,
        Mode.OWN_MACHINE: STRANGER,
    }[mode]


def is_signed_in() -> bool:
    """Tell whether this visitor gave the passphrase, or an identity provider vouches for them."""
    return is_valid(st.context.cookies.get(COOKIE, "")) or _is_listed()


def is_on_own_machine() -> bool:
    """Tell whether the browser runs on the server's computer, and no proxy is between them."""
    headers = st.context.headers
    address = st.context.ip_address or "127.0.0.1"  # None stands for this computer
    host = headers.get("Host", "").lower()
    # The page of another server on this computer has another port.
    origin = headers.get("Origin", f"http://{host}").lower().partition("://")[2]
    # Without a connection there are no headers, so that nobody is taken for the owner.
    return (
        is_direct_from_own_machine(address, headers.keys())
        and is_loopback_name(get_host_name(host))
        and origin == host
    )


def _is_listed() -> bool:
    """Tell whether the visitor signed in with a confirmed address of the list of owners."""
    owners = read_owners()
    if not owners or not st.user.get("is_logged_in"):
        return False
    # Some providers let their users claim any address, and say so by not confirming it.
    return st.user.get("email_verified") is True and str(st.user.get("email")).lower() in owners
