"""Shown in place of a page to those who may not see it."""

from __future__ import annotations

import html

import streamlit as st

from cluster_core.access import Mode, read_mode
from cluster_core.access.modes import read_owners
from cluster_core.access.passphrase import has_passphrase
from cluster_core.access.tokens import sign_out
from cluster_core.server.own_machine import is_for_others
from pages.components.base_path import get_base_path
from pages.components.navigation import PageFile
from pages.components.return_address import describe_return
from pages.components.sign_in_routes import SIGN_IN, SIGN_IN_ACCOUNT
from pages.components.signed_in import COOKIE, get_access, is_signed_in
from pages.components.visitor_workspace import offers_workspace, show_offer

_DOCS = "docs/sharing.md"


def show_front_door() -> None:
    """Say why nothing is shown, and what to do."""
    st.title("Cluster Lab")
    mode = read_mode()
    if mode is Mode.SHARED:
        st.write("Sign in to see the datasets, trainings and models of this server.")
        show_sign_in()
    elif mode is Mode.DEMO:
        has_workspace = get_access().root is not None
        st.info(
            "This page is not available in a workspace for trying. The pages that are, are in the "
            "menu."
            if has_workspace
            else "This page is for the owner of this server. Visitors classify pictures with the "
            "models that are published.",
            icon=":material/lock:",
        )
        st.page_link(PageFile.CLASSIFY, label="Classify pictures")
        if offers_workspace():
            show_offer()
        show_sign_in()
    else:
        st.warning(_find_reason(), icon=":material/lock:")
        st.write(
            "If it is yours, stop it, then set up sign-in with `python -m cluster_core "
            "passphrase`, or set `CLUSTER_LAB_PUBLIC_DEMO=1` to let visitors classify. "
            f"*Owner and visitors* in `{_DOCS}` explains both."
        )
    _draw_link("m/", "Published models")


def _find_reason() -> str:
    """Return why nobody is the owner here without signing in."""
    if is_for_others():
        return (
            "Nobody is this server's owner without signing in, because CLUSTER_LAB_PROXIES or "
            "CLUSTER_LAB_HOSTS is set: nothing can be seen or changed."
        )
    return "This server is for its own computer only: from here, nothing can be seen or changed."


def show_sign_in() -> None:
    """Draw a link for each way to sign in that is set up."""
    if has_passphrase():
        _draw_link(SIGN_IN + describe_return(), "Sign in with the passphrase")
    if read_owners():
        if st.user.get("is_logged_in"):
            st.error(
                "Your account is not on this server's list of owners, or its e-mail address is "
                "not confirmed: ask the people who run this server.",
                icon=":material/error:",
            )
            st.button("Sign out", key="logout", on_click=_sign_out)
        else:
            _draw_link(SIGN_IN_ACCOUNT + describe_return(), "Sign in with an account")


def show_sign_out() -> None:
    """Draw a button to sign out, for those who signed in."""
    if is_signed_in(st.context.cookies, st.user):
        st.button("Sign out", key="sign_out", icon=":material/logout:", on_click=_sign_out)


def _sign_out() -> None:
    sign_out(st.context.cookies.get(COOKIE, ""))
    if st.user.get("is_logged_in"):
        st.logout()


def _draw_link(address: str, label: str) -> None:
    """Draw a link that stays in the same tab."""
    href = html.escape(f"{get_base_path()}/{address}")
    st.html(f'<a href="{href}" target="_self" style="color: inherit">{label}</a>')
