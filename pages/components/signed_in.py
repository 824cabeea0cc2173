"""Who uses the page, and what they may do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import streamlit as st
from starlette.requests import HTTPConnection
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cluster_core.access import TENSORBOARD_VARIABLE, Access, Action, Mode, has_sign_in, read_mode
from cluster_core.access.modes import read_owners
from cluster_core.access.tokens import is_valid
from cluster_core.access.visitor_workspaces import find_visitor_workspace, is_workspace_key
from cluster_core.server.client import get_client_address
from cluster_core.server.own_machine import is_at_own_machine
from cluster_core.workspace import Workspace
from pages.components.account_cookie import read_account

COOKIE = "cluster_lab_session"
# The key of a visitor's throw-away workspace.
WORKSPACE_COOKIE = "cluster_lab_workspace"
SIGNED_OUT = Access(
    "signed out",
    frozenset(),
    "You may not {action} here before you sign in: open the start page and sign in.",
)
_IS_GONE = "Your workspace was deleted: reload this page."
STRANGER = Access(
    "stranger",
    frozenset(),
    "You may not {action} from another computer, because this server is its owner's own. The "
    "owner can set up sign-in, or a demo for visitors.",
)


def get_access() -> Access:
    """Return what the person who uses the present page may do.

    It is found anew at each call: a sign-in ends while its tab is open.

    Raises
    ------
    RuntimeError
        No page is running in this thread, as in the function of a download button: whatever it
        needs must be found before.
    """
    if get_script_run_ctx(suppress_warning=True) is None:
        raise RuntimeError("no page is running in this thread, so nobody uses it")
    context = st.context
    address = context.ip_address or "127.0.0.1"  # None stands for this computer
    return find_access(context.cookies, context.headers, address, st.user)


def get_workspace() -> Workspace:
    """Return the workspace of the person who uses the present page: the owner's, or a visitor's.

    Whoever has none, such as a visitor whose workspace was deleted while a dialog was open, is
    told so, and the page ends there.
    """
    access = get_access()
    if access.root is None and not access.allows(Action.VIEW_DATASETS):
        is_lost = has_lost_workspace()
        st.error(_IS_GONE if is_lost else access.refuse(Action.VIEW_DATASETS))
        st.stop()
    return Workspace.default() if access.root is None else Workspace(access.root)


def has_lost_workspace() -> bool:
    """Tell whether the visitor of the present page had a workspace that was deleted."""
    had_one = is_workspace_key(st.context.cookies.get(WORKSPACE_COOKIE, ""))
    access = get_access()
    return had_one and access.root is None and access == Access.visitor()


def find_request_access(request: HTTPConnection) -> Access:
    """Return what the sender of a request beside the pages may do."""
    account = read_account(request.cookies)
    if account.get("origin") != request.headers.get("Origin", account.get("origin")):
        account = {}
    address = get_client_address(request.scope)
    return find_access(request.cookies, request.headers, address, account)


def find_access(
    cookies: Mapping[str, str],
    headers: Mapping[str, str],
    address: str,
    account: Mapping[str, Any],
) -> Access:
    """Return what somebody may do.

    Parameters
    ----------
    cookies : mapping of str to str
    headers : mapping of str to str
        Of the request, or of the one that opened the page; finds a name in any case.
    address : str
        Of the visitor, or of this computer.
    account : mapping
        What an identity provider says about them, as in `st.user`; empty if nothing.
    """
    mode = read_mode()
    is_own = mode is Mode.OWN_MACHINE and is_at_own_machine(address, headers)
    if is_own or is_signed_in(cookies, account):
        owner = Access.owner()
        if not is_own:  # whose folders are on another computer
            owner = owner.without(Action.SORT_FILES).without(Action.READ_FOLDERS)
        may_run_tensorboard = os.environ.get(TENSORBOARD_VARIABLE) == "1"
        return owner if may_run_tensorboard else owner.without(Action.RUN_TENSORBOARD)
    if mode is Mode.DEMO:
        own = find_visitor_workspace(Workspace.default(), cookies.get(WORKSPACE_COOKIE, ""))
        return Access.visitor() if own is None else Access.visitor_in(own)
    return {
        Mode.SHARED: SIGNED_OUT,
        Mode.OWN_MACHINE: STRANGER,
    }[mode]


def is_signed_in(cookies: Mapping[str, str], account: Mapping[str, Any]) -> bool:
    """Tell whether a visitor gave the passphrase, or an identity provider vouches for them."""
    return has_sign_in() and (is_valid(cookies.get(COOKIE, "")) or _is_listed(account))


def _is_listed(account: Mapping[str, Any]) -> bool:
    """Tell whether an account has a confirmed address of the list of owners."""
    owners = read_owners()
    if not owners or not account.get("is_logged_in"):
        return False
    # Some providers let their users claim any address, and say so by not confirming it.
    return account.get("email_verified") is True and str(account.get("email")).lower() in owners
